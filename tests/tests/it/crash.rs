//! SIGKILL under load: what was acknowledged is there once and in order, and who resumes misses nothing.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use plexi_tests::{Outcome, Person, Plexi, Socket};
use rand::Rng as _;
use serde_json::{Value, json};
use tokio::sync::{Notify, watch};

const CLIENTS: usize = 4;
const CHANNELS: usize = 3;
const KILLS: usize = 8;

/// The last event of each channel.
type Positions = BTreeMap<String, i64>;

/// A message on its way: its key, and where it goes.
#[derive(Clone)]
struct Sent {
    key: String,
    channel: String,
}

/// What one client knows at the end.
#[derive(Default)]
struct Seen {
    /// Each message that was acknowledged to it, with its seq.
    acknowledged: Vec<(Sent, i64)>,
    /// The events of each channel in the order in which they were shown.
    shown: BTreeMap<String, Vec<i64>>,
}

impl Seen {
    fn positions(&self) -> Positions {
        let last = |seqs: &Vec<i64>| seqs.last().copied().unwrap_or(0);
        self.shown.iter().map(|(channel, seqs)| (channel.clone(), last(seqs))).collect()
    }

    /// Until a resume is answered, a client drops what it has and leaves aside what has a gap: the rule of `docs/API.md`.
    fn take(&mut self, event: &Value) {
        let (channel, seq) = place(event);
        let shown = self.shown.entry(channel).or_default();
        if seq == shown.last().copied().unwrap_or(0) + 1 {
            shown.push(seq);
        }
    }

    /// Afterwards nothing comes twice and nothing is left out.
    fn hear(&mut self, event: &Value) {
        let (channel, seq) = place(event);
        let shown = self.shown.entry(channel.clone()).or_default();
        assert_eq!(seq, shown.last().copied().unwrap_or(0) + 1, "live in {channel}, once and in order");
        shown.push(seq);
    }

    /// Catches up. Everything that was missed comes before the answer.
    async fn resume(&mut self, socket: &mut Socket) -> Outcome<()> {
        let (missed, heads) = socket.resume(json!(self.positions())).await?;
        for event in missed {
            self.take(&event);
        }
        for (channel, last) in self.positions() {
            // A channel is live again as soon as it has caught up, so there may be more than its head.
            let head = heads[&channel].as_i64().ok_or("no head")?;
            assert!(last >= head, "{channel} is at {last} of {head} when the resume is answered");
        }
        Ok(())
    }
}

/// Which event of which channel it is.
fn place(event: &Value) -> (String, i64) {
    let channel = event["channel_id"].as_str().unwrap_or_default().to_owned();
    (channel, event["seq"].as_i64().unwrap_or_default())
}

struct Load {
    channels: Vec<String>,
    stop: AtomicBool,
    acknowledged: AtomicU64,
    more: Notify,
}

impl Load {
    fn is_over(&self) -> bool {
        self.stop.load(Ordering::SeqCst)
    }
}

/// Connects, however long the server is away.
async fn connect(person: &Person, load: &Load) -> Outcome<Socket> {
    loop {
        let over = load.is_over();
        match person.connect().await {
            Ok(socket) => return Ok(socket),
            Err(error) if over => return Err(error),
            Err(_) => tokio::task::yield_now().await,
        }
    }
}

/// Posts to all channels without pause, reads everything, connects again after each crash and resumes.
async fn talk(person: Person, number: usize, load: Arc<Load>) -> Outcome<Seen> {
    let mut seen = Seen::default();
    for channel in &load.channels {
        seen.shown.insert(channel.clone(), Vec::new());
    }
    let mut next = 0_u64;
    let mut unanswered: BTreeMap<u64, Sent> = BTreeMap::new();
    loop {
        let mut socket = connect(&person, &load).await?;
        if seen.resume(&mut socket).await.is_err() {
            continue;
        }
        // What has no answer is sent again under its own key.
        let mut lost = false;
        for (id, sent) in &unanswered {
            lost |= socket.post(*id, &sent.channel, &sent.key, "again").await.is_err();
        }
        // The inner loop ends with the connection; the next round makes a new one.
        if lost {
            continue;
        }
        loop {
            if unanswered.is_empty() && load.is_over() {
                // One last look at what the others said.
                let before = seen.positions();
                seen.resume(&mut socket).await?;
                if seen.positions() == before {
                    return Ok(seen);
                }
                continue;
            }
            if unanswered.len() < 4 && !load.is_over() {
                next += 1;
                let turn = usize::try_from(next)? % load.channels.len();
                let sent = Sent { key: format!("c{number}-{next}"), channel: load.channels[turn].clone() };
                let text = format!("message {next} of client {number}");
                unanswered.insert(next, sent.clone());
                if socket.post(next, &sent.channel, &sent.key, &text).await.is_err() {
                    break;
                }
            }
            let Ok(frame) = socket.next().await else { break };
            match frame["type"].as_str() {
                Some("ack") => {
                    let id = frame["id"].as_u64().unwrap_or_default();
                    if let Some(sent) = unanswered.remove(&id) {
                        seen.acknowledged.push((sent, frame["message"]["seq"].as_i64().unwrap_or_default()));
                        load.acknowledged.fetch_add(1, Ordering::SeqCst);
                        load.more.notify_one();
                    }
                }
                Some("event") => seen.hear(&frame),
                _ => {}
            }
        }
    }
}

