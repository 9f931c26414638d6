//! From the start of the process to the first healthy answer, on a folder that was set up.

use std::path::Path;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::Outcome;
use crate::plexichat::{command, free_address};
use crate::process::Server;
use crate::sends::percentile;

pub(crate) struct Startup {
    pub median: Duration,
    pub resident: u64,
}

pub(crate) async fn measure(binary: &Path, folder: &Path) -> Outcome<Startup> {
    let mut times = Vec::new();
    let mut resident = 0;
    for _ in 0..5 {
        let address = free_address()?;
        let started = Instant::now();
        let (server, mut lines) = Server::start("PlexiChat", &mut command(binary, folder, &address))?;
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        while !healthy(&address).await {
            if started.elapsed() > Duration::from_secs(20) {
                return Err(crate::stopped(&server).into());
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        times.push(started.elapsed());
        resident = server.resident()?;
        server.stop().await?;
    }
    times.sort_unstable();
    Ok(Startup { median: percentile(&times, 50), resident })
}

async fn healthy(address: &str) -> bool {
    let Ok(mut stream) = TcpStream::connect(address).await else { return false };
    let request = format!("GET /health/ready HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    let mut answer = [0; 12];
    stream.write_all(request.as_bytes()).await.is_ok()
        && stream.read_exact(&mut answer).await.is_ok()
        && answer.ends_with(b"200")
}
