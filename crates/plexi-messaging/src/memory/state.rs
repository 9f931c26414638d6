use std::collections::{BTreeMap, HashMap, HashSet};

use plexi_core::{
    ChannelId, MessageId, Permission, PermissionSet, RoleId, RoleScope, SpaceId, Timestamp, UserId,
};
use uuid::Uuid;

use crate::error::StoreError;
use crate::event::{ChannelEvent, ChannelFacts, EventBody};
use crate::model::{
    Category, Channel, ChannelKind, Draft, Membership, Message, MessageKind, Reaction, ReadState, Revision,
    Space, ThreadState, ThreadSummary,
};
use crate::ports::{AccountKind, ImportedRole, ImportedUser, NewMessage, Removal};
use crate::transfer::Named;

/// Everything that is stored.
#[derive(Default)]
pub(super) struct State {
    pub users: BTreeMap<UserId, ImportedUser>,
    pub roles: BTreeMap<(ScopeKey, String), RoleRow>,
    pub spaces: BTreeMap<SpaceId, SpaceRow>,
    pub channels: BTreeMap<ChannelId, ChannelRow>,
    /// By key.
    pub messages: BTreeMap<i64, MessageRow>,
    pub drafts: BTreeMap<(UserId, ChannelId, Option<MessageId>), Draft>,
    pub categories: HashMap<UserId, Vec<Category>>,
    /// Who takes part in which thread.
    pub followers: BTreeMap<(UserId, MessageId), Follower>,
    /// Counts pins, for their order.
    pub pins: u64,
    /// Whose system role grants `channel.read`.
    pub system_readers: HashSet<UserId>,
    /// What imports made, and from which source.
    pub imported: HashMap<(Named, Uuid), Uuid>,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ScopeKey(u8);

impl From<RoleScope> for ScopeKey {
    fn from(scope: RoleScope) -> Self {
        Self(scope as u8)
    }
}

pub(super) struct RoleRow {
    pub id: RoleId,
    pub scope: RoleScope,
    pub permissions: PermissionSet,
    pub built_in: bool,
}

impl RoleRow {
    pub fn from_imported(role: &ImportedRole) -> Self {
        let ImportedRole { id, scope, permissions, built_in, .. } = *role;
        Self { id, scope, permissions, built_in }
    }
}

pub(super) struct SpaceRow {
    pub space: Space,
    pub members: BTreeMap<UserId, (String, Timestamp)>,
}

pub(super) struct ChannelRow {
    pub id: ChannelId,
    pub space_id: Option<SpaceId>,
    pub kind: ChannelKind,
    pub name: String,
    pub topic: String,
    pub archived: bool,
    pub created_at: Timestamp,
    pub direct_key: Option<String>,
    pub last_message_at: Option<Timestamp>,
    pub members: BTreeMap<UserId, MemberRow>,
    pub log: Vec<(Timestamp, LogBody)>,
    /// Keys of the main line by position.
    pub main: Vec<i64>,
    /// Keys of the replies by position.
    pub threads: HashMap<MessageId, Vec<i64>>,
}

pub(super) struct MemberRow {
    pub role: String,
    pub joined_at: Timestamp,
    pub last_read: i64,
    pub muted: bool,
    pub favourite: bool,
    /// Until the import of the channel is finished.
    pub imported: bool,
}

pub(super) enum LogBody {
    Posted(i64),
    Edited(i64),
    Other(EventBody),
}

/// What somebody has seen of a thread.
pub(super) struct Follower {
    pub channel: ChannelId,
    /// Replies that count as read.
    pub seen: i64,
    /// The position of the last reply that names them.
    pub named: Option<i64>,
}

pub(super) struct MessageRow {
    pub new: NewMessage,
    pub tokens: HashSet<String>,
    pub seq: i64,
    pub position: i64,
    pub edited_at: Option<Timestamp>,
    pub deleted: bool,
    /// Order, by whom, when.
    pub pinned: Option<(u64, UserId, Timestamp)>,
    pub reactions: Vec<(String, UserId, Timestamp)>,
    pub history: Vec<Revision>,
}

/// Unread messages are counted to this.
const MOST_COUNTED: u32 = 1_000;

impl ChannelRow {
    pub fn head(&self) -> i64 {
        i64::try_from(self.log.len()).unwrap_or(i64::MAX)
    }

    pub fn facts(&self) -> ChannelFacts {
        ChannelFacts {
            id: self.id,
            name: self.name.clone(),
            topic: self.topic.clone(),
            archived: self.archived,
        }
    }

