use plexi_core::access::Denied;
use plexi_core::{Actor, ChannelId, MessageId, Permission, Timestamp, UserId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use crate::access::Seen;
use crate::error::MessagingError;
use crate::messaging::{Messaging, account, invalid};
use crate::model::{Message, MessageKind, MessageWindow, Revision, SystemNote};
use crate::paging;
use crate::ports::{Edit, Line, NewMessage, Slice};
use crate::search::index_text;
use crate::text::{self, Mentions};

/// The longest `client_id`, in bytes.
const LONGEST_CLIENT_ID: usize = 64;

/// A message that somebody wants to post.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MessageDraft {
    /// Where.
    pub channel_id: ChannelId,
    /// `CommonMark`, 1 to 40,000 characters.
    pub text: String,
    /// The author's key, 1 to 64 characters: posting again with the same key stores nothing.
    #[serde(default)]
    pub client_id: Option<String>,
    /// The thread to reply in.
    #[serde(default)]
    pub thread_id: Option<MessageId>,
    /// The message this answers.
    #[serde(default)]
    pub reply_to: Option<MessageId>,
}

/// A message that is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The message as its author sees it.
    pub message: Message,
    /// It was stored before, under the same `client_id`.
    pub duplicate: bool,
}

/// What a text comes to after the pipeline's steps.
struct Prepared {
    text: String,
    mentions: Vec<UserId>,
    mentions_all: bool,
    index: String,
    has_link: bool,
}

impl Messaging {
    /// Posts a message. Returns when it is committed and synced to disk. Needs `message.post` as a member; `mention.all`
    /// for `@channel` and `@here`. `Overloaded` when too many sends wait, `Refused` by a screen.
    pub async fn post(&self, actor: &Actor, draft: MessageDraft) -> Result<Receipt, MessagingError> {
        let author = account(actor)?;
        let since = Instant::now();
        let seen = self.allow_change(actor, draft.channel_id, Permission::MessagePost).await?;
        self.0.timings.note("authorise", since);
        if let Some(client_id) = &draft.client_id {
            accept_client_id(client_id)?;
        }
        let prepared = self.prepare(actor, &seen, &draft.text).await?;
        let message = NewMessage {
            id: self.0.ids.next()?,
            channel_id: draft.channel_id,
            author_id: author,
            kind: MessageKind::Text,
            text: prepared.text,
            system: None,
            created_at: self.now(),
            client_id: draft.client_id,
            thread_id: draft.thread_id,
            reply_to: draft.reply_to,
            mentions: prepared.mentions,
            mentions_all: prepared.mentions_all,
            index: prepared.index,
            has_link: prepared.has_link,
        };
        let posted = self.store_message(message).await?;
        if !posted.duplicate {
            self.tell_thread(&posted.message).await;
        }
        Ok(Receipt { message: posted.message, duplicate: posted.duplicate })
    }

    /// The steps between authorisation and the store.
    async fn prepare(&self, actor: &Actor, seen: &Seen, text: &str) -> Result<Prepared, MessagingError> {
        let since = Instant::now();
        let text = text::accept(text, self.0.config.get().max_message_length)?;
        self.0.timings.note("validate", since);
        let text = if self.0.screens.is_empty() {
            text
        } else {
            text::accept(&self.screen(actor, text).await?, self.0.config.get().max_message_length)?
        };
        let since = Instant::now();
        let Mentions { names, all, link } = text::mentions(&text);
        if all && !seen.may(actor, Permission::MentionAll) {
            return Err(Denied::Forbidden(Permission::MentionAll).into());
        }
        let mentions = if names.is_empty() { Vec::new() } else { self.resolve(actor, seen, &names).await? };
        self.0.timings.note("resolve", since);
        let since = Instant::now();
        let index = index_text(&text);
        self.0.timings.note("index", since);
        Ok(Prepared { text, mentions, mentions_all: all, index, has_link: link })
    }

    /// The users of these names, in the order of the names. For an actor for whom not every account exists, members of the
    /// channel only: the answer must not tell who else has an account.
    async fn resolve(
        &self,
        actor: &Actor,
        seen: &Seen,
        names: &[String],
    ) -> Result<Vec<UserId>, MessagingError> {
        let found = self.0.directory.resolve(names).await?;
        let mut users: Vec<UserId> = Vec::with_capacity(found.len());
        for name in names {
            let Some((_, user)) = found.iter().find(|(known, _)| known == name) else { continue };
            if !users.contains(user)
                && (actor.sees_everybody() || self.is_member(*user, seen.access.channel_id).await?)
            {
                users.push(*user);
            }
        }
        Ok(users)
    }

    pub(crate) fn system_message(
        &self,
        author: UserId,
        channel: ChannelId,
        note: SystemNote,
    ) -> Result<NewMessage, MessagingError> {
        Ok(NewMessage {
            id: self.0.ids.next()?,
            channel_id: channel,
            author_id: author,
            kind: MessageKind::System,
            text: String::new(),
            system: Some(note),
            created_at: self.now(),
            client_id: None,
            thread_id: None,
            reply_to: None,
            mentions: Vec::new(),
            mentions_all: false,
            index: String::new(),
            has_link: false,
        })
    }

