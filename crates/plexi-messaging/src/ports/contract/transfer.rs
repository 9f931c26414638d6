use plexi_core::{ChannelId, MessageId, Permission, RoleId, RoleScope, Timestamp, UserId};
use uuid::Uuid;

use super::{Stage, Store, page, refused};
use crate::error::StoreError;
use crate::event::EventBody;
use crate::model::{ChannelKind, MessageKind, Revision, Space};
use crate::ports::{
    AccountKind, ImportTerms, Imported, ImportedChannel, ImportedMember, ImportedMessage, ImportedRole,
    ImportedSeat, ImportedUser, Line, NewMessage, Placed, ReadTo, SearchPlan, Slice,
};
use crate::search::grams::index_terms;
use crate::transfer::{self, Mode, Outlet, Renamed, Report, Step};

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(1_500_000_000 + seconds)
}

fn imported(channel: ChannelId, author: UserId, seconds: i64, text: &str) -> ImportedMessage {
    let origin = u64::try_from(seconds).unwrap();
    ImportedMessage {
        message: NewMessage {
            id: MessageId::imported(at(seconds), 0, origin),
            channel_id: channel,
            author_id: author,
            kind: MessageKind::Text,
            text: text.to_owned(),
            system: None,
            created_at: at(seconds),
            client_id: None,
            thread_id: None,
            reply_to: None,
            mentions: Vec::new(),
            mentions_all: false,
            index: crate::search::index_text(text),
            has_link: false,
        },
        edited_at: None,
        deleted: false,
        pinned: None,
        reactions: Vec::new(),
        history: Vec::new(),
    }
}

fn import_of(stage: &Stage<impl Store>, channel: &crate::ports::NewChannel) -> ImportedChannel {
    ImportedChannel {
        id: stage.id(),
        space_id: channel.space_id,
        kind: channel.kind,
        name: channel.name.clone(),
        topic: "from elsewhere".to_owned(),
        archived: false,
        created_at: at(0),
        members: channel.members.iter().map(|(user, role)| ImportedSeat::new(*user, role, at(0))).collect(),
        direct_key: channel.direct_key.clone(),
    }
}

const fn counted(added: u64, present: u64) -> Imported {
    Imported { added, present }
}

/// How many of them are new and how many were there.
fn count<I>(placed: &[Placed<I>]) -> Imported {
    let present = placed.iter().filter(|one| one.present).count();
    counted((placed.len() - present).try_into().unwrap(), present.try_into().unwrap())
}

/// Writes as a source of these tests.
const TERMS: ImportTerms = ImportTerms::of(Uuid::from_u128(7));

/// As [`TERMS`], or without writing.
const fn terms(dry_run: bool) -> ImportTerms {
    if dry_run { TERMS.dry() } else { TERMS }
}

fn joined(users: &[ImportedUser]) -> Vec<ImportedMember> {
    users.iter().map(|user| member(user.id, "member", user.created_at)).collect()
}

fn member(user: UserId, role: &str, joined_at: Timestamp) -> ImportedMember {
    ImportedMember { user, role: role.to_owned(), joined_at }
}

