use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use plexi_core::ChannelId;
use plexi_messaging::model::ChannelKind;
use plexi_messaging::{HubConfig, OutFrame, Outgoing, Subscription};
use tokio::task::JoinSet;

use crate::world::{World, draft, next, seqs, waiting};

fn positions(channel: ChannelId, seq: i64) -> HashMap<ChannelId, i64> {
    HashMap::from([(channel, seq)])
}

#[tokio::test]
async fn what_was_missed_comes_in_order_and_then_what_is_live() {
    let world = World::new().await;
    let channel = world.channel("room", ChannelKind::Public, &["bob"]).await;
    let first = world.post("ada", channel.id, "seen").await;
    for _ in 0..5 {
        world.post("ada", channel.id, "missed").await;
    }
    let bob = world.connect("bob").await;
    let live = world.post("ada", channel.id, "live before the resume").await;
    let heads = world
        .messaging
        .resume(&world.actor("bob"), &bob, &positions(channel.id, first.seq))
        .await
        .unwrap()
        .heads;
    assert_eq!(heads[&channel.id], live.seq);
    let last = world.post("ada", channel.id, "live").await;
    let frames = next(&bob, 7).await;
    assert_eq!(seqs(&frames, channel.id), (first.seq + 1..=last.seq).collect::<Vec<_>>());
}