/// Listens without ever resuming: what a fresh connection hears begins anywhere and has no gap. How many events it heard.
async fn listen(person: Person, load: Arc<Load>, mut done: watch::Receiver<bool>) -> Outcome<u64> {
    let mut heard = 0;
    loop {
        let mut socket = connect(&person, &load).await?;
        let mut last = Positions::new();
        loop {
            let frame = tokio::select! {
                frame = socket.next() => frame,
                _ = done.wait_for(|done| *done) => return Ok(heard),
            };
            let Ok(frame) = frame else { break };
            if frame["type"] == "event" {
                let (channel, seq) = place(&frame);
                if let Some(before) = last.insert(channel, seq) {
                    assert_eq!(seq, before + 1, "live, once and in order");
                }
                heard += 1;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_server_loses_nothing_that_it_acknowledged() -> Outcome<()> {
    let folder = tempfile::tempdir()?;
    let (mut server, ada) = Plexi::set_up(folder.path()).await?;
    let (space, general) = ada.home().await?;
    let mut channels = vec![general];
    for number in 1..CHANNELS {
        let body = json!({"name": format!("room{number}"), "kind": "public"});
        let channel = ada.post(&format!("spaces/{space}/channels"), body).await?.ok()?;
        channels.push(channel["id"].as_str().ok_or("no id")?.to_owned());
    }
    let mut people = vec![ada.clone()];
    for number in 1..=CLIENTS {
        let person = ada.invite(&server, &space, &format!("person{number}")).await?;
        for channel in &channels {
            person.post(&format!("channels/{channel}/join"), json!({})).await?.ok()?;
        }
        people.push(person);
    }
    let listener = people.pop().ok_or("nobody listens")?;
    let load = Arc::new(Load {
        channels: channels.clone(),
        stop: AtomicBool::new(false),
        acknowledged: AtomicU64::new(0),
        more: Notify::new(),
    });
    let mut talking = tokio::task::JoinSet::new();
    for (number, person) in people.into_iter().enumerate() {
        talking.spawn(talk(person, number, load.clone()));
    }
    let (end, done) = watch::channel(false);
    let mut listening = tokio::task::JoinSet::new();
    listening.spawn(listen(listener, load.clone(), done));
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
    end.send(true)?;
    let heard = listening.join_next().await.ok_or("nobody listened")???;
    assert!(heard > 0, "the listener heard something");

    let mut posted = 0;
    let mut stored: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    let mut seqs: BTreeMap<String, Vec<i64>> = BTreeMap::new();
    for channel in &channels {
        let messages = ada.all_messages(channel).await?;
        let mut last = 0;
        for (position, message) in messages.iter().enumerate() {
            let seq = message["seq"].as_i64().ok_or("no seq")?;
            assert!(seq > last, "messages stand in order of seq");
            assert_eq!(message["position"], position, "positions have no gaps");
            last = seq;
            // Only the author is shown the key; texts tell the others apart.
            if let Some(key) = message["client_id"].as_str() {
                seqs.entry(key.to_owned()).or_default().push(seq);
            }
        }
        posted += messages.iter().filter(|message| message["kind"] == "text").count();
        stored.insert(channel.clone(), messages);
    }
    let mut acknowledged = 0;
    for seen in &everyone {
        for (channel, shown) in &seen.shown {
            let expected: Vec<i64> = (1..=shown.last().copied().unwrap_or(0)).collect();
            assert_eq!(*shown, expected, "{channel} was shown once, in order, without a gap");
        }
        for (Sent { key, channel }, seq) in &seen.acknowledged {
            acknowledged += 1;
            assert!(
                stored[channel].iter().any(|message| message["seq"] == *seq),
                "{key} was acknowledged as {seq}"
            );
            if key.starts_with("c0-") {
                assert_eq!(seqs.get(key), Some(&vec![*seq]), "{key} is stored once");
            }
        }
    }
    assert_eq!(posted, acknowledged, "every message was answered in the end, and none is there twice");
    assert!(server.stop().await?.success());
    Ok(())
}
