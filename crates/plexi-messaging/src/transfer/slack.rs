//! Slack workspace exports: `users.json`, `channels.json`, `groups.json`, `dms.json`, `mpims.json`, and a folder a channel
//! with a JSON file a day.

mod archive;
mod document;
mod text;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::Path;

use plexi_core::{ChannelId, MessageId, Timestamp, UserId};

use super::{Outlet, Step, TransferError, accept, ident};
use crate::model::{ChannelKind, MessageKind, Space, SystemEvent, SystemNote};
use crate::ports::{
    AccountKind, ImportedChannel, ImportedMember, ImportedMessage, ImportedSeat, ImportedUser, NewMessage,
};
use archive::Archive;
use document::{Conversation, Post, SlackUser};

/// Reads an export and puts what it holds into the outlet.
///
/// # Errors
/// [`TransferError::Format`] names the document that cannot be read.
pub fn read(path: &Path, outlet: &mut Outlet) -> Result<(), TransferError> {
    let mut archive = Archive::open(path)?;
    let users: Vec<SlackUser> = archive.entries("users.json", outlet)?;
    let mut conversations = Vec::new();
    for (name, kind) in [
        ("channels.json", ChannelKind::Public),
        ("groups.json", ChannelKind::Private),
        ("mpims.json", ChannelKind::Group),
        ("dms.json", ChannelKind::Direct),
    ] {
        let list: Vec<Conversation> = archive.entries(name, outlet)?;
        let place = |at: usize| format!("{name}, entry {}", at + 1);
        conversations.extend(list.into_iter().enumerate().map(|(at, conversation)| Room {
            kind,
            place: place(at),
            conversation,
        }));
    }
    if conversations.is_empty() {
        return Err(TransferError::Format(format!(
            "{}: this is no Slack export: it has no channels.json, groups.json, mpims.json or dms.json",
            path.display()
        )));
    }
    let origin = format!("slack/{}", identity(&users, &conversations));
    outlet.put(Step::Origin(origin.clone()))?;
    let mut workspace = Workspace::new(origin, users);
    workspace.begin(&archive, &conversations, outlet)?;
    for room in conversations {
        workspace.conversation(&mut archive, &room, outlet)?;
    }
    Ok(())
}

/// A conversation with its place in the export.
struct Room {
    kind: ChannelKind,
    place: String,
    conversation: Conversation,
}

/// What tells this workspace from others: the team most of its users are of. An export that does not say it is known by who and what
/// is in it, so that the same file is the same workspace, and no other is.
fn identity(users: &[SlackUser], rooms: &[Room]) -> String {
    let mut teams: BTreeMap<&str, usize> = BTreeMap::new();
    for team in users.iter().filter_map(|user| user.team_id.as_deref()) {
        *teams.entry(team).or_default() += 1;
    }
    // Among equals the first by name, whatever order the users are in.
    if let Some((team, _)) = teams.into_iter().rev().max_by_key(|(_, users)| *users) {
        return team.to_owned();
    }
    let mut parts: Vec<[&str; 3]> = users.iter().map(|user| ["user", &user.id, &user.name]).collect();
    parts.extend(rooms.iter().map(|room| ["room", &room.conversation.id, &room.conversation.name]));
    parts.sort_unstable();
    ident::fingerprint(parts.as_flattened())
}

/// What of an export is needed while its messages are read.
struct Workspace {
    origin: String,
    users: HashMap<String, UserId>,
    /// Account names by Slack id, for mentions in texts.
    names: HashMap<String, String>,
    /// Those who were guests there.
    guests: HashSet<UserId>,
    documents: Vec<SlackUser>,
    /// When the workspace was made, as far as is known.
    made: Timestamp,
}

impl Workspace {
    fn new(origin: String, documents: Vec<SlackUser>) -> Self {
        let users = documents.iter().map(|user| (user.id.clone(), ident::user(&origin, &user.id))).collect();
        let names = documents.iter().map(|user| (user.id.clone(), ident::account_name(&user.name))).collect();
        let guests = documents.iter().filter(|user| user.is_guest());
        let guests = guests.map(|user| ident::user(&origin, &user.id)).collect();
        Self { origin, users, names, guests, documents, made: Timestamp::default() }
    }