#[tokio::test]
async fn each_of_several_resumes_has_its_events_before_its_answer() {
    let world = World::new().await;
    let channel = world.channel("room", ChannelKind::Public, &["bob"]).await;
    let first = world.post("ada", channel.id, "seen").await.seq;
    world.post("ada", channel.id, "missed").await;
    world.post("ada", channel.id, "missed").await;
    let (actor, bob) = (world.actor("bob"), world.connect("bob").await);
    let answer = |number: u32| OutFrame::text(format!(r#"{{"type":"resumed","id":{number}}}"#));
    let (since_first, since_second) = (positions(channel.id, first), positions(channel.id, first + 1));
    let one = async {
        world.messaging.resume(&actor, &bob, &since_first).await.unwrap().answer(&answer(1));
    };
    let other = async {
        world.messaging.resume(&actor, &bob, &since_second).await.unwrap().answer(&answer(2));
    };
    tokio::join!(one, other);
    world.post("ada", channel.id, "live").await;
    let told: Vec<String> = waiting(&bob)
        .iter()
        .map(|frame| match frame["seq"].as_i64() {
            Some(seq) => format!("event {}", seq - first),
            None => format!("answer {}", frame["id"]),
        })
        .collect();
    assert_eq!(told, ["event 1", "event 2", "answer 1", "event 2", "answer 2", "event 3"]);
}

#[tokio::test]
async fn one_who_missed_too_much_reads_again() {
    let world = World::new().await;
    let channel = world.channel("room", ChannelKind::Public, &["bob"]).await;
    let message = world.post("ada", channel.id, "x").await;
    for _ in 0..501 {
        world.messaging.react(&world.actor("ada"), message.id, "x").await.unwrap();
        world.messaging.unreact(&world.actor("ada"), message.id, "x").await.unwrap();
    }
    let bob = world.connect("bob").await;
    let head = message.seq + 1_002;
    for (position, expected) in
        [(message.seq, "reset"), (head + 10, "reset"), (-1, "reset"), (head - 1, "event")]
    {
        world.messaging.resume(&world.actor("bob"), &bob, &positions(channel.id, position)).await.unwrap();
        let frames = waiting(&bob);
        assert_eq!(frames.len(), 1, "{position}");
        assert_eq!((&frames[0]["type"], &frames[0]["seq"]), (&expected.into(), &head.into()), "{position}");
    }
    let last = world.post("ada", channel.id, "live").await;
    assert_eq!(seqs(&next(&bob, 1).await, channel.id), [last.seq]);
}

#[tokio::test]
async fn a_channel_that_was_lost_meanwhile_is_told_as_removed() {
    let world = World::new().await;
    let channel = world.channel("room", ChannelKind::Private, &["bob"]).await;
    world.messaging.remove_channel_member(&world.actor("ada"), channel.id, world.id("bob")).await.unwrap();
    let bob = world.connect("bob").await;
    let heads =
        world.messaging.resume(&world.actor("bob"), &bob, &positions(channel.id, 1)).await.unwrap().heads;
    assert!(heads.is_empty());
    let frames = waiting(&bob);
    assert_eq!(
        (&frames[0]["channel_id"], &frames[0]["removed"]),
        (&channel.id.to_string().into(), &true.into())
    );
}

#[tokio::test]
async fn a_replay_waits_for_room_instead_of_closing_the_connection() {
    let world = World::with_hub(HubConfig { queue_frames: 16, ..HubConfig::default() }).await;
    let channel = world.channel("room", ChannelKind::Public, &["bob"]).await;
    let first = world.post("ada", channel.id, "seen").await;
    for _ in 0..300 {
        world.post("ada", channel.id, "missed").await;
    }
    let (actor, bob) = (world.actor("bob"), world.connect("bob").await);
    let positions = positions(channel.id, first.seq);
    let (heads, frames) = tokio::join!(world.messaging.resume(&actor, &bob, &positions), next(&bob, 300));
    heads.unwrap();
    assert_eq!(seqs(&frames, channel.id), (first.seq + 1..=first.seq + 300).collect::<Vec<_>>());
}

#[tokio::test]
async fn an_abandoned_resume_closes_the_connection_rather_than_leave_it_deaf() {
    let world = World::with_hub(HubConfig { queue_frames: 16, ..HubConfig::default() }).await;
    let channel = world.channel("room", ChannelKind::Public, &["bob"]).await;
    for _ in 0..100 {
        world.post("ada", channel.id, "missed").await;
    }
    let bob = world.connect("bob").await;
    let actor = world.actor("bob");
    let positions = positions(channel.id, 0);
    tokio::select! {
        biased;
        _ = world.messaging.resume(&actor, &bob, &positions) => panic!("there was no room"),
        () = tokio::task::yield_now() => {}
    }
    assert_eq!(waiting(&bob).last().unwrap(), "restart");
}

/// Reads events until `enough` of them came, and checks that each follows the one before.
async fn follow(
    subscription: &Subscription,
    channel: ChannelId,
    position: &mut i64,
    enough: usize,
    done: &AtomicBool,
    end: &std::sync::atomic::AtomicI64,
) {
    let mut out = Vec::new();
    let mut count = 0;
    while count < enough {
        if done.load(Ordering::SeqCst) && *position == end.load(Ordering::SeqCst) {
            return;
        }
        out.clear();
        let woken =
            tokio::time::timeout(std::time::Duration::from_millis(20), subscription.receive(&mut out, 7))
                .await;
        if woken == Ok(0) {
            return;
        }
        for outgoing in &out {
            let Outgoing::Frame(frame) = outgoing else { return };
            let Some((of, seq)) = frame.seq() else { continue };
            assert_eq!((of, seq), (channel, *position + 1));
            *position = seq;
            count += 1;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_reader_who_comes_and_goes_under_load_misses_nothing_and_sees_nothing_twice() {
    let world = World::new().await;
    let channel = world.channel("room", ChannelKind::Public, &["bob", "carl"]).await;
    let start = world.messaging.channel(&world.actor("ada"), channel.id).await.unwrap().last_seq;
    let mut writers = JoinSet::new();
    for name in ["ada", "bob", "carl", "ada"] {
        let (messaging, actor) = (world.messaging.clone(), world.actor(name));
        writers.spawn(async move {
            for round in 0..150 {
                let message = messaging.post(&actor, draft(channel.id, "x")).await.unwrap().message;
                if round % 3 == 0 {
                    // Other ways to the channel than the queue of sends: announced out of turn now and then.
                    messaging.react(&actor, message.id, "x").await.unwrap();
                    messaging.edit(&actor, message.id, "y", None).await.unwrap();
                }
            }
        });
    }
    let done = Arc::new(AtomicBool::new(false));
    let end = Arc::new(std::sync::atomic::AtomicI64::new(i64::MAX));
    let mut readers = JoinSet::new();
    for reader in 0..4_usize {
        let (messaging, actor) = (world.messaging.clone(), world.actor("bob"));
        let (done, end) = (done.clone(), end.clone());
        readers.spawn(async move {
            let mut position = start;
            let mut visits = 0;
            while position != end.load(Ordering::SeqCst) {
                visits += 1;
                let subscription = messaging.connect(&actor, messaging.hub().connection_id()).await.unwrap();
                let positions = positions(channel.id, position);
                let resume = async {
                    messaging.resume(&actor, &subscription, &positions).await.unwrap();
                    std::future::pending::<()>().await;
                };
                let enough = 5 + (visits * 13 + reader * 7) % 60;
                // The reader leaves when it has enough, in the midst of the resume or long after it.
                tokio::select! {
                    // First: what is taken out before the resume has begun is live, and ahead of what was missed.
                    biased;
                    () = resume => {}
                    () = follow(&subscription, channel.id, &mut position, enough, &done, &end) => {}
                }
            }
            visits
        });
    }
    while let Some(written) = writers.join_next().await {
        written.unwrap();
    }
    let head = world.messaging.channel(&world.actor("ada"), channel.id).await.unwrap().last_seq;
    assert_eq!(head, start + 4 * (150 + 2 * 50));
    end.store(head, Ordering::SeqCst);
    done.store(true, Ordering::SeqCst);
    let visits = readers.join_all().await;
    assert!(visits.iter().sum::<usize>() > 8, "{visits:?}");
}
