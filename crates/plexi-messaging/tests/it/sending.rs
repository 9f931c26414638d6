use std::sync::Arc;

use async_trait::async_trait;
use plexi_core::{Actor, Coded, ErrorCode, IdSource, SeededEntropy};
use plexi_messaging::model::ChannelKind;
use plexi_messaging::ports::{Screen, Slice, Verdict};
use plexi_messaging::{Hub, HubConfig, MessageDraft, Messaging, MessagingConfig, MessagingError, StoreError};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::world::{World, draft, next, seqs};

#[tokio::test]
async fn a_message_is_numbered_in_its_channel_and_positioned_in_its_line() {
    let world = World::new().await;
    let channel = world.channel("general", ChannelKind::Public, &["bob"]).await;
    let first = world.post("ada", channel.id, "one").await;
    let second = world.post("bob", channel.id, "two").await;
    assert_eq!(second.seq, first.seq + 1);
    assert_eq!(second.position, first.position + 1);
}

#[tokio::test]
async fn the_same_client_id_stores_one_message() {
    let world = World::new().await;
    let channel = world.channel("general", ChannelKind::Public, &[]).await;
    let ada = world.actor("ada");
    let draft = MessageDraft { client_id: Some("k".to_owned()), ..draft(channel.id, "once") };
    let (first, again) =
        tokio::join!(world.messaging.post(&ada, draft.clone()), world.messaging.post(&ada, draft.clone()));
    let (first, again) = (first.unwrap(), again.unwrap());
    assert_eq!(first.message, again.message);
    assert!(!first.duplicate && again.duplicate);
    assert_eq!(first.message.client_id.as_deref(), Some("k"));
}

#[tokio::test]
async fn sends_that_wait_together_are_committed_together_and_in_order() {
    let world = World::new().await;
    let channel = world.channel("general", ChannelKind::Public, &[]).await;
    let before = world.store.commits();
    let held = world.store.hold_posts().await;
    let mut sends = JoinSet::new();
    for number in 0..100 {
        let (messaging, ada) = (world.messaging.clone(), world.actor("ada"));
        let draft = draft(channel.id, &number.to_string());
        sends.spawn(async move { messaging.post(&ada, draft).await.unwrap() });
        tokio::task::yield_now().await;
    }
    drop(held);
    let mut receipts = sends.join_all().await;
    receipts.sort_by_key(|receipt| receipt.message.seq);
    let texts: Vec<String> = receipts.into_iter().map(|receipt| receipt.message.text).collect();
    assert_eq!(texts, (0..100).map(|number| number.to_string()).collect::<Vec<_>>());
    assert!(world.store.commits() - before <= 3, "{} commits", world.store.commits() - before);
}

#[tokio::test]
async fn when_the_disk_is_full_nothing_is_acknowledged_and_afterwards_all_works_again() {
    let world = World::new().await;
    let channel = world.channel("general", ChannelKind::Public, &[]).await;
    world.store.set_fault(Some(|| StoreError::Full("no space left on device".to_owned())));
    for _ in 0..3 {
        let error = world.try_post("ada", channel.id, "lost").await.unwrap_err();
        assert_eq!(error.code(), ErrorCode::StorageFull);
    }
    world.store.set_fault(None);
    world.post("ada", channel.id, "kept").await;
    let window = world.messaging.window(&world.actor("ada"), channel.id, Slice::Latest, 50).await.unwrap();
    let texts: Vec<&str> =
        window.items.iter().map(|message| message.text.as_str()).filter(|text| !text.is_empty()).collect();
    assert_eq!(texts, ["kept"]);
}

#[tokio::test]
async fn one_bad_message_of_a_batch_does_not_hurt_the_others() {
    let world = World::new().await;
    let channel = world.channel("general", ChannelKind::Public, &[]).await;
    let ada = world.actor("ada");
    let held = world.store.hold_posts().await;
    let nowhere = MessageDraft { thread_id: Some(world.ids.next().unwrap()), ..draft(channel.id, "bad") };
    let good = world.messaging.post(&ada, draft(channel.id, "good"));
    let bad = world.messaging.post(&ada, nowhere);
    let (good, bad, ()) = tokio::join!(good, bad, async { drop(held) });
    assert_eq!(good.unwrap().message.text, "good");
    assert_eq!(bad.unwrap_err().fields()[0].field, "thread_id");
}