pub(super) async fn people_and_rooms_come_once<S: Store>(stage: &Stage<S>) {
    let store = &stage.store;
    let mut users = Vec::new();
    for number in 0..700 {
        let (name, shown) = (format!("user{number:03}"), format!("User {number} \u{1f98a}"));
        users.push(ImportedUser {
            kind: if number == 1 { AccountKind::Bot } else { AccountKind::Imported },
            disabled: number == 2,
            ..ImportedUser::new(stage.id(), &name, &shown, at(number))
        });
    }
    users[5].kind = AccountKind::Person;
    users[5].role = "guest".to_owned();
    users[5].status_text = "on holiday \u{1f3d6}".to_owned();
    users[5].locale = "de".to_owned();
    users[5].theme = "dark".to_owned();
    assert_eq!(count(&store.import_users(&users[..500], TERMS.dry()).await.unwrap()), counted(500, 0));
    assert_eq!(store.export_users(None, 1_000).await.unwrap(), [], "a dry run writes nothing");
    assert_eq!(count(&store.import_users(&users[..500], TERMS).await.unwrap()), counted(500, 0));
    assert_eq!(count(&store.import_users(&users, TERMS.dry()).await.unwrap()), counted(200, 500));
    assert_eq!(count(&store.import_users(&users, TERMS).await.unwrap()), counted(200, 500));
    assert_eq!(store.export_users(None, 1_000).await.unwrap(), users);
    assert_eq!(store.export_users(Some(users[9].id), 5).await.unwrap(), users[10..15]);
    let existing = store.existing(&[users[1].id, users[2].id]).await.unwrap();
    assert_eq!(existing, [users[1].id], "a disabled one is not there for others");

    let space = stage.new_space("Imported");
    for (dry_run, present) in [(true, false), (false, false), (false, true), (true, true)] {
        let placed = store.import_space(&space, terms(dry_run)).await.unwrap();
        assert_eq!(placed, Placed { id: space.id, name: "Imported".to_owned(), present, own: true });
    }
    assert_eq!(store.export_spaces().await.unwrap(), [space.clone()]);
    let mut members = joined(&users);
    members[3].role = "admin".to_owned();
    assert_eq!(store.import_space_members(space.id, &members, false).await.unwrap(), counted(700, 0));
    assert_eq!(store.import_space_members(space.id, &members, false).await.unwrap(), counted(0, 700));
    assert_eq!(store.export_space_members(space.id, None, 1_000).await.unwrap(), members);
    assert_eq!(store.export_space_members(space.id, Some(users[3].id), 2).await.unwrap(), members[4..6]);

    let mut seats: Vec<_> = users
        .iter()
        .map(|user| ImportedSeat {
            read: ReadTo::Nothing,
            ..ImportedSeat::new(user.id, "member", user.created_at)
        })
        .collect();
    (seats[6].muted, seats[7].favourite, seats[8].role) = (true, true, "reader".to_owned());
    let channel = ImportedChannel {
        members: seats,
        ..import_of(stage, &stage.new_channel(space.id, "big", ChannelKind::Public, &[]))
    };
    for (dry_run, present) in [(true, false), (false, false), (false, true)] {
        let (placed, seats) = store.import_channel(&channel, terms(dry_run)).await.unwrap();
        assert_eq!(seats, if present { counted(0, 700) } else { counted(700, 0) });
        assert_eq!(placed, Placed { id: channel.id, name: "big".to_owned(), present, own: true });
    }
    let seen = store.channel(channel.id, users[0].id).await.unwrap().unwrap();
    assert_eq!((seen.member_count, seen.last_seq, seen.topic.as_str()), (700, 0, "from elsewhere"));
    assert_eq!(store.export_channels(None, 10).await.unwrap(), [channel.clone()]);
    assert_eq!(store.export_channels(Some(channel.id), 10).await.unwrap(), []);
}

pub(super) async fn names_that_are_taken_get_a_number<S: Store>(stage: &Stage<S>) {
    let store = &stage.store;
    let room = stage.room().await;
    let long = "x".repeat(32);
    let named = |name: &str| ImportedUser::new(stage.id(), name, name, at(0));
    let batch = [named("ada"), named("ada"), named("ada-2"), named("new"), named(&long), named(&long)];
    for dry_run in [true, false] {
        let placed = store.import_users(&batch, terms(dry_run)).await.unwrap();
        let names = placed.iter().map(|placed| placed.name.as_str()).collect::<Vec<_>>();
        assert_eq!(names, ["ada-2", "ada-3", "ada-2-2", "new", &long, &format!("{}-2", &long[..30])]);
        assert_eq!(count(&placed), counted(6, 0));
    }
    let all = store.export_users(None, 100).await.unwrap();
    let name = |id: UserId| all.iter().find(|user| user.id == id).unwrap().name.as_str();
    assert_eq!((name(room.ada), name(batch[0].id)), ("ada", "ada-2"));
    let again = store.import_users(&batch, TERMS).await.unwrap();
    assert_eq!((count(&again), again[0].name.as_str()), (counted(0, 6), "ada-2"));

    let general = stage.new_channel(room.space, "general", ChannelKind::Public, &[room.ada]);
    for expected in ["general-2", "general-3"] {
        let channel = import_of(stage, &general);
        for dry_run in [true, false] {
            let (placed, _) = store.import_channel(&channel, terms(dry_run)).await.unwrap();
            assert_eq!((placed.id, placed.name.as_str()), (channel.id, expected));
        }
        assert_eq!(store.channel(channel.id, room.ada).await.unwrap().unwrap().name, expected);
    }
    let direct = stage.new_direct(&[room.ada, room.bob]);
    store.create_channel(&direct).await.unwrap();
    let (placed, _) = store.import_channel(&import_of(stage, &direct), TERMS).await.unwrap();
    assert_eq!(
        (placed.id, placed.present, placed.own),
        (direct.id, true, false),
        "one conversation of two, which no import made"
    );
}

