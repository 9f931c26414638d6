//! SIGKILL under load: what was acknowledged is there once and in order, and who resumes misses nothing.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use plexi_tests::{Outcome, Person, Plexi};
use rand::Rng as _;
use serde_json::{Value, json};
use tokio::sync::Notify;

const CLIENTS: usize = 4;
const KILLS: usize = 8;

/// What one client knows at the end.
struct Seen {
    /// Key and seq of each message that was acknowledged to it.
    acknowledged: Vec<(String, i64)>,
    /// The events of the channel in the order in which they were shown.
    shown: Vec<i64>,
}

struct Load {
    stop: AtomicBool,
    acknowledged: AtomicU64,
    more: Notify,
}

/// Posts without pause, reads everything, connects again after each crash and resumes.
async fn talk(person: Person, channel: String, number: usize, load: Arc<Load>) -> Outcome<Seen> {
    let mut seen = Seen { acknowledged: Vec::new(), shown: Vec::new() };
    let mut next = 0_u64;
    let mut unanswered: BTreeMap<u64, String> = BTreeMap::new();
    loop {
        let Ok(mut socket) = person.connect().await else {
            if load.stop.load(Ordering::SeqCst) {
                return Err("the server was away at the end".into());
            }
            tokio::task::yield_now().await;
            continue;
        };
        let from = seen.shown.last().copied().unwrap_or(0);
        let Ok((mut missed, _)) = socket.resume(json!({ channel.as_str(): from })).await else { continue };
        // Others may have posted before this client asked: what came with a gap waits for what is missing.
        missed.sort_by_key(|event| event["seq"].as_i64());
        for event in missed {
            show(&mut seen, &event, &channel);
        }
        // What has no answer is sent again under its own key.
        let mut lost = false;
        for (id, key) in &unanswered {
            lost |= socket.post(*id, &channel, key, "again").await.is_err();
        }
        // The inner loop ends with the connection; the next round makes a new one.
        if lost {
            continue;
        }
        loop {
            if unanswered.is_empty() && load.stop.load(Ordering::SeqCst) {
                // One last look at what the others said.
                let from = seen.shown.last().copied().unwrap_or(0);
                let (missed, heads) = socket.resume(json!({ channel.as_str(): from })).await?;
                for event in missed {
                    show(&mut seen, &event, &channel);
                }
                let head = heads[channel.as_str()].as_i64().unwrap_or_default();
                if seen.shown.last() == Some(&head) {
                    return Ok(seen);
                }
                continue;
            }
            if unanswered.len() < 4 && !load.stop.load(Ordering::SeqCst) {
                next += 1;
                let key = format!("c{number}-{next}");
                unanswered.insert(next, key.clone());
                if socket
                    .post(next, &channel, &key, &format!("message {next} of client {number}"))
                    .await
                    .is_err()
                {
                    break;
                }
            }
            let Ok(frame) = socket.next().await else { break };
            match frame["type"].as_str() {
                Some("ack") => {
                    let id = frame["id"].as_u64().unwrap_or_default();
                    if let Some(key) = unanswered.remove(&id) {
                        seen.acknowledged.push((key, frame["message"]["seq"].as_i64().unwrap_or_default()));
                        load.acknowledged.fetch_add(1, Ordering::SeqCst);
                        load.more.notify_one();
                    }
                }
                Some("event") => show(&mut seen, &frame, &channel),
                _ => {}
            }
        }
    }
}

/// A client drops what it has: the rule of `docs/API.md`.
fn show(seen: &mut Seen, event: &Value, channel: &str) {
    let seq = event["seq"].as_i64().unwrap_or_default();
    if event["channel_id"] == channel && seq > seen.shown.last().copied().unwrap_or(0) {
        seen.shown.push(seq);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_server_loses_nothing_that_it_acknowledged() -> Outcome<()> {
    let folder = tempfile::tempdir()?;
    let (mut server, ada) = Plexi::set_up(folder.path()).await?;
    let (space, channel) = ada.home().await?;
    let mut people = vec![ada.clone()];
    for number in 1..CLIENTS {
        let person = ada.invite(&server, &space, &format!("person{number}")).await?;
        let joined = person.post(&format!("channels/{channel}/join"), json!({})).await?;
        joined.ok()?;
        people.push(person);
    }
    let load =
        Arc::new(Load { stop: AtomicBool::new(false), acknowledged: AtomicU64::new(0), more: Notify::new() });
    let mut talking = tokio::task::JoinSet::new();
    for (number, person) in people.into_iter().enumerate() {
        talking.spawn(talk(person, channel.clone(), number, load.clone()));
    }
    for _ in 0..KILLS {
        let target = load.acknowledged.load(Ordering::SeqCst) + rand::rng().random_range(1..200);
        while load.acknowledged.load(Ordering::SeqCst) < target {
            load.more.notified().await;
        }
        server = server.kill_and_restart().await?;
    }
    load.stop.store(true, Ordering::SeqCst);
    let mut everyone = Vec::new();
    while let Some(seen) = talking.join_next().await {
        everyone.push(seen??);
    }

    let stored = ada.all_messages(&channel).await?;
    let mut seqs: BTreeMap<String, Vec<i64>> = BTreeMap::new();
    let mut last = 0;
    for (position, message) in stored.iter().enumerate() {
        let seq = message["seq"].as_i64().ok_or("no seq")?;
        assert!(seq > last, "messages stand in order of seq");
        assert_eq!(message["position"], position, "positions have no gaps");
        last = seq;
        // Only the author is shown the key; texts tell the others apart.
        if let Some(key) = message["client_id"].as_str() {
            seqs.entry(key.to_owned()).or_default().push(seq);
        }
    }
    let mut acknowledged = 0;
    for seen in &everyone {
        let expected: Vec<i64> = (1..=seen.shown.last().copied().unwrap_or(0)).collect();
        assert_eq!(seen.shown, expected, "shown once each, in order, without a gap");
        for (key, seq) in &seen.acknowledged {
            acknowledged += 1;
            assert!(stored.iter().any(|message| message["seq"] == *seq), "{key} was acknowledged as {seq}");
            if key.starts_with("c0-") {
                assert_eq!(seqs.get(key), Some(&vec![*seq]), "{key} is stored once");
            }
        }
    }
    let posted = stored.iter().filter(|message| message["kind"] == "text").count();
    assert_eq!(posted, acknowledged, "every message was answered in the end, and none is there twice");
    assert!(server.stop().await?.success());
    Ok(())
}
