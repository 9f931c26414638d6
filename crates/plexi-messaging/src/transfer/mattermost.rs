//! Mattermost bulk files: one JSON object a line, `version` first, as `mmctl export` writes them (alone or in a zip).
//!
//! The file is read twice: first teams, channels, users and where each post stands; then the posts of each channel in
//! order of time, since a bulk file promises no order.

mod line;
mod source;

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use plexi_core::{ChannelId, Timestamp, UserId};

use super::{Bounds, Outlet, Step, TransferError, accept, ident};
use crate::model::{ChannelKind, MessageKind, Space, SystemEvent, SystemNote};
use crate::ports::{
    AccountKind, ImportedChannel, ImportedMember, ImportedMessage, ImportedSeat, ImportedUser, NewMessage,
};
use line::{Line, MmChannel, MmPost, MmTeam, MmUser};
use source::Lines;

/// Where bulk files come from: names are the ids there, those of accounts with their address.
const ORIGIN: &str = "mattermost";
/// The most posts of one file whose places are held in memory (40 bytes each).
const MAX_POSTS: usize = 50_000_000;

/// Reads a bulk file and puts what it holds into the outlet.
///
/// # Errors
/// [`TransferError::Format`] names the line that cannot be read.
pub fn read(path: &Path, bounds: &Bounds, outlet: &mut Outlet) -> Result<(), TransferError> {
    let mut lines = Lines::open(path, bounds, outlet)?;
    let mut bulk = Bulk::default();
    bulk.survey(&mut lines, outlet)?;
    outlet.put(Step::Origin(ORIGIN.to_owned()))?;
    bulk.begin(outlet)?;
    let rooms = std::mem::take(&mut bulk.rooms);
    for (key, mut posts) in rooms {
        posts.sort_unstable();
        outlet.at(key.place());
        let channel = bulk.channel(&key, posts.first().map(|(at, _)| *at), outlet)?;
        for (_, offset) in posts {
            outlet.at(lines.place(offset));
            match lines.at(offset)? {
                Line::Post { post } | Line::DirectPost { direct_post: post } => {
                    bulk.post(channel, &post, outlet)?;
                }
                _ => {}
            }
            outlet.part_done()?;
        }
        outlet.put(Step::ChannelDone(channel))?;
    }
    Ok(())
}

/// A channel of a team by both names, or a direct conversation by its sorted members.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Room {
    Channel(String, String),
    Direct(Vec<String>),
}

impl Room {
    /// How reports and errors call it.
    fn place(&self) -> String {
        match self {
            Self::Channel(team, name) => format!("channel {name} of team {team}"),
            Self::Direct(members) => format!("conversation of {}", members.join(", ")),
        }
    }
}

/// What of a bulk file is held in memory: everything but the posts.
#[derive(Default)]
struct Bulk {
    teams: BTreeMap<String, MmTeam>,
    channels: BTreeMap<(String, String), MmChannel>,
    users: BTreeMap<String, MmUser>,
    accounts: HashMap<String, UserId>,
    /// For each room: time and place of its posts.
    rooms: BTreeMap<Room, Vec<(i64, u64)>>,
    members: BTreeMap<Room, Vec<(UserId, &'static str)>>,
    first: FirstTimes,
}

/// When things were first heard of: a bulk file does not say when they were made. Milliseconds.
#[derive(Default)]
struct FirstTimes {
    users: HashMap<String, i64>,
    teams: HashMap<String, i64>,
    any: Option<i64>,
}

impl FirstTimes {
    fn see(&mut self, post: &MmPost) {
        let at = post.create_at;
        let earlier = |known: &mut i64| *known = at.min(*known);
        self.users.entry(post.user.clone()).and_modify(earlier).or_insert(at);
        if !post.team.is_empty() {
            self.teams.entry(post.team.clone()).and_modify(earlier).or_insert(at);
        }
        self.any = Some(self.any.map_or(at, |known| known.min(at)));
        for reply in post.replies.iter().flatten() {
            self.see(reply);
        }
    }