pub(super) async fn what_an_import_made_is_known_by_its_source<S: Store>(stage: &Stage<S>) {
    let store = &stage.store;
    let room = stage.room().await;
    let other = ImportTerms::of(Uuid::from_u128(8));
    let user = ImportedUser::new(stage.id(), "cyd", "Cyd", at(0));
    let space = stage.new_space("Imported");
    let mut channel =
        import_of(stage, &stage.new_channel(space.id, "board", ChannelKind::Private, &[room.ada]));
    store.import_users(std::slice::from_ref(&user), TERMS).await.unwrap();
    store.import_space(&space, TERMS).await.unwrap();
    store.import_channel(&channel, TERMS).await.unwrap();
    channel.members.push(ImportedSeat::new(room.bob, "member", at(0)));
    for (terms, own) in [(TERMS, true), (TERMS.dry(), true), (other, false), (other.dry(), false)] {
        let users = store.import_users(std::slice::from_ref(&user), terms).await.unwrap();
        assert_eq!((users[0].present, users[0].own), (true, own));
        let placed = store.import_space(&space, terms).await.unwrap();
        assert_eq!((placed.present, placed.own), (true, own));
    }

    // Who is in a channel of another source, or of nobody's, changes only when that is wanted.
    let seated = async |channel: ChannelId| {
        let all = store.export_channels(None, 10).await.unwrap();
        all.iter().find(|one| one.id == channel).unwrap().members.len()
    };
    let (placed, seats) = store.import_channel(&channel, other).await.unwrap();
    assert_eq!((placed.own, seats, seated(channel.id).await), (false, counted(1, 1), 1));
    let restoring = ImportTerms { restore: true, ..other };
    let (placed, seats) = store.import_channel(&channel, restoring.dry()).await.unwrap();
    assert_eq!((placed.own, seats, seated(channel.id).await), (false, counted(1, 1), 1));
    store.import_channel(&channel, restoring).await.unwrap();
    assert_eq!(seated(channel.id).await, 2);
    assert!(!store.import_channel(&channel, other).await.unwrap().0.own, "restoring takes nothing over");
    let mut local = import_of(stage, &stage.new_channel(room.space, "general", ChannelKind::Public, &[]));
    local.id = room.channel;
    local.members = vec![ImportedSeat::new(user.id, "member", at(0))];
    let before = seated(room.channel).await;
    assert!(!store.import_channel(&local, TERMS).await.unwrap().0.own);
    assert_eq!(seated(room.channel).await, before);

    // A thing of another kind that has the id of one that was brought is not the source's.
    let twin = Space { id: user.id.as_uuid().into(), ..stage.new_space("Twin") };
    store.create_space(&twin, room.ada).await.unwrap();
    assert!(!store.import_space(&twin, TERMS).await.unwrap().own);

    // A dry run counts what would come.
    let member = member(room.bob, "member", at(0));
    let members = std::slice::from_ref(&member);
    assert_eq!(store.import_space_members(space.id, members, true).await.unwrap(), counted(1, 0));
    assert_eq!(store.import_space_members(space.id, members, false).await.unwrap(), counted(1, 0));
    assert_eq!(store.import_space_members(space.id, members, true).await.unwrap(), counted(0, 1));
    let said = [imported(channel.id, room.ada, 10, "one"), imported(channel.id, room.ada, 20, "two")];
    store.import_messages(channel.id, &said[..1], false).await.unwrap();
    assert_eq!(store.import_messages(channel.id, &said, true).await.unwrap(), counted(1, 1));
    assert_eq!(store.export_messages(channel.id, None, 10).await.unwrap().len(), 1);
}