#[tokio::test]
async fn a_full_queue_refuses_at_once() {
    let world =
        World::with(MessagingConfig { send_queue: 2, batch: 1, ..MessagingConfig::default() }, Vec::new())
            .await;
    let channel = world.channel("general", ChannelKind::Public, &[]).await;
    let held = world.store.hold_posts().await;
    let mut sends = JoinSet::new();
    for _ in 0..10 {
        let (messaging, ada) = (world.messaging.clone(), world.actor("ada"));
        sends.spawn(async move { messaging.post(&ada, draft(channel.id, "x")).await });
    }
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
    drop(held);
    let outcomes = sends.join_all().await;
    let refused =
        outcomes.iter().filter(|outcome| matches!(outcome, Err(MessagingError::Overloaded))).count();
    let stored = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
    assert_eq!(refused + stored, 10);
    assert!((2..=4).contains(&stored), "{stored} stored");
}

#[tokio::test]
async fn stopping_stores_what_waits_and_refuses_what_comes() {
    let mut world = World::new().await;
    let channel = world.channel("general", ChannelKind::Public, &[]).await;
    let held = world.store.hold_posts().await;
    let mut sends = JoinSet::new();
    for _ in 0..5 {
        let (messaging, ada) = (world.messaging.clone(), world.actor("ada"));
        sends.spawn(async move { messaging.post(&ada, draft(channel.id, "x")).await });
    }
    settle().await;
    world.stop.cancel();
    drop(held);
    assert!(sends.join_all().await.iter().all(Result::is_ok));
    while world.tasks.join_next().await.is_some() {}
    world.messaging.finish().await;
    let late = world.try_post("ada", channel.id, "late").await;
    assert!(matches!(late, Err(MessagingError::Stopping)));
}

#[tokio::test]
async fn a_sender_that_is_to_stop_ends_though_people_go_on_talking() {
    let mut world = World::new().await;
    let channel = world.channel("general", ChannelKind::Public, &[]).await;
    let post = |text: &'static str| {
        let (messaging, ada) = (world.messaging.clone(), world.actor("ada"));
        async move { messaging.post(&ada, draft(channel.id, text)).await }
    };
    let mut waits = JoinSet::new();
    let mut comes_later = JoinSet::new();

    let first = world.store.hold_posts().await;
    waits.spawn(post("being stored"));
    settle().await;
    waits.spawn(post("waiting"));
    settle().await;
    world.stop.cancel();
    let mut second = std::pin::pin!(world.store.hold_posts());
    assert!(futures_util::poll!(second.as_mut()).is_pending());
    drop(first);
    let second = second.await;
    settle().await;
    comes_later.spawn(post("come while the last ones are stored"));
    settle().await;
    drop(second);

    assert!(waits.join_all().await.iter().all(Result::is_ok));
    // the sender, and the task that tells who is here
    while world.tasks.join_next().await.is_some() {}
    assert!(comes_later.try_join_next().is_none(), "it waits for the next run");
    let again = world.messaging.clone();
    world.tasks.spawn(async move { again.run_sender(CancellationToken::new(), || {}).await });
    assert!(comes_later.join_next().await.unwrap().unwrap().is_ok());
}