    /// A message, and its channel, if the actor has `permission` there.
    pub(crate) async fn allow_message(
        &self,
        actor: &Actor,
        id: MessageId,
        permission: Permission,
    ) -> Result<(Message, Seen), MessagingError> {
        let message = self.0.store.message(id, actor.user).await?.ok_or(Denied::Unseen)?;
        let seen = self.allow(actor, message.channel_id, permission).await?;
        Ok((message, seen))
    }

    /// A message. Needs `channel.read`.
    pub async fn message(&self, actor: &Actor, id: MessageId) -> Result<Message, MessagingError> {
        Ok(self.allow_message(actor, id, Permission::ChannelRead).await?.0)
    }

    /// A stretch of a channel's main line, oldest first; at most 200. Needs `channel.read`.
    pub async fn window(
        &self,
        actor: &Actor,
        channel: ChannelId,
        slice: Slice,
        limit: u32,
    ) -> Result<MessageWindow, MessagingError> {
        self.allow(actor, channel, Permission::ChannelRead).await?;
        self.read_window(actor, Line::Main(channel), slice, limit).await
    }

    /// A stretch of the replies in the thread of a message (or in the thread that the message is in), oldest first, with
    /// the thread's first message. Needs `channel.read`.
    pub async fn thread(
        &self,
        actor: &Actor,
        id: MessageId,
        slice: Slice,
        limit: u32,
    ) -> Result<MessageWindow, MessagingError> {
        let mut root = self.message(actor, id).await?;
        if let Some(thread) = root.thread_id {
            root = self.0.store.message(thread, actor.user).await?.ok_or(Denied::Unseen)?;
        }
        let window = self.read_window(actor, Line::Thread(root.channel_id, root.id), slice, limit).await?;
        Ok(MessageWindow { root: Some(root), ..window })
    }

    async fn read_window(
        &self,
        actor: &Actor,
        line: Line,
        slice: Slice,
        limit: u32,
    ) -> Result<MessageWindow, MessagingError> {
        let limit = limit.clamp(1, paging::MOST);
        let (items, total) = self.0.store.slice(line, slice, limit, actor.user).await?;
        let first_position = items.first().map(|message| message.position);
        let (has_before, has_after) = match (items.first(), items.last()) {
            (Some(first), Some(last)) => (first.position > 0, last.position + 1 < total),
            _ => match slice {
                Slice::Before(_) => (false, total > 0),
                _ => (total > 0, false),
            },
        };
        Ok(MessageWindow { items, root: None, has_before, has_after, total, first_position })
    }

    /// Replaces the text of one's own message; the former text goes to the history. Needs `message.post`. `Changed` when
    /// `expected` is given and is not the time of the last edit (`None`: never edited).
    pub async fn edit(
        &self,
        actor: &Actor,
        id: MessageId,
        text: &str,
        expected: Option<Option<Timestamp>>,
    ) -> Result<Message, MessagingError> {
        let (message, seen) = self.allow_message(actor, id, Permission::ChannelRead).await?;
        if message.deleted {
            return Err(Denied::Unseen.into());
        }
        if message.author_id != actor.user || message.kind != MessageKind::Text {
            return Err(MessagingError::NotAuthor);
        }
        let seen = if seen.may(actor, Permission::MessagePost) {
            seen
        } else {
            return Err(Denied::Forbidden(Permission::MessagePost).into());
        };
        seen.writable()?;
        if expected.is_some_and(|expected| expected != message.edited_at) {
            return Err(MessagingError::Changed);
        }
        let prepared = self.prepare(actor, &seen, text).await?;
        if prepared.text == message.text {
            return Ok(message);
        }
        let edit = Edit {
            text: prepared.text,
            at: self.now(),
            mentions: prepared.mentions,
            mentions_all: prepared.mentions_all,
            index: prepared.index,
            has_link: prepared.has_link,
            expected,
        };
        self.change(message.channel_id, self.0.store.edit(id, &edit), |event| Some(event)).await?;
        self.tell_thread(&message).await;
        Ok(self.0.store.message(id, actor.user).await?.ok_or(Denied::Unseen)?)
    }

    /// Deletes a message: one's own, or with `message.moderate` anybody's. The text and its history are gone; a mark
    /// stays. No change when it was deleted already.
    pub async fn delete(&self, actor: &Actor, id: MessageId) -> Result<(), MessagingError> {
        let (message, seen) = self.allow_message(actor, id, Permission::ChannelRead).await?;
        let own = message.author_id == actor.user && message.kind == MessageKind::Text;
        if !own && !seen.may(actor, Permission::MessageModerate) {
            return Err(Denied::Forbidden(Permission::MessageModerate).into());
        }
        seen.writable()?;
        self.change(message.channel_id, self.0.store.delete(id, self.now()), Option::as_ref).await?;
        self.tell_thread(&message).await;
        Ok(())
    }

    /// Former texts of a message, newest first; at most 100. Needs `channel.read`.
    pub async fn history(&self, actor: &Actor, id: MessageId) -> Result<Vec<Revision>, MessagingError> {
        self.allow_message(actor, id, Permission::ChannelRead).await?;
        Ok(self.0.store.history(id).await?)
    }
}

pub(crate) fn accept_client_id(client_id: &str) -> Result<(), MessagingError> {
    let length = client_id.chars().take(LONGEST_CLIENT_ID + 1).count();
    if !(1..=LONGEST_CLIENT_ID).contains(&length) || client_id.chars().any(char::is_control) {
        return Err(invalid("client_id", "must be 1 to 64 characters"));
    }
    Ok(())
}