/// A workspace of somewhere else, of which everything has a name that is taken here.
struct Foreign {
    ada: ImportedUser,
    eve: ImportedUser,
    scribe: ImportedRole,
    space: Space,
    general: ImportedChannel,
    message: ImportedMessage,
}

impl Foreign {
    fn new(stage: &Stage<impl Store>) -> Self {
        let user = |name: &str, role: &str, joined: i64| ImportedUser {
            role: role.to_owned(),
            ..ImportedUser::new(stage.id(), name, name, at(joined))
        };
        let (ada, eve) = (user("ada", "admin", 1), user("eve", "guest", 2));
        let space = stage.new_space("HOME");
        let mut general = import_of(stage, &stage.new_channel(space.id, "general", ChannelKind::Public, &[]));
        general.members = vec![
            ImportedSeat::new(ada.id, "scribe", at(3)),
            ImportedSeat { read: ReadTo::Nothing, ..ImportedSeat::new(eve.id, "emperor", at(4)) },
        ];
        let mut message = imported(general.id, ada.id, 10, "ask @ada, `@ada`, @channel");
        message.message.mentions = vec![ada.id];
        message.history = vec![Revision { text: "ask @ada".to_owned(), at: at(11) }];
        message.edited_at = Some(at(11));
        Self { ada, eve, scribe: scribe(stage.id(), &[Permission::ChannelRead]), space, general, message }
    }

    async fn import(&self, store: &impl Store, dry_run: bool) -> Report {
        let in_space = vec![member(self.ada.id, "admin", at(5)), member(self.eve.id, "none", at(6))];
        let steps = vec![
            Step::Origin("elsewhere".to_owned()),
            Step::Role(self.scribe.clone()),
            Step::Users(vec![self.ada.clone(), self.eve.clone()]),
            Step::Space(self.space.clone()),
            Step::SpaceMembers(self.space.id, in_space),
            Step::Channel(self.general.clone()),
            Step::Messages(self.general.id, vec![self.message.clone()]),
            Step::ChannelDone(self.general.id),
        ];
        let reader = move |outlet: &mut Outlet| steps.into_iter().try_for_each(|step| outlet.put(step));
        let mode = Mode { dry_run, restore: false };
        transfer::import(store, mode, &|_| {}, Box::new(reader)).await.unwrap()
    }
}

fn scribe(id: RoleId, permissions: &[Permission]) -> ImportedRole {
    let permissions = permissions.iter().copied().collect();
    ImportedRole { id, scope: RoleScope::Channel, name: "scribe".to_owned(), permissions, built_in: false }
}

fn renamed(report: &Report) -> Vec<String> {
    let one = |one: &Renamed| format!("{} {} {}", one.what.as_str(), one.there, one.here);
    report.renamed.iter().map(one).collect()
}

