use std::time::Duration;

use super::{Stage, Store};
use crate::model::Message;
use crate::ports::{Line, Slice};

fn positions(window: &(Vec<Message>, i64)) -> Vec<i64> {
    window.0.iter().map(|message| message.position).collect()
}

pub(super) async fn stretches_of_the_main_line<S: Store>(stage: &Stage<S>) {
    let room = stage.room().await;
    let line = Line::Main(room.channel);
    let read = async |slice, limit| stage.store.slice(line, slice, limit, room.bob).await.unwrap();
    for slice in [Slice::Latest, Slice::Before(5), Slice::After(5), Slice::Around(5)] {
        assert_eq!(read(slice, 10).await, (Vec::new(), 0));
    }
    let batch: Vec<_> =
        (0..30).map(|number| stage.draft(room.channel, room.ada, &number.to_string())).collect();
    stage.store.post(&batch).await.unwrap();
    let root = read(Slice::Latest, 1).await.0.remove(0);
    stage.reply(&root, room.bob, "aside").await;

    let latest = read(Slice::Latest, 4).await;
    assert_eq!((positions(&latest), latest.1), (vec![26, 27, 28, 29], 30));
    assert_eq!(latest.0[0].text, "26");
    assert_eq!(latest.0[3].thread.as_ref().unwrap().reply_count, 1);
    assert_eq!(positions(&read(Slice::Before(3), 10).await), [0, 1, 2]);
    assert_eq!(positions(&read(Slice::Before(20), 3).await), [17, 18, 19]);
    assert_eq!(positions(&read(Slice::Before(0), 3).await), Vec::<i64>::new());
    assert_eq!(positions(&read(Slice::After(26), 10).await), [27, 28, 29]);
    assert_eq!(positions(&read(Slice::After(-1), 2).await), [0, 1]);
    assert_eq!(positions(&read(Slice::After(29), 2).await), Vec::<i64>::new());
    let around = positions(&read(Slice::Around(15), 10).await);
    assert!(around.len() == 10 && around.contains(&15) && around[0] < 15, "{around:?}");
    assert!(around.windows(2).all(|pair| pair[0] + 1 == pair[1]), "{around:?}");
    assert!(positions(&read(Slice::Around(0), 10).await).starts_with(&[0, 1, 2]));
    assert!(positions(&read(Slice::Around(29), 10).await).ends_with(&[28, 29]));
    let nowhere = Line::Main(stage.id());
    assert_eq!(stage.store.slice(nowhere, Slice::Latest, 10, room.bob).await.unwrap(), (Vec::new(), 0));
}

pub(super) async fn stretches_of_a_thread<S: Store>(stage: &Stage<S>) {
    let room = stage.room().await;
    let root = stage.say(room.channel, room.ada, "root").await;
    let other = stage.say(room.channel, room.ada, "other").await;
    for number in 0..6 {
        stage.reply(&root, room.bob, &number.to_string()).await;
        stage.reply(&other, room.bob, "noise").await;
    }
    let line = Line::Thread(room.channel, root.id);
    let read = async |slice, limit| stage.store.slice(line, slice, limit, room.ada).await.unwrap();
    let latest = read(Slice::Latest, 3).await;
    assert_eq!((positions(&latest), latest.1), (vec![3, 4, 5], 6));
    assert!(latest.0.iter().all(|reply| reply.thread_id == Some(root.id)));
    assert_eq!(positions(&read(Slice::Before(2), 10).await), [0, 1]);
    assert_eq!(positions(&read(Slice::After(3), 10).await), [4, 5]);

    let gone = latest.0[1].id;
    stage.store.delete(gone, stage.now()).await.unwrap();
    let after = read(Slice::Latest, 10).await;
    assert_eq!((positions(&after), after.1), (vec![0, 1, 2, 3, 4, 5], 6), "a deleted reply keeps its place");
    assert!(after.0[4].deleted);
}

pub(super) async fn a_date_is_found<S: Store>(stage: &Stage<S>) {
    let room = stage.room().await;
    let mut said = Vec::new();
    for day in 0..10 {
        for number in 0..10 {
            said.push(stage.say(room.channel, room.ada, &format!("{day}.{number}")).await);
        }
        stage.clock.advance(Duration::from_hours(24));
    }
    let read = async |at| {
        stage.store.slice(Line::Main(room.channel), Slice::Date(at), 20, room.ada).await.unwrap().0
    };
    for index in [0, 1, 30, 55] {
        let wanted = &said[index];
        let found = read(wanted.created_at).await;
        assert!(found.iter().any(|message| message.id == wanted.id), "{index}: {found:?}");
        assert!(found.first().unwrap().position <= wanted.position && found.len() <= 20);
    }
    let between = said[30].created_at.minus(Duration::from_hours(1));
    assert!(read(between).await.iter().any(|message| message.id == said[30].id));
    let never = said[99].created_at.plus(Duration::from_hours(9_600));
    assert!(
        read(never).await.iter().all(|message| message.position <= 99),
        "after the end comes nothing new"
    );
    assert_eq!(read(plexi_core::Timestamp::from_micros(0)).await[0].position, 0);
}