    /// Appends an event that needs no message.
    pub fn append(&mut self, at: Timestamp, event: EventBody) -> ChannelEvent {
        self.log.push((at, LogBody::Other(event.clone())));
        ChannelEvent { channel_id: self.id, seq: self.head(), at, event }
    }
}

impl State {
    /// Notes that an import of a source made something.
    pub fn note(&mut self, what: Named, id: Uuid, origin: Uuid) {
        self.imported.insert((what, id), origin);
    }

    /// Whether an import of this source made it.
    pub fn brought(&self, what: Named, id: Uuid, origin: Uuid) -> bool {
        self.imported.get(&(what, id)) == Some(&origin)
    }

    pub fn grants(&self, scope: RoleScope, role: &str) -> Option<PermissionSet> {
        self.roles.get(&(scope.into(), role.to_owned())).map(|role| role.permissions)
    }

    pub fn need_role(&self, scope: RoleScope, role: &str) -> Result<(), StoreError> {
        self.grants(scope, role).map(drop).ok_or(StoreError::Missing("role"))
    }

    pub fn need_user(&self, user: UserId) -> Result<(), StoreError> {
        if self.users.contains_key(&user) { Ok(()) } else { Err(StoreError::Missing("user")) }
    }

    pub fn channel_mut(&mut self, id: ChannelId) -> Result<&mut ChannelRow, StoreError> {
        self.channels.get_mut(&id).ok_or(StoreError::Missing("channel"))
    }

    /// Whether a member's role lets them manage who is in the channel, and their account works.
    fn administers(&self, user: UserId, role: &str) -> bool {
        self.users.get(&user).is_some_and(|account| !account.disabled)
            && self
                .grants(RoleScope::Channel, role)
                .is_some_and(|set| set.has(Permission::ChannelMembersManage))
    }

    /// Whether `user` is the only one who administers a private channel.
    pub fn administers_alone(&self, id: ChannelId, user: UserId) -> bool {
        let Some(row) = self.channels.get(&id).filter(|row| row.kind == ChannelKind::Private) else {
            return false;
        };
        let mut all = row.members.iter().filter(|(who, member)| self.administers(**who, &member.role));
        all.next().is_some_and(|(who, _)| *who == user) && all.next().is_none()
    }

    /// Makes the longest-standing member of a private channel that nobody administers its administrator.
    pub fn appoint(&mut self, id: ChannelId) -> Option<UserId> {
        let row = self.channels.get(&id).filter(|row| row.kind == ChannelKind::Private)?;
        if row.members.iter().any(|(who, member)| self.administers(*who, &member.role)) {
            return None;
        }
        let able = |user: &UserId| {
            self.users.get(user).is_some_and(|account| !account.disabled && account.kind != AccountKind::Bot)
        };
        let members = row.members.iter().filter(|(who, _)| able(who));
        let heir = members.min_by_key(|(who, member)| (member.joined_at, **who)).map(|(who, _)| *who)?;
        "admin".clone_into(&mut self.channels.get_mut(&id)?.members.get_mut(&heir)?.role);
        Some(heir)
    }

    /// Ends a membership that is there.
    pub fn remove_member(&mut self, id: ChannelId, user: UserId, at: Timestamp) -> Option<Removal> {
        let row = self.channels.get_mut(&id)?;
        row.members.remove(&user)?;
        let event = row.append(at, EventBody::MemberLeft { user_id: user });
        Some(Removal { event, heir: self.appoint(id) })
    }

    /// A message that is not deleted.
    pub fn live(&mut self, id: MessageId) -> Result<&mut MessageRow, StoreError> {
        let row = self.messages.get_mut(&id.key().0).filter(|row| row.new.id == id && !row.deleted);
        row.ok_or(StoreError::Missing("message"))
    }

    /// What is granted to a user by the space role; none when not a member.
    pub fn space_grants(&self, space: Option<SpaceId>, user: UserId) -> Option<PermissionSet> {
        let (role, _) = self.spaces.get(&space?)?.members.get(&user)?;
        Some(self.grants(RoleScope::Space, role).unwrap_or_default())
    }

    pub fn system_reads(&self, user: UserId) -> bool {
        self.system_readers.contains(&user)
    }