pub(super) async fn what_is_called_otherwise_is_reported_before_and_after<S: Store>(stage: &Stage<S>) {
    let store = &*stage.store;
    stage.room().await;
    let local = scribe(stage.id(), &[Permission::ChannelRead, Permission::MessagePost]);
    store.import_role(&local).await.unwrap();
    let twin = ImportedRole { id: stage.id(), ..local };
    refused!(store.import_role(&twin).await, StoreError::Conflict("name"));

    let foreign = Foreign::new(stage);
    let dry = foreign.import(store, true).await;
    assert_eq!(store.export_spaces().await.unwrap().len(), 1, "a dry run writes nothing");
    let done = foreign.import(store, false).await;
    let again = foreign.import(store, false).await;
    assert_eq!((again.users.added, again.messages.added, again.roles.added), (0, 0, 0));
    for report in [&dry, &done, &again] {
        assert_eq!(renamed(report), ["role scribe scribe-2", "user ada ada-2", "space HOME HOME 2"]);
        assert_eq!((report.renamed_total, report.mentions_renamed), (3, 1));
    }
    for report in [&dry, &done] {
        let noted: Vec<_> = report.notes.iter().map(|(kind, note)| (kind.as_str(), note.count)).collect();
        let expected = [
            ("role is not known: the least one was given", 2),
            ("system role with power over the server was not given: the account is an ordinary member", 1),
        ];
        assert_eq!(noted, expected);
    }
}

pub(super) async fn a_foreign_workspace_stays_apart_from_what_has_its_names<S: Store>(stage: &Stage<S>) {
    let store = &*stage.store;
    let room = stage.room().await;
    let local = scribe(stage.id(), &[Permission::ChannelRead, Permission::MessagePost]);
    store.import_role(&local).await.unwrap();
    let foreign = Foreign::new(stage);
    foreign.import(store, false).await;
    let (ada, eve) = (foreign.ada.id, foreign.eve.id);

    // Nothing of the space that was there has changed, and nobody there sees the other.
    let members = store.export_space_members(room.space, None, 10).await.unwrap();
    assert_eq!(members.iter().map(|one| one.user).collect::<Vec<_>>(), [room.ada, room.bob]);
    assert_eq!(store.spaces_of(room.ada, page(None, 9)).await.unwrap().len(), 1);
    let channels = store.export_channels(None, 10).await.unwrap();
    let local = channels.iter().find(|one| one.id == room.channel).unwrap();
    assert_eq!((local.name.as_str(), local.members.len()), ("general", 2));
    let general = channels.iter().find(|one| one.id == foreign.general.id).unwrap();
    assert_eq!((general.name.as_str(), general.space_id), ("general", Some(foreign.space.id)));
    let roles: Vec<_> = general.members.iter().map(|one| (one.user, one.role.as_str())).collect();
    assert_eq!(roles, [(ada, "scribe-2"), (eve, "reader")]);
    let granted = store.role_grants(RoleScope::Channel, "scribe-2").await.unwrap().unwrap();
    assert!(granted.has(Permission::ChannelRead) && !granted.has(Permission::MessagePost));
    assert_eq!(
        store.export_space_members(foreign.space.id, None, 10).await.unwrap(),
        [member(ada, "admin", at(5)), member(eve, "guest", at(6))]
    );
    let users = store.export_users(None, 10).await.unwrap();
    let role = |id: UserId| users.iter().find(|user| user.id == id).unwrap().role.as_str();
    assert_eq!((role(ada), role(eve)), ("member", "guest"), "an import gives no power over the server");

    // Who reads the text is not led to the ada of this server.
    let shown = stage.shown(foreign.message.message.id, ada).await;
    assert_eq!((shown.text.as_str(), shown.mentions), ("ask @ada-2, `@ada`, @channel", vec![ada]));
    assert_eq!(store.history(shown.id).await.unwrap()[0].text, "ask @ada-2");
    let mut unread = Vec::new();
    for user in [ada, eve] {
        let seen = store.channel(general.id, user).await.unwrap().unwrap();
        unread.push(seen.membership.unwrap().unread);
    }
    assert_eq!(unread, [0, 1]);
}

