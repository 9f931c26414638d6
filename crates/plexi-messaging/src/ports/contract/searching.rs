use plexi_core::UserId;

use super::changes::edit;
use super::{Stage, Store};
use crate::model::{ChannelKind, MessageKind};
use crate::ports::{NewMessage, SearchPlan, Trait};
use crate::search::fold::fold;
use crate::search::grams::index_terms;

fn plan(words: &str) -> SearchPlan {
    SearchPlan { terms: index_terms(&fold(words)), ..SearchPlan::default() }
}

async fn texts<S: Store>(stage: &Stage<S>, plan: &SearchPlan, reader: UserId) -> Vec<String> {
    let found = stage.store.find(plan, reader, None, 100).await.unwrap();
    assert!(found.windows(2).all(|pair| pair[0].id.key() > pair[1].id.key()), "newest first");
    found.into_iter().map(|message| message.text).collect()
}

pub(super) async fn words_are_found_newest_first<S: Store>(stage: &Stage<S>) {
    let room = stage.room().await;
    let said = [
        "The quick brown fox",
        "a QUICKSTEP",
        "slow",
        "\u{6771}\u{4eac}\u{90fd}\u{306b}\u{884c}\u{304f}",
        "be it so",
        "Stra\u{df}e",
    ];
    for text in said {
        stage.say(room.channel, room.ada, text).await;
    }
    assert_eq!(texts(stage, &plan("quick"), room.bob).await, ["a QUICKSTEP", "The quick brown fox"]);
    assert_eq!(texts(stage, &plan("quick fox"), room.bob).await, ["The quick brown fox"]);
    assert_eq!(texts(stage, &plan("uick"), room.bob).await.len(), 2, "inside words, too");
    assert_eq!(
        texts(stage, &plan("\u{4eac}\u{90fd}"), room.bob).await,
        [said[3]],
        "two characters are a prefix"
    );
    assert_eq!(texts(stage, &plan("\u{6771}\u{4eac}\u{90fd}"), room.bob).await, [said[3]]);
    assert_eq!(texts(stage, &plan("it"), room.bob).await, ["be it so"], "common short words are words");
    assert_eq!(texts(stage, &plan("missing"), room.bob).await, Vec::<String>::new());
    assert_eq!(texts(stage, &plan(""), room.bob).await.len(), said.len(), "no words: all");

    let first = stage.store.find(&plan("quick"), room.bob, None, 1).await.unwrap();
    let rest = stage.store.find(&plan("quick"), room.bob, Some(first[0].id.key().0), 10).await.unwrap();
    assert_eq!((first[0].text.as_str(), rest[0].text.as_str(), rest.len()), (said[1], said[0], 1));
}

/// 40,000 characters, no three of them in a row twice as far as that can be, and then the words of the end.
fn long_text(first: u32, variety: u32, end: &str) -> String {
    let mut text = String::new();
    let mut state = 1_u32;
    while text.chars().count() + end.chars().count() < 40_000 {
        // The numbers of a simple generator: the same in each run.
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        text.extend(char::from_u32(first + (state >> 8) % variety));
    }
    text.push_str(end);
    text
}

pub(super) async fn the_longest_text_is_found_by_its_last_words<S: Store>(stage: &Stage<S>) {
    let room = stage.room().await;
    let latin = long_text(0x61, 26, " the word zymurgy");
    let cjk = long_text(0x4E00, 20_000, "\u{2f00}\u{9f98}\u{6700}\u{5f8c}\u{306e}\u{8a00}\u{8449}");
    for text in [&latin, &cjk] {
        assert_eq!(text.chars().count(), 40_000);
        stage.say(room.channel, room.ada, text).await;
    }
    assert_eq!(texts(stage, &plan("zymurgy"), room.bob).await, [latin]);
    assert_eq!(texts(stage, &plan("\u{6700}\u{5f8c}\u{306e}\u{8a00}\u{8449}"), room.bob).await, [cjk]);
}

pub(super) async fn only_what_the_reader_may_read<S: Store>(stage: &Stage<S>) {
    let store = &stage.store;
    let room = stage.room().await;
    let (guest, stranger) = (stage.user("guest").await, stage.user("stranger").await);
    store.set_space_member(room.space, guest, "guest", stage.now()).await.unwrap();
    let open = stage.channel(room.space, "open", &[]).await;
    let secret = stage.new_channel(room.space, "secret", ChannelKind::Private, &[room.ada, guest]);
    let secret = store.create_channel(&secret).await.unwrap();
    let direct = stage.new_direct(&[room.ada, room.bob]);
    let direct = store.create_channel(&direct).await.unwrap();
    for (channel, text) in [
        (room.channel, "word general"),
        (open, "word open"),
        (secret, "word secret"),
        (direct, "word direct"),
    ] {
        stage.say(channel, room.ada, text).await;
    }
    for plan in [plan("word"), SearchPlan::default()] {
        assert_eq!(
            texts(stage, &plan, room.ada).await,
            ["word direct", "word secret", "word open", "word general"]
        );
        assert_eq!(texts(stage, &plan, room.bob).await, ["word direct", "word open", "word general"]);
        assert_eq!(texts(stage, &plan, guest).await, ["word secret"]);
        assert_eq!(texts(stage, &plan, stranger).await, Vec::<String>::new());
    }
    let asked = SearchPlan { channels: vec![secret], ..plan("word") };
    assert_eq!(texts(stage, &asked, room.bob).await, Vec::<String>::new());
}