    /// A message as a viewer sees it; for no viewer as everybody does.
    pub fn shown(&self, key: i64, viewer: Option<UserId>) -> Option<Message> {
        let row = self.messages.get(&key)?;
        let new = &row.new;
        Some(Message {
            id: new.id,
            channel_id: new.channel_id,
            seq: row.seq,
            position: row.position,
            author_id: new.author_id,
            kind: new.kind,
            text: new.text.clone(),
            system: new.system.clone(),
            created_at: new.created_at,
            edited_at: row.edited_at,
            deleted: row.deleted,
            client_id: new.client_id.clone().filter(|_| viewer == Some(new.author_id)),
            thread_id: new.thread_id,
            reply_to: new.reply_to,
            mentions: new.mentions.clone(),
            mentions_all: new.mentions_all,
            pinned: row.pinned.is_some(),
            reactions: shown_reactions(row, viewer),
            thread: self.thread_below(new.channel_id, new.id),
        })
    }

    fn thread_below(&self, channel: ChannelId, root: MessageId) -> Option<ThreadSummary> {
        let keys = self.channels.get(&channel)?.threads.get(&root)?;
        let replies: Vec<&MessageRow> =
            keys.iter().filter_map(|key| self.messages.get(key)).filter(|row| !row.deleted).collect();
        let last = replies.last()?;
        let mut participant_ids: Vec<UserId> = Vec::new();
        for reply in &replies {
            if participant_ids.len() < 5 && !participant_ids.contains(&reply.new.author_id) {
                participant_ids.push(reply.new.author_id);
            }
        }
        Some(ThreadSummary {
            reply_count: u32::try_from(replies.len()).unwrap_or(u32::MAX),
            last_reply_at: Some(last.new.created_at),
            participant_ids,
        })
    }

    /// A log entry as everybody sees it; messages as they are now.
    pub fn event(&self, channel: &ChannelRow, seq: i64) -> Option<ChannelEvent> {
        let (at, body) = channel.log.get(usize::try_from(seq - 1).ok()?)?;
        let message = |key: &i64| self.shown(*key, None).map(Box::new);
        let event = match body {
            LogBody::Posted(key) => EventBody::MessagePosted { message: message(key)? },
            LogBody::Edited(key) => EventBody::MessageEdited { message: message(key)? },
            LogBody::Other(event) => event.clone(),
        };
        Some(ChannelEvent { channel_id: channel.id, seq, at: *at, event })
    }

    pub fn read_state(&self, channel: &ChannelRow, user: UserId, last_read: i64) -> ReadState {
        let (mut unread, mut mentions) = (0, 0);
        for key in channel.main.iter().rev() {
            let Some(row) = self.messages.get(key) else { continue };
            if row.seq <= last_read || unread >= MOST_COUNTED {
                break;
            }
            if row.new.author_id != user && !row.deleted {
                unread += 1;
                mentions += u32::from(row.new.mentions_all || row.new.mentions.contains(&user));
            }
        }
        let replies =
            channel.threads.values().flatten().filter_map(|key| self.messages.get(key)).filter(|row| {
                row.seq > last_read
                    && row.new.author_id != user
                    && !row.deleted
                    && (row.new.mentions_all || row.new.mentions.contains(&user))
            });
        mentions = (mentions + u32::try_from(replies.count()).unwrap_or(u32::MAX)).min(MOST_COUNTED);
        ReadState { last_read_seq: last_read, unread, mentions }
    }

    /// Notes who takes part in the thread of a reply that was just stored.
    pub fn follow(&mut self, reply: &NewMessage) {
        let (Some(root), Some(position)) =
            (reply.thread_id, self.messages.get(&reply.id.key().0).map(|row| row.position))
        else {
            return;
        };
        let fresh = |named| Follower { channel: reply.channel_id, seen: position, named };
        if let Some(author) = self.messages.get(&root.key().0).map(|row| row.new.author_id) {
            self.followers.entry((author, root)).or_insert_with(|| fresh(None));
        }
        for user in &reply.mentions {
            self.followers.entry((*user, root)).or_insert_with(|| fresh(None)).named = Some(position);
        }
        self.followers.entry((reply.author_id, root)).or_insert_with(|| fresh(None)).seen = position + 1;
    }

    /// Finds out anew which reply of a thread is the last one that names these people, after it changed whom a reply names.
    pub fn name_anew(&mut self, channel: ChannelId, root: MessageId, users: &[UserId]) {
        let keys = self.channels.get(&channel).and_then(|row| row.threads.get(&root));
        for user in users {
            let replies = keys.into_iter().flatten().filter_map(|key| self.messages.get(key));
            let named = replies.filter(|row| row.new.mentions.contains(user)).map(|row| row.position).max();
            if let Some(follower) = self.followers.get_mut(&(*user, root)) {
                follower.named = named;
            }
        }
    }

