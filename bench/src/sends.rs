//! Each sender posts, waits for the acknowledgement, posts again.

use std::time::{Duration, Instant};

use crate::client::{Frame, connect};
use crate::process::Server;
use crate::{Outcome, Room};

pub(crate) struct Sends {
    pub per_second: f64,
    pub p50: Duration,
    pub p99: Duration,
    pub cpu_per_message: Duration,
}

pub(crate) async fn measure(
    server: &Server,
    rooms: &[Room],
    senders: usize,
    lasting: Duration,
) -> Outcome<Sends> {
    let mut clients = Vec::new();
    for n in 0..senders {
        let room = rooms[n % rooms.len()].clone();
        clients.push((connect(&room).await?, room, n));
    }
    let before = server.cpu()?;
    let started = Instant::now();
    let until = started + lasting;
    let mut running = Vec::new();
    for ((mut writer, mut reader), room, n) in clients {
        running.push(tokio::spawn(async move {
            let mut times = Vec::new();
            let key = format!("s{n}");
            let text = "a message of ordinary length, as people write them in a channel all day";
            for number in 0.. {
                if Instant::now() >= until {
                    break;
                }
                let sent = Instant::now();
                writer.post(&room, number, &key, text).await?;
                loop {
                    match reader.next().await? {
                        Frame::Ack => break,
                        Frame::Error(text) => return Err(text.to_string().into()),
                        _ => {}
                    }
                }
                times.push(sent.elapsed());
            }
            Outcome::Ok((times, writer, reader))
        }));
    }
    let mut times = Vec::new();
    let mut open = Vec::new();
    for task in running {
        let (mut own, writer, reader) = task.await??;
        times.append(&mut own);
        // Kept open until all are done, so that the load does not change towards the end.
        open.push((writer, reader));
    }
    let elapsed = started.elapsed();
    let cpu = server.cpu()?.saturating_sub(before);
    let count = u32::try_from(times.len())?.max(1);
    times.sort_unstable();
    Ok(Sends {
        per_second: f64::from(count) / elapsed.as_secs_f64(),
        p50: percentile(&times, 50),
        p99: percentile(&times, 99),
        cpu_per_message: cpu / count,
    })
}

/// The percentile of sorted times; zero of none.
pub(crate) fn percentile(sorted: &[Duration], percent: usize) -> Duration {
    let at = (sorted.len() * percent / 100).min(sorted.len().saturating_sub(1));
    sorted.get(at).copied().unwrap_or_default()
}