pub(super) async fn filters_narrow<S: Store>(stage: &Stage<S>) {
    let store = &stage.store;
    let room = stage.room().await;
    let other = stage.channel(room.space, "other", &[room.ada, room.bob]).await;
    let direct = stage.new_direct(&[room.ada, room.bob]);
    let direct = store.create_channel(&direct).await.unwrap();
    let link = stage.say(room.channel, room.ada, "see https://example.org").await;
    let root = stage.say(room.channel, room.bob, "root").await;
    let reply = stage.reply(&root, room.ada, "reply").await;
    let liked = stage.say(other, room.bob, "liked").await;
    let private = stage.say(direct, room.ada, "private").await;
    let note = NewMessage { kind: MessageKind::System, ..stage.draft(room.channel, room.ada, "noted") };
    stage.post(note).await;
    store.react(liked.id, room.ada, "\u{1f44d}", stage.now()).await.unwrap();
    store.set_pinned(link.id, room.ada, true, stage.now()).await.unwrap();
    store.edit(liked.id, &edit("liked a lot", stage.now())).await.unwrap();

    let with = |wanted: Trait| SearchPlan { traits: vec![wanted], ..SearchPlan::default() };
    let ada = room.ada;
    assert_eq!(texts(stage, &with(Trait::Link), ada).await, ["see https://example.org"]);
    assert_eq!(texts(stage, &with(Trait::Pinned), ada).await, ["see https://example.org"]);
    assert_eq!(texts(stage, &with(Trait::Reaction), ada).await, ["liked a lot"]);
    assert_eq!(texts(stage, &with(Trait::Edited), ada).await, ["liked a lot"]);
    assert_eq!(texts(stage, &with(Trait::Thread), ada).await, ["reply", "root"]);
    assert_eq!(texts(stage, &with(Trait::Direct), ada).await, ["private"]);
    assert_eq!(texts(stage, &with(Trait::File), ada).await, Vec::<String>::new());
    let both = SearchPlan { traits: vec![Trait::Link, Trait::Edited], ..SearchPlan::default() };
    assert_eq!(texts(stage, &both, ada).await, Vec::<String>::new());

    let by = |authors: &[UserId]| SearchPlan { authors: authors.to_vec(), ..SearchPlan::default() };
    assert_eq!(texts(stage, &by(&[room.bob]), ada).await, ["liked a lot", "root"]);
    assert_eq!(texts(stage, &by(&[room.bob, ada]), ada).await.len(), 5);
    let within = SearchPlan { channels: vec![other, direct], ..SearchPlan::default() };
    assert_eq!(texts(stage, &within, ada).await, ["private", "liked a lot"]);
    let times = SearchPlan {
        after: Some(root.created_at),
        before: Some(private.created_at),
        ..SearchPlan::default()
    };
    assert_eq!(texts(stage, &times, ada).await, ["liked a lot", "reply", "root"]);
    let all = SearchPlan { before: Some(reply.created_at), authors: vec![room.bob], ..plan("root") };
    assert_eq!(texts(stage, &all, ada).await, ["root"]);
}

pub(super) async fn edits_and_deletions_are_followed<S: Store>(stage: &Stage<S>) {
    let store = &stage.store;
    let room = stage.room().await;
    let said = stage.say(room.channel, room.ada, "alpha").await;
    store.edit(said.id, &edit("beta", stage.now())).await.unwrap();
    assert_eq!(texts(stage, &plan("alpha"), room.bob).await, Vec::<String>::new());
    assert_eq!(texts(stage, &plan("beta"), room.bob).await, ["beta"]);
    store.delete(said.id, stage.now()).await.unwrap();
    assert_eq!(texts(stage, &plan("beta"), room.bob).await, Vec::<String>::new());
    assert_eq!(texts(stage, &SearchPlan::default(), room.bob).await, Vec::<String>::new());
}

pub(super) async fn channels_are_found_by_name<S: Store>(stage: &Stage<S>) {
    let store = &stage.store;
    let room = stage.room().await;
    let stranger = stage.user("stranger").await;
    let cafe = stage.channel(room.space, "caf\u{e9}", &[room.ada]).await;
    let elsewhere = stage.space("Elsewhere", room.ada).await;
    let hidden = stage.new_channel(elsewhere, "caf\u{e9}", ChannelKind::Private, &[room.ada]);
    store.create_channel(&hidden).await.unwrap();
    let name = fold("Caf\u{e9}");
    assert_eq!(store.channels_named(&name, room.bob).await.unwrap(), [cafe]);
    let mut mine = store.channels_named(&name, room.ada).await.unwrap();
    mine.sort_unstable();
    assert_eq!(mine, [cafe, hidden.id]);
    assert_eq!(store.channels_named(&name, stranger).await.unwrap(), []);
    assert_eq!(store.channels_named("caf", room.ada).await.unwrap(), []);
}
