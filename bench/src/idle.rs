//! Resident memory with nobody and with many who say nothing.

use std::time::Duration;

use crate::client::connect;
use crate::process::Server;
use crate::{Outcome, Room};

/// Connections and resident KiB, the first with none.
pub(crate) async fn measure(server: &Server, room: &Room, steps: &[usize]) -> Outcome<Vec<(usize, u64)>> {
    let mut figures = vec![(0, server.resident()?)];
    let mut open = Vec::new();
    for step in steps {
        while open.len() < *step {
            open.push(connect(room).await?);
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
        figures.push((*step, server.resident()?));
    }
    Ok(figures)
}