    /// Of whom or what nothing was heard is as old as the file's first post.
    fn since(&self, known: Option<&i64>) -> Timestamp {
        Timestamp::from_millis(known.copied().or(self.any).unwrap_or(0))
    }

    fn user(&self, name: &str) -> Timestamp {
        self.since(self.users.get(name))
    }
}

impl Bulk {
    fn survey(&mut self, lines: &mut Lines, outlet: &mut Outlet) -> Result<(), TransferError> {
        let mut posts: usize = 0;
        let mut seen_version = false;
        while let Some((offset, line)) = lines.next_line(outlet)? {
            if !seen_version && !matches!(line, Line::Version { .. }) {
                return Err(TransferError::Format(
                    "this is no Mattermost bulk file: the first line has to be its version".to_owned(),
                ));
            }
            match line {
                Line::Version { version: 1 } => seen_version = true,
                Line::Version { version } => {
                    return Err(TransferError::Format(format!("bulk version {version} is not known; 1 is")));
                }
                Line::Team { team } => {
                    self.teams.insert(team.name.clone(), team);
                }
                Line::Channel { channel } => {
                    self.rooms.entry(Room::Channel(channel.team.clone(), channel.name.clone())).or_default();
                    self.channels.insert((channel.team.clone(), channel.name.clone()), channel);
                }
                Line::User { user } => {
                    self.users.insert(user.username.clone(), user);
                }
                Line::Bot { bot } => {
                    self.users.insert(bot.username.clone(), bot.into_user());
                }
                Line::DirectChannel { direct_channel } => {
                    self.rooms.entry(direct(&direct_channel.members)).or_default();
                }
                Line::Post { post } => {
                    self.first.see(&post);
                    let room = Room::Channel(post.team, post.channel);
                    self.rooms.entry(room).or_default().push((post.create_at, offset));
                    posts += 1;
                }
                Line::DirectPost { direct_post } => {
                    self.first.see(&direct_post);
                    let room = direct(&direct_post.channel_members);
                    self.rooms.entry(room).or_default().push((direct_post.create_at, offset));
                    posts += 1;
                }
                Line::Other => {
                    outlet.note("line of a kind that is not taken over", format!("byte {offset}"))?;
                }
            }
            if posts > MAX_POSTS {
                return Err(TransferError::Format(
                    "the file has more than 50 million posts; split it".to_owned(),
                ));
            }
        }
        if !seen_version {
            return Err(TransferError::Format("the file is empty".to_owned()));
        }
        outlet.put(Step::Parts(posts as u64))
    }

    /// Users, teams as spaces, and who is where.
    fn begin(&mut self, outlet: &mut Outlet) -> Result<(), TransferError> {
        let users = std::mem::take(&mut self.users);
        self.accounts = users.values().map(|user| (user.username.clone(), user.id())).collect();
        for user in users.values() {
            outlet.at(user.place());
            let account = account(user, self.first.user(&user.username), outlet)?;
            outlet.user(account)?;
        }
        let mut in_teams: BTreeMap<String, Vec<ImportedMember>> = BTreeMap::new();
        for user in users.values() {
            let id = user.id();
            for team in user.teams.iter().flatten() {
                let joined_at = self.first.user(&user.username);
                let member =
                    ImportedMember { user: id, role: role(&team.roles, "team").to_owned(), joined_at };
                in_teams.entry(team.name.clone()).or_default().push(member);
                for channel in team.channels.iter().flatten() {
                    let room = Room::Channel(team.name.clone(), channel.name.clone());
                    self.members.entry(room).or_default().push((id, role(&channel.roles, "channel")));
                }
            }
        }
        for (name, team) in &self.teams {
            let id = ident::space(&format!("{ORIGIN}/{name}"));
            let place = format!("team {name}");
            outlet.at(place.as_str());
            let title = if team.display_name.is_empty() { name } else { &team.display_name };
            let title = accept::space_name(title.clone(), &place, outlet)?;
            outlet.put(Step::Space(Space {
                id,
                name: title,
                archived: false,
                created_at: self.first.since(self.first.teams.get(name)),
                role: None,
            }))?;
            let members = in_teams.remove(name).unwrap_or_default();
            outlet.put_chunks(members, |chunk| Step::SpaceMembers(id, chunk))?;
        }
        Ok(())
    }