pub(super) async fn what_was_read_stays_read<S: Store>(stage: &Stage<S>) {
    let store = &stage.store;
    let room = stage.room().await;
    let [cyd, dan, eli] = [stage.user("cyd").await, stage.user("dan").await, stage.user("eli").await];
    let mut channel = import_of(stage, &stage.new_channel(room.space, "old", ChannelKind::Public, &[]));
    let messages: Vec<_> =
        (1..=3).map(|second| imported(channel.id, room.ada, second, &format!("line {second}"))).collect();
    let second = ReadTo::Message(messages[1].message.id);
    channel.members = [(room.bob, second), (cyd, ReadTo::Nothing), (dan, ReadTo::Everything)]
        .map(|(user, read)| ImportedSeat { read, ..ImportedSeat::new(user, "member", at(0)) })
        .into();
    store.import_channel(&channel, TERMS).await.unwrap();
    store.import_messages(channel.id, &messages, false).await.unwrap();
    let read: Vec<_> = channel.members.iter().map(|seat| (seat.user, seat.read)).collect();
    store.finish_channel(channel.id, &read).await.unwrap();
    let exported = store.export_channels(None, 10).await.unwrap();
    let seats = &exported.iter().find(|one| one.id == channel.id).unwrap().members;
    let last = ReadTo::Message(messages[2].message.id);
    let found = |user| seats.iter().find(|seat| seat.user == user).unwrap().read;
    assert_eq!([room.bob, cyd, dan].map(found), [second, ReadTo::Nothing, last]);

    // Who is there keeps what is read; only who comes with an import gets a mark from it.
    store.mark_read(channel.id, cyd, 1, true).await.unwrap();
    channel.members.push(ImportedSeat::new(eli, "member", at(0)));
    store.import_channel(&channel, TERMS).await.unwrap();
    store.finish_channel(channel.id, &read).await.unwrap();
    let mark = |user| async move {
        store.channel(channel.id, user).await.unwrap().unwrap().membership.unwrap().last_read_seq
    };
    assert_eq!((mark(cyd).await, mark(eli).await), (1, 3));
}

pub(super) async fn messages_come_once_and_whole<S: Store>(stage: &Stage<S>) {
    let store = &stage.store;
    let room = stage.room().await;
    let channel =
        import_of(stage, &stage.new_channel(room.space, "old", ChannelKind::Public, &[room.ada, room.bob]));
    let channel = store.import_channel(&channel, TERMS).await.unwrap().0.id;
    let mut batch: Vec<_> =
        (1..=900).map(|second| imported(channel, room.ada, second * 10, &format!("line {second}"))).collect();
    let root = batch[3].message.id;
    for reply in [5, 700] {
        batch[reply].message.thread_id = Some(root);
        batch[reply].message.author_id = room.bob;
    }
    batch[9].message.reply_to = Some(root);
    batch[9].message.mentions = vec![room.bob];
    batch[10].edited_at = Some(at(5_000));
    batch[10].history = vec![
        Revision { text: "second".to_owned(), at: at(5_000) },
        Revision { text: "first".to_owned(), at: at(4_000) },
    ];
    batch[11].pinned = Some((room.bob, at(6_000)));
    batch[11].reactions = vec![
        ("\u{1f44d}".to_owned(), room.bob, at(1)),
        ("\u{1f44d}".to_owned(), room.ada, at(2)),
        ("\u{1f680}".to_owned(), room.ada, at(3)),
    ];
    batch[12].deleted = true;
    batch[12].message.text = String::new();
    batch[12].message.index = String::new();

    assert_eq!(store.import_messages(channel, &batch[..500], false).await.unwrap(), counted(500, 0));
    assert_eq!(store.import_messages(channel, &batch[400..], false).await.unwrap(), counted(400, 100));
    assert_eq!(store.import_messages(channel, &batch[500..], false).await.unwrap(), counted(0, 400));
    store.finish_channel(channel, &[]).await.unwrap();

    let seen = store.channel(channel, room.bob).await.unwrap().unwrap();
    assert_eq!((seen.last_seq, seen.last_message_at), (900, Some(at(9_000))));
    assert_eq!(
        seen.membership.map(|mine| (mine.last_read_seq, mine.unread, mine.mentions)),
        Some((900, 0, 0))
    );
    let (items, total) = store.slice(Line::Main(channel), Slice::After(-1), 200, room.bob).await.unwrap();
    assert_eq!(
        (total, items.len(), items[0].text.as_str(), items[0].created_at),
        (898, 200, "line 1", at(10))
    );
    let (replies, total) =
        store.slice(Line::Thread(channel, root), Slice::Latest, 10, room.bob).await.unwrap();
    assert_eq!((total, replies[0].text.as_str(), replies[1].text.as_str()), (2, "line 6", "line 701"));
    let shown = stage.shown(root, room.ada).await.thread.unwrap();
    assert_eq!(
        (shown.reply_count, shown.last_reply_at, shown.participant_ids),
        (2, Some(at(7_010)), vec![room.bob])
    );
    let changed = stage.shown(batch[10].message.id, room.ada).await;
    assert_eq!(changed.edited_at, Some(at(5_000)));
    assert_eq!(store.history(changed.id).await.unwrap(), batch[10].history);
    let liked = stage.shown(batch[11].message.id, room.ada).await;
    let counts: Vec<_> = liked
        .reactions
        .iter()
        .map(|reaction| (reaction.emoji.as_str(), reaction.count, reaction.me))
        .collect();
    assert_eq!((liked.pinned, counts), (true, vec![("\u{1f44d}", 2, true), ("\u{1f680}", 1, true)]));
    assert!(stage.shown(batch[12].message.id, room.ada).await.deleted);
    assert_eq!(stage.shown(batch[9].message.id, room.ada).await.reply_to, Some(root));

    let events = store.events_after(channel, 898, 10).await.unwrap();
    assert_eq!(
        events.iter().map(|event| (event.seq, event.at)).collect::<Vec<_>>(),
        [(899, at(8_990)), (900, at(9_000))]
    );
    assert!(matches!(&events[0].event, EventBody::MessagePosted { message } if message.text == "line 899"));
    let plan = SearchPlan { terms: index_terms("line 899"), ..SearchPlan::default() };
    let found = store.find(&plan, room.bob, None, 10).await.unwrap();
    assert_eq!(found.iter().map(|message| message.text.as_str()).collect::<Vec<_>>(), ["line 899"]);
}