/// Lets all tasks go on as far as they can.
async fn settle() {
    for _ in 0..20 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn what_is_sent_between_two_runs_of_the_sender_waits_for_the_next() {
    let mut world = World::new().await;
    let channel = world.channel("general", ChannelKind::Public, &[]).await;
    world.stop.cancel();
    while world.tasks.join_next().await.is_some() {}
    let (messaging, ada) = (world.messaging.clone(), world.actor("ada"));
    let mut sends = JoinSet::new();
    sends.spawn(async move { messaging.post(&ada, draft(channel.id, "between")).await });
    let again = world.messaging.clone();
    world.tasks.spawn(async move { again.run_sender(CancellationToken::new(), || {}).await });
    assert!(sends.join_next().await.unwrap().unwrap().is_ok());
}

#[tokio::test]
async fn a_sender_that_is_dropped_at_work_leaves_no_listener_without_an_event() {
    let mut world = World::new().await;
    let channel = world.channel("general", ChannelKind::Public, &[]).await;
    let listener = world.connect("ada").await;
    let held = world.store.hold_posts().await;
    let (messaging, ada) = (world.messaging.clone(), world.actor("ada"));
    let mut sends = JoinSet::new();
    sends.spawn(async move { messaging.post(&ada, draft(channel.id, "in doubt")).await });
    settle().await;
    world.tasks.shutdown().await;
    drop(held);
    let outcome = sends.join_next().await.unwrap().unwrap();
    assert!(matches!(outcome, Err(MessagingError::Stopping)), "nobody knows whether it was stored");
    let again = world.messaging.clone();
    world.tasks.spawn(async move { again.run_sender(CancellationToken::new(), || {}).await });
    let after = world.try_post("ada", channel.id, "after").await.unwrap();
    let mut heard = Vec::new();
    while heard.last() != Some(&after.seq) {
        heard.extend(seqs(&next(&listener, 1).await, channel.id));
    }
    let expected: Vec<i64> = (channel.last_seq + 1..=after.seq).collect();
    assert_eq!(heard, expected, "what is stored is heard, each once and in order");
}

#[tokio::test]
async fn a_caller_who_goes_away_does_not_take_the_message_along() {
    let world = World::new().await;
    let channel = world.channel("general", ChannelKind::Public, &[]).await;
    let held = world.store.hold_posts().await;
    let (messaging, ada) = (world.messaging.clone(), world.actor("ada"));
    let mut gone = JoinSet::new();
    gone.spawn(async move { messaging.post(&ada, draft(channel.id, "still here")).await.map(drop) });
    settle().await;
    gone.shutdown().await;
    drop(held);
    world.post("ada", channel.id, "after").await;
    let window = world.messaging.window(&world.actor("ada"), channel.id, Slice::Latest, 2).await.unwrap();
    assert_eq!(window.items[0].text, "still here");
}

#[tokio::test]
async fn a_key_that_is_taken_is_replaced() {
    let world = World::new().await;
    let channel = world.channel("general", ChannelKind::Public, &[]).await;
    // Two services that make the same ids, as after a clock was set back.
    let twin = || {
        let ids = IdSource::new(world.clock.clone(), Arc::new(SeededEntropy::new(99)));
        let hub = Hub::new(&HubConfig::default());
        let config = MessagingConfig::default();
        Messaging::new(
            world.store.clone(),
            world.store.clone(),
            Vec::new(),
            hub,
            ids,
            world.clock.clone(),
            config,
        )
    };
    let ada = world.actor("ada");
    let mut tasks = JoinSet::new();
    let mut ids = Vec::new();
    for messaging in [twin(), twin()] {
        let (service, stop) = (messaging.clone(), world.stop.clone());
        tasks.spawn(async move { service.run_sender(stop, || {}).await });
        ids.push(messaging.post(&ada, draft(channel.id, "x")).await.unwrap().message.id);
    }
    assert_ne!(ids[0], ids[1]);
}

struct Rule {
    open: bool,
    outcome: fn(&mut String) -> Option<Verdict>,
}

#[async_trait]
impl Screen for Rule {
    fn name(&self) -> &'static str {
        "rule"
    }

    fn fails_open(&self) -> bool {
        self.open
    }

    async fn check(&self, _: &Actor, text: &mut String) -> Result<Verdict, MessagingError> {
        match (self.outcome)(text) {
            Some(verdict) => Ok(verdict),
            None => std::future::pending().await,
        }
    }
}

async fn with_rule(
    open: bool,
    outcome: fn(&mut String) -> Option<Verdict>,
) -> Result<String, MessagingError> {
    let rule: Arc<dyn Screen> = Arc::new(Rule { open, outcome });
    let world = World::with(MessagingConfig::default(), vec![rule]).await;
    let channel = world.channel("general", ChannelKind::Public, &[]).await;
    let posted = world.try_post("ada", channel.id, "text").await.map(|message| message.text);
    let timings = world.messaging.step_timings();
    assert_eq!(timings.iter().find(|timing| timing.step == "rule").unwrap().took.count(), 1);
    posted
}

#[tokio::test(start_paused = true)]
async fn a_screen_passes_changes_refuses_or_fails_as_it_declares() {
    assert_eq!(with_rule(false, |_| Some(Verdict::Pass)).await.unwrap(), "text");
    let changed = with_rule(false, |text| {
        text.push_str(" seen");
        Some(Verdict::Pass)
    });
    assert_eq!(changed.await.unwrap(), "text seen");
    let refused = with_rule(true, |_| Some(Verdict::Refuse)).await;
    assert_eq!(refused.unwrap_err().code(), ErrorCode::SecurityContentRefused);
    assert_eq!(with_rule(true, |_| None).await.unwrap(), "text");
    assert!(with_rule(false, |_| None).await.is_err());
}