    /// How a thread stands for one who takes part in it.
    pub fn thread_state(&self, root: MessageId, follower: &Follower) -> ThreadState {
        let keys = self.channels.get(&follower.channel).and_then(|row| row.threads.get(&root));
        let replies = keys.into_iter().flatten().filter_map(|key| self.messages.get(key));
        let unread = replies.filter(|row| !row.deleted && row.position >= follower.seen).count();
        let unread = u32::try_from(unread).unwrap_or(u32::MAX).min(MOST_COUNTED);
        let mentioned = unread > 0 && follower.named.is_some_and(|named| named >= follower.seen);
        ThreadState { channel_id: follower.channel, thread_id: root, unread, mentioned }
    }

    pub fn shown_channel(&self, row: &ChannelRow, viewer: UserId) -> Channel {
        let membership = row.members.get(&viewer).map(|member| {
            let read = self.read_state(row, viewer, member.last_read);
            Membership {
                role: member.role.clone(),
                last_read_seq: read.last_read_seq,
                unread: read.unread,
                mentions: read.mentions,
                muted: member.muted,
                favourite: member.favourite,
                joined_at: member.joined_at,
            }
        });
        Channel {
            id: row.id,
            space_id: row.space_id,
            kind: row.kind,
            name: row.name.clone(),
            topic: row.topic.clone(),
            archived: row.archived,
            created_at: row.created_at,
            last_seq: row.head(),
            last_message_at: row.last_message_at,
            member_count: u32::try_from(row.members.len()).unwrap_or(u32::MAX),
            user_ids: if row.kind.is_direct() { row.members.keys().copied().collect() } else { Vec::new() },
            membership,
            permissions: PermissionSet::EMPTY,
        }
    }

    /// Checks what a new message refers to.
    pub fn check(&self, new: &NewMessage) -> Result<(), StoreError> {
        let channel = self.channels.get(&new.channel_id).ok_or(StoreError::Missing("channel"))?;
        let here = |id: MessageId| {
            self.messages.get(&id.key().0).filter(|row| row.new.id == id && row.new.channel_id == channel.id)
        };
        if let Some(root) = new.thread_id
            && here(root).is_none_or(|row| row.new.thread_id.is_some())
        {
            return Err(StoreError::Missing("thread"));
        }
        if new.reply_to.is_some_and(|id| here(id).is_none()) {
            return Err(StoreError::Missing("reply_to"));
        }
        if self.messages.contains_key(&new.id.key().0) {
            return Err(StoreError::Conflict("id"));
        }
        Ok(())
    }

    /// Puts a checked message at the end of its line, with its event.
    pub fn insert(&mut self, new: NewMessage) -> Option<i64> {
        let key = new.id.key().0;
        let channel = self.channels.get_mut(&new.channel_id)?;
        channel.log.push((new.created_at, LogBody::Posted(key)));
        channel.last_message_at = channel.last_message_at.max(Some(new.created_at));
        let seq = channel.head();
        let line = match new.thread_id {
            Some(root) => channel.threads.entry(root).or_default(),
            None => &mut channel.main,
        };
        let position = i64::try_from(line.len()).unwrap_or(i64::MAX);
        line.push(key);
        let tokens = new.index.split(' ').map(str::to_owned).collect();
        let row = MessageRow {
            new,
            tokens,
            seq,
            position,
            edited_at: None,
            deleted: false,
            pinned: None,
            reactions: Vec::new(),
            history: Vec::new(),
        };
        self.messages.insert(key, row);
        Some(key)
    }
}

fn shown_reactions(row: &MessageRow, viewer: Option<UserId>) -> Vec<Reaction> {
    let mut shown: Vec<Reaction> = Vec::new();
    for (emoji, user, _) in &row.reactions {
        let at = shown.iter().position(|reaction| reaction.emoji == *emoji).unwrap_or_else(|| {
            shown.push(Reaction { emoji: emoji.clone(), count: 0, user_ids: Vec::new(), me: false });
            shown.len() - 1
        });
        let reaction = &mut shown[at];
        reaction.count += 1;
        reaction.me |= viewer == Some(*user);
        if reaction.user_ids.len() < 20 {
            reaction.user_ids.push(*user);
        }
    }
    shown
}

/// Whether a message is text that can be searched.
pub(super) fn searchable(row: &MessageRow) -> bool {
    row.new.kind == MessageKind::Text && !row.deleted
}