    /// A channel or conversation; `first` is the time of its first post.
    fn channel(
        &mut self,
        room: &Room,
        first: Option<i64>,
        outlet: &mut Outlet,
    ) -> Result<ChannelId, TransferError> {
        let members = self.members.remove(room).unwrap_or_default();
        let created_at = self.first.since(first.as_ref());
        let seat = |(user, role)| ImportedSeat::new(user, role, created_at);
        let channel = match room {
            Room::Channel(team, name) => {
                let known = self.channels.remove(&(team.clone(), name.clone()));
                if known.is_none() {
                    outlet.note(
                        "channel is in no line of its own: it was made from its posts",
                        name.as_str(),
                    )?;
                }
                let known = known.unwrap_or_default();
                let topic = if known.header.is_empty() { known.purpose } else { known.header };
                let place = room.place();
                ImportedChannel {
                    id: ident::channel(ORIGIN, &format!("{team}/{name}")),
                    space_id: Some(ident::space(&format!("{ORIGIN}/{team}"))),
                    kind: if known.kind == "P" { ChannelKind::Private } else { ChannelKind::Public },
                    name: accept::channel_name(name, &place, outlet)?,
                    topic: accept::line(topic, accept::MOST_TOPIC, &place, outlet)?,
                    archived: known.deleted_at > 0,
                    created_at,
                    members: members.into_iter().map(seat).collect(),
                    direct_key: None,
                }
            }
            Room::Direct(names) => {
                let mut users: Vec<UserId> = Vec::with_capacity(names.len());
                for name in names {
                    users.push(self.author(name, outlet)?);
                }
                users.sort_unstable();
                let key = users.iter().map(ToString::to_string).collect::<Vec<_>>().join("+");
                ImportedChannel {
                    id: ident::channel(ORIGIN, &key),
                    space_id: None,
                    kind: if users.len() > 2 { ChannelKind::Group } else { ChannelKind::Direct },
                    name: String::new(),
                    topic: String::new(),
                    archived: false,
                    created_at,
                    members: users.into_iter().map(|user| seat((user, "member"))).collect(),
                    direct_key: Some(key),
                }
            }
        };
        let id = channel.id;
        outlet.put(Step::Channel(channel))?;
        Ok(id)
    }

    /// A post and its replies, which a bulk file holds inside it.
    fn post(&mut self, channel: ChannelId, post: &MmPost, outlet: &mut Outlet) -> Result<(), TransferError> {
        let root = self.message(channel, post, None, outlet)?;
        let mut replies: Vec<&MmPost> = post.replies.iter().flatten().collect();
        replies.sort_by_key(|reply| reply.create_at);
        for reply in replies {
            self.message(channel, reply, Some(root), outlet)?;
        }
        Ok(())
    }