    /// Users, the space, its members.
    fn begin(&mut self, archive: &Archive, rooms: &[Room], outlet: &mut Outlet) -> Result<(), TransferError> {
        let days = rooms.iter().map(|room| archive.days(folder(room.kind, &room.conversation)).len());
        outlet.put(Step::Parts(days.sum::<usize>() as u64))?;
        let mut seen: HashMap<&str, i64> = HashMap::new();
        let known = rooms.iter().map(|room| &room.conversation).filter(|one| one.created > 0);
        for conversation in known.clone() {
            for member in &conversation.members {
                let first = seen.entry(member).or_insert(conversation.created);
                *first = conversation.created.min(*first);
            }
        }
        self.made =
            Timestamp::from_seconds(known.map(|conversation| conversation.created).min().unwrap_or(0));
        let since = |user: &SlackUser| {
            seen.get(user.id.as_str()).map_or(self.made, |at| Timestamp::from_seconds(*at))
        };
        for (at, user) in self.documents.iter().enumerate() {
            let place = format!("users.json, entry {}", at + 1);
            outlet.at(place.as_str());
            let account = self.account(user, since(user), &place, outlet)?;
            outlet.user(account)?;
        }
        outlet.at("users.json");
        let space = ident::space(&self.origin);
        outlet.put(Step::Space(Space {
            id: space,
            name: archive.title(),
            archived: false,
            created_at: self.made,
            role: None,
        }))?;
        let members = self.documents.iter().map(|user| self.member(user, since(user))).collect();
        outlet.put_chunks(members, |chunk| Step::SpaceMembers(space, chunk))?;
        self.documents = Vec::new();
        Ok(())
    }

    fn member(&self, user: &SlackUser, joined_at: Timestamp) -> ImportedMember {
        let user = ident::user(&self.origin, &user.id);
        ImportedMember { user, role: self.role(user).to_owned(), joined_at }
    }

    /// The role of a user at every scope. Who administers a workspace there is an ordinary member here.
    fn role(&self, user: UserId) -> &'static str {
        if self.guests.contains(&user) { "guest" } else { "member" }
    }

    fn account(
        &self,
        user: &SlackUser,
        created_at: Timestamp,
        place: &str,
        outlet: &Outlet,
    ) -> Result<ImportedUser, TransferError> {
        let profile = &user.profile;
        let name = accept::account_name(&user.name, place, outlet)?;
        let shown = [&profile.display_name, &profile.real_name, &user.real_name, &user.name];
        let shown = accept::display_name(shown.map(String::as_str), &name, place, outlet)?;
        let id = ident::user(&self.origin, &user.id);
        Ok(ImportedUser {
            kind: if user.is_bot { AccountKind::Bot } else { AccountKind::Imported },
            disabled: user.deleted,
            role: self.role(id).to_owned(),
            ..ImportedUser::new(id, &name, &shown, created_at)
        })
    }

    /// The account of an author; one that no list names is made on the way.
    fn author(&mut self, post: &Post, at: Timestamp, outlet: &mut Outlet) -> Result<UserId, TransferError> {
        let id = post.user.as_deref().or(post.bot_id.as_deref()).unwrap_or("unknown");
        if let Some(user) = self.users.get(id) {
            return Ok(*user);
        }
        outlet.note("author is in no list of users: an account was made from the message", id)?;
        let name = post.username.clone().unwrap_or_else(|| id.to_owned());
        let user = ident::user(&self.origin, id);
        let account = accept::account_name(&name, id, outlet)?;
        let shown = accept::display_name([name.as_str()], &account, id, outlet)?;
        outlet.put(Step::Users(vec![ImportedUser {
            kind: if post.user.is_none() { AccountKind::Bot } else { AccountKind::Imported },
            ..ImportedUser::new(user, &account, &shown, at)
        }]))?;
        let member = ImportedMember { user, role: "member".to_owned(), joined_at: at };
        outlet.put(Step::SpaceMembers(ident::space(&self.origin), vec![member]))?;
        self.users.insert(id.to_owned(), user);
        self.names.insert(id.to_owned(), account);
        Ok(user)
    }

    fn conversation(
        &mut self,
        archive: &mut Archive,
        room: &Room,
        outlet: &mut Outlet,
    ) -> Result<(), TransferError> {
        let Room { kind, place, conversation } = room;
        let kind = *kind;
        outlet.at(place.as_str());
        let mut members: Vec<UserId> =
            conversation.members.iter().filter_map(|member| self.users.get(member).copied()).collect();
        members.sort_unstable();
        members.dedup();
        let direct_key =
            kind.is_direct().then(|| members.iter().map(ToString::to_string).collect::<Vec<_>>().join("+"));
        let id = ident::channel(&self.origin, &conversation.id);
        let created_at =
            if conversation.created > 0 { Timestamp::from_seconds(conversation.created) } else { self.made };
        let made = ImportedChannel {
            id,
            space_id: (!kind.is_direct()).then(|| ident::space(&self.origin)),
            kind,
            name: if kind.is_direct() {
                String::new()
            } else {
                accept::channel_name(&conversation.name, place, outlet)?
            },
            topic: accept::line(conversation.topic().to_owned(), accept::MOST_TOPIC, place, outlet)?,
            archived: conversation.is_archived,
            created_at,
            members: members
                .into_iter()
                .map(|user| ImportedSeat::new(user, self.role(user), created_at))
                .collect(),
            direct_key,
        };
        outlet.put(Step::Channel(made))?;
        let pinned: HashSet<String> = conversation.pins.iter().filter_map(|pin| pin.id.clone()).collect();
        let mut line = Line { channel: id, roots: HashSet::new(), last: None };
        for day in archive.days(folder(kind, conversation)) {
            let posts: Vec<Post> = archive.entries(&day, outlet)?;
            let mut posts: Vec<(usize, Post)> = posts.into_iter().enumerate().collect();
            // A stable sort: posts of one instant stay in the order of the file.
            posts.sort_by_key(|(_, post)| post.time());
            for (at, post) in &posts {
                outlet.at(format!("{day}, entry {}", at + 1));
                self.post(post, &day, &pinned, &mut line, outlet)?;
            }
            outlet.part_done()?;
        }
        outlet.put(Step::ChannelDone(id))
    }

    fn post(
        &mut self,
        post: &Post,
        day: &str,
        pinned: &HashSet<String>,
        line: &mut Line,
        outlet: &mut Outlet,
    ) -> Result<(), TransferError> {
        let place = || format!("{day}, ts {}", post.ts);
        let Some(at) = post.time() else {
            return outlet.note("message without a valid ts was left out", place());
        };
        if line.last == Some(at) {
            return outlet.note("message with the ts of the one before was left out", place());
        }
        let system = post.system_note();
        let mut text = if system.is_some() { String::new() } else { text::markdown(post, &self.names) };
        if post.subtype.as_deref() == Some("me_message") {
            text = format!("_{text}_");
        }
        if !post.files.is_empty() {
            outlet.note("file was not fetched: an export holds only links, kept in the text", place())?;
        }
        let author_id = self.author(post, at, outlet)?;
        let id = ident::message(line.channel, at);
        let thread_id = line.thread(post, id, outlet, &place)?;
        let mentions = if system.is_some() { Vec::new() } else { text::mentions(&post.text, &self.users) };
        let created_at = at;
        line.last = Some(at);
        outlet.message(ImportedMessage {
            message: NewMessage {
                id,
                channel_id: line.channel,
                author_id,
                kind: if system.is_some() { MessageKind::System } else { MessageKind::Text },
                index: String::new(),
                has_link: false,
                text,
                system,
                created_at,
                client_id: None,
                thread_id,
                reply_to: None,
                mentions,
                mentions_all: ["<!channel", "<!here", "<!everyone"].iter().any(|all| post.text.contains(all)),
            },
            edited_at: post.edited.as_ref().and_then(|edited| document::time(&edited.ts)),
            deleted: false,
            pinned: pinned.contains(&post.ts).then_some((author_id, created_at)),
            reactions: self.reactions(post, created_at),
            history: Vec::new(),
        })
    }

    fn reactions(&self, post: &Post, at: Timestamp) -> Vec<(String, UserId, Timestamp)> {
        let mut all = Vec::new();
        for reaction in post.reactions.iter().take(50) {
            let emoji = text::emoji(&reaction.name);
            for user in reaction.users.iter().filter_map(|user| self.users.get(user)) {
                all.push((emoji.clone(), *user, at));
            }
        }
        all
    }
}