pub(super) async fn a_key_that_is_taken_stores_nothing<S: Store>(stage: &Stage<S>) {
    let store = &stage.store;
    let room = stage.room().await;
    let first = imported(room.channel, room.ada, 10, "first");
    store.import_messages(room.channel, std::slice::from_ref(&first), false).await.unwrap();
    let mut twin = imported(room.channel, room.ada, 10, "twin");
    twin.message.id = MessageId::from_uuid(Uuid::from_u128(first.message.id.as_uuid().as_u128() ^ 1));
    let fresh = imported(room.channel, room.ada, 20, "fresh");
    refused!(
        store.import_messages(room.channel, &[fresh.clone(), twin.clone()], false).await,
        StoreError::Conflict("id")
    );
    let mut orphan = imported(room.channel, room.ada, 30, "orphan");
    orphan.message.thread_id = Some(stage.id());
    refused!(
        store.import_messages(room.channel, &[fresh.clone(), orphan], false).await,
        StoreError::Missing("thread")
    );
    let mut answer = imported(room.channel, room.ada, 30, "answer");
    answer.message.reply_to = Some(stage.id());
    refused!(
        store.import_messages(room.channel, &[fresh.clone(), answer], false).await,
        StoreError::Missing("reply_to")
    );
    let other = import_of(stage, &stage.new_channel(room.space, "other", ChannelKind::Public, &[room.ada]));
    let absent: ChannelId = stage.id();
    let both = [fresh.clone(), first.clone()];
    refused!(store.import_messages(absent, &both, true).await, StoreError::Conflict("channel"));
    assert_eq!(store.import_messages(absent, &both[..1], true).await.unwrap(), counted(1, 0));
    store.import_channel(&other, TERMS).await.unwrap();
    for dry_run in [true, false] {
        refused!(store.import_messages(other.id, &both, dry_run).await, StoreError::Conflict("channel"));
    }
    assert!(store.export_messages(other.id, None, 10).await.unwrap().is_empty());
    refused!(
        store.import_messages(stage.id(), std::slice::from_ref(&fresh), false).await,
        StoreError::Missing("channel")
    );
    let seen = store.channel(room.channel, room.ada).await.unwrap().unwrap();
    assert_eq!(seen.last_seq, 1, "nothing was stored");
    twin.message.id = MessageId::imported(at(10), 1, 7);
    assert_eq!(store.import_messages(room.channel, &[fresh, twin], false).await.unwrap(), counted(2, 0));
}

