//! One sender at a steady rate; every reader notes when each message arrives.

use std::time::{Duration, Instant};

use crate::client::{Frame, connect, number};
use crate::process::Server;
use crate::sends::percentile;
use crate::{Outcome, Room};

pub(crate) struct FanOut {
    pub p50: Duration,
    pub p99: Duration,
    pub cpu_per_delivery: Duration,
    pub lost: u64,
    pub doubled: u64,
}

pub(crate) async fn measure(
    server: &Server,
    room: &Room,
    readers: usize,
    rate: u32,
    lasting: Duration,
) -> Outcome<FanOut> {
    let messages = u64::from(rate) * lasting.as_secs();
    let origin = Instant::now();
    let mut reading = Vec::new();
    for _ in 0..readers {
        let (writer, mut reader) = connect(room).await?;
        reading.push(tokio::spawn(async move {
            let mut times: Vec<Duration> = Vec::new();
            let mut seen = vec![0_u32; usize::try_from(messages)?];
            // Bounded: what has not arrived ten seconds after the last was due is lost.
            let until = tokio::time::Instant::now() + lasting + Duration::from_secs(30);
            while times.len() < seen.len() {
                let frame = match tokio::time::timeout_at(until, reader.next()).await {
                    Ok(frame) => frame?,
                    Err(_) => break,
                };
                let Frame::Event(text) = frame else { continue };
                let (Some(sent), Some(n)) = (number(&text, "sent="), number(&text, "n=")) else { continue };
                let slot = seen.get_mut(usize::try_from(n)?).ok_or("a message that nobody sent")?;
                *slot += 1;
                if *slot == 1 {
                    times.push(origin.elapsed().saturating_sub(Duration::from_nanos(sent)));
                }
            }
            drop(writer);
            Outcome::Ok((times, seen))
        }));
    }
    let (mut writer, mut reader) = connect(room).await?;
    // The sender reads, too: its own queue must not fill.
    let draining = tokio::spawn(async move { while reader.next().await.is_ok() {} });
    let before = server.cpu()?;
    let mut tick = tokio::time::interval(Duration::from_secs(1) / rate);
    for n in 0..messages {
        tick.tick().await;
        let sent = origin.elapsed().as_nanos();
        writer.post(room, n, "f", &format!("n={n} sent={sent} and some words as people write them")).await?;
    }
    let (mut times, mut lost, mut doubled) = (Vec::new(), 0, 0);
    for task in reading {
        let (own, seen) = task.await??;
        times.extend(own);
        lost += seen.iter().filter(|count| **count == 0).count() as u64;
        doubled += seen.iter().map(|count| u64::from(count.saturating_sub(1))).sum::<u64>();
    }
    let cpu = server.cpu()?.saturating_sub(before);
    draining.abort();
    let deliveries = u32::try_from(times.len())?.max(1);
    times.sort_unstable();
    Ok(FanOut {
        p50: percentile(&times, 50),
        p99: percentile(&times, 99),
        cpu_per_delivery: cpu / deliveries,
        lost,
        doubled,
    })
}