/// The channel that is being read.
struct Line {
    channel: ChannelId,
    /// First messages of threads that were read.
    roots: HashSet<MessageId>,
    last: Option<Timestamp>,
}

impl Line {
    /// The thread a post replies in, if its first message was read; a first message is remembered.
    fn thread(
        &mut self,
        post: &Post,
        id: MessageId,
        outlet: &Outlet,
        place: &dyn Fn() -> String,
    ) -> Result<Option<MessageId>, TransferError> {
        let Some(root) = post.thread_ts.as_deref().and_then(document::time) else { return Ok(None) };
        let root = ident::message(self.channel, root);
        if root == id {
            self.roots.insert(id);
            return Ok(None);
        }
        if self.roots.contains(&root) {
            return Ok(Some(root));
        }
        outlet.note("reply whose thread is not in the export became a message of the channel", place())?;
        Ok(None)
    }
}

/// Direct conversations have folders named by their id, the others by their name.
fn folder(kind: ChannelKind, conversation: &Conversation) -> &str {
    if kind == ChannelKind::Direct || conversation.name.is_empty() {
        &conversation.id
    } else {
        &conversation.name
    }
}

impl Post {
    /// The note that a post of this subtype is.
    fn system_note(&self) -> Option<SystemNote> {
        let (event, text) = match self.subtype.as_deref()? {
            "channel_join" | "group_join" => (SystemEvent::Joined, None),
            "channel_leave" | "group_leave" => (SystemEvent::Left, None),
            "channel_topic" | "group_topic" => (SystemEvent::Topic, self.topic.clone()),
            "channel_purpose" | "group_purpose" => (SystemEvent::Topic, self.purpose.clone()),
            "channel_name" | "group_name" => (SystemEvent::Renamed, self.name.clone()),
            "channel_archive" | "group_archive" => (SystemEvent::Archived, None),
            "channel_unarchive" | "group_unarchive" => (SystemEvent::Restored, None),
            "pinned_item"
            | "channel_convert_to_private"
            | "channel_posting_permissions"
            | "reminder_add"
            | "bot_add"
            | "bot_remove"
            | "tombstone" => (SystemEvent::Other, Some(self.text.clone())),
            _ => return None,
        };
        Some(SystemNote { event, user_id: None, text })
    }
}