pub(super) async fn an_import_into_a_living_channel_is_put_in_order<S: Store>(stage: &Stage<S>) {
    let store = &stage.store;
    let room = stage.room().await;
    for text in ["live 1", "live 2"] {
        stage.say(room.channel, room.ada, text).await;
    }
    let old: Vec<_> =
        (1..=3).map(|second| imported(room.channel, room.bob, second, &format!("old {second}"))).collect();
    store.import_messages(room.channel, &old, false).await.unwrap();
    store.finish_channel(room.channel, &[]).await.unwrap();
    let (items, total) = store.slice(Line::Main(room.channel), Slice::Latest, 10, room.ada).await.unwrap();
    let order: Vec<_> = items.iter().map(|message| (message.position, message.text.as_str())).collect();
    assert_eq!(total, 5);
    assert_eq!(order, [(0, "old 1"), (1, "old 2"), (2, "old 3"), (3, "live 1"), (4, "live 2")]);
    assert_eq!(stage.say(room.channel, room.ada, "next").await.position, 5);
    assert_eq!(
        store.channel(room.channel, room.ada).await.unwrap().unwrap().last_message_at.unwrap(),
        items_last(stage, &room).await
    );
    refused!(store.finish_channel(stage.id(), &[]).await, StoreError::Missing("channel"));
}

async fn items_last<S: Store>(stage: &Stage<S>, room: &super::Room) -> Timestamp {
    let (items, _) = stage.store.slice(Line::Main(room.channel), Slice::Latest, 1, room.ada).await.unwrap();
    items[0].created_at
}

pub(super) async fn an_export_reads_everything_back<S: Store>(stage: &Stage<S>) {
    let store = &stage.store;
    let room = stage.room().await;
    let named =
        NewMessage { client_id: Some("c1".to_owned()), ..stage.draft(room.channel, room.ada, "root") };
    let root = stage.post(named).await.message;
    let reply = stage.reply(&root, room.bob, "reply").await;
    let edited = stage.now();
    store.edit(reply.id, &super::changes::edit("better reply", edited)).await.unwrap();
    let (liked, pinned) = (stage.now(), stage.now());
    store.react(root.id, room.bob, "\u{1f44d}", liked).await.unwrap();
    store.set_pinned(root.id, room.ada, true, pinned).await.unwrap();
    let last = stage.say(room.channel, room.bob, "last").await;

    let all = store.export_messages(room.channel, None, 10).await.unwrap();
    assert_eq!(all.iter().map(|one| one.message.id).collect::<Vec<_>>(), [root.id, reply.id, last.id]);
    assert_eq!(all[0].message.client_id.as_deref(), Some("c1"));
    assert_eq!(all[0].reactions, [("\u{1f44d}".to_owned(), room.bob, liked)]);
    assert_eq!(all[0].pinned, Some((room.ada, pinned)));
    assert!(!all[0].message.reactions[0].me);
    assert_eq!(all[1].history, [Revision { text: "reply".to_owned(), at: edited }]);
    assert_eq!((all[1].message.text.as_str(), all[1].message.thread_id), ("better reply", Some(root.id)));
    let rest = store.export_messages(room.channel, Some(root.id), 1).await.unwrap();
    assert_eq!(rest, all[1..2]);
    let channels = store.export_channels(None, 10).await.unwrap();
    let seats: Vec<_> =
        channels[0].members.iter().map(|one| (one.user, one.role.as_str(), one.read)).collect();
    let expected = [(room.ada, "member", ReadTo::Nothing), (room.bob, "member", ReadTo::Nothing)];
    assert_eq!(seats, expected);
    assert_eq!(store.space_members(room.space, None, page(None, 10)).await.unwrap().len(), 2);
}