    fn message(
        &mut self,
        channel: ChannelId,
        post: &MmPost,
        thread_id: Option<plexi_core::MessageId>,
        outlet: &mut Outlet,
    ) -> Result<plexi_core::MessageId, TransferError> {
        let created_at = Timestamp::from_millis(post.create_at);
        let system = post.system_note();
        let attached = post.attachments.iter().flatten().count();
        if attached > 0 {
            outlet.note(
                "attachment was not taken over: files come with a later version",
                created_at.to_string(),
            )?;
        }
        let mut text = if system.is_some() { String::new() } else { post.message.clone() };
        if text.trim().is_empty() && system.is_none() {
            text = post
                .attachments
                .iter()
                .flatten()
                .map(|file| format!("({})", file.path))
                .collect::<Vec<_>>()
                .join("\n");
        }
        let author_id = self.author(&post.user, outlet)?;
        let at = post.create_at.to_string();
        let thread = thread_id.map(|id| id.to_string()).unwrap_or_default();
        let id = ident::message_in_millisecond(
            created_at,
            &["post", &channel.to_string(), &thread, &post.user, &at, &post.message],
        );
        let named = crate::text::mentions(&text);
        let mentions =
            named.names.iter().filter_map(|name| self.accounts.get(name).copied()).take(50).collect();
        let mut reactions = Vec::new();
        for reaction in post.reactions.iter().flatten() {
            let user = self.author(&reaction.user, outlet)?;
            let emoji: String = reaction.emoji_name.chars().filter(|c| !c.is_whitespace()).take(30).collect();
            reactions.push((format!(":{emoji}:"), user, Timestamp::from_millis(reaction.create_at)));
        }
        outlet.message(ImportedMessage {
            message: NewMessage {
                id,
                channel_id: channel,
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
                mentions_all: named.all,
            },
            edited_at: (post.edit_at > 0).then(|| Timestamp::from_millis(post.edit_at)),
            deleted: false,
            pinned: post.is_pinned.then_some((author_id, created_at)),
            reactions,
            history: Vec::new(),
        })?;
        Ok(id)
    }

    /// The account of a name; one that no line brought is made on the way.
    fn author(&mut self, name: &str, outlet: &mut Outlet) -> Result<UserId, TransferError> {
        if let Some(user) = self.accounts.get(name) {
            return Ok(*user);
        }
        outlet.note("author is in no line of users: an account was made", name)?;
        let user = MmUser { username: name.to_owned(), ..MmUser::default() };
        let id = user.id();
        let made = account(&user, self.first.user(name), outlet)?;
        outlet.put(Step::Users(vec![made]))?;
        self.accounts.insert(name.to_owned(), id);
        Ok(id)
    }
}

fn direct(members: &[String]) -> Room {
    let mut members = members.to_vec();
    members.sort_unstable();
    members.dedup();
    Room::Direct(members)
}

/// The role here for roles there at `scope`, which stand in one text with spaces between.
fn role(roles: &str, scope: &str) -> &'static str {
    let has = |role: &str| roles.split_whitespace().any(|one| one == format!("{scope}_{role}"));
    if has("admin") {
        "admin"
    } else if has("guest") {
        "guest"
    } else {
        "member"
    }
}

fn account(user: &MmUser, created_at: Timestamp, outlet: &Outlet) -> Result<ImportedUser, TransferError> {
    let place = user.place();
    let name = accept::account_name(&user.username, &place, outlet)?;
    let full = format!("{} {}", user.first_name, user.last_name);
    let shown = [user.nickname.as_str(), &full, user.username.as_str()];
    let shown = accept::display_name(shown, &name, &place, outlet)?;
    Ok(ImportedUser {
        kind: if user.bot { AccountKind::Bot } else { AccountKind::Imported },
        disabled: user.delete_at > 0,
        role: role(&user.roles, "system").to_owned(),
        ..ImportedUser::new(user.id(), &name, &shown, created_at)
    })
}

impl MmUser {
    /// How reports and errors call it.
    fn place(&self) -> String {
        format!("user {}", self.username)
    }

    /// A bulk file does not say which server it comes from: the address keeps the ada of one server from being that of another.
    fn id(&self) -> UserId {
        ident::user(ORIGIN, &format!("{} {}", self.username, self.email))
    }
}

impl MmPost {
    fn system_note(&self) -> Option<SystemNote> {
        let kind = self.kind.as_str();
        if !kind.starts_with("system_") {
            return None;
        }
        let event = match kind {
            "system_join_channel" | "system_join_team" => SystemEvent::Joined,
            "system_leave_channel" | "system_leave_team" => SystemEvent::Left,
            "system_channel_deleted" => SystemEvent::Archived,
            "system_channel_restored" => SystemEvent::Restored,
            _ => SystemEvent::Other,
        };
        let text = (event == SystemEvent::Other).then(|| self.message.clone());
        Some(SystemNote { event, user_id: None, text })
    }
}
