use std::collections::HashMap;

use plexi_core::access::{Denied, decide};
use plexi_core::{Actor, ActorKind, ChannelId, Cursors, Permission, PermissionSet, SpaceId, plain};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

use crate::access::shown_permissions;
use crate::error::MessagingError;
use crate::messaging::{Messaging, account, invalid};
use crate::model::{Channel, ChannelKind, Membership, Page, SystemEvent, SystemNote};
use crate::paging;
use crate::ports::{ChannelAccess, ChannelChange, ChannelFilter, NewChannel};
use crate::search::fold::fold;
use crate::spaces::LONGEST_NAME;

/// The longest topic, in characters.
const LONGEST_TOPIC: usize = 250;

/// A channel that somebody wants to make.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ChannelDraft {
    /// 1 to 64 characters, lower case, no spaces, unique in the space.
    pub name: String,
    /// Public or private.
    pub kind: ChannelKind,
    /// At most 250 characters.
    #[serde(default)]
    pub topic: String,
}

impl Messaging {
    /// Makes a channel in a space; the actor joins it as its administrator. Needs `channels.create` or
    /// `private_channels.create` in the space.
    pub async fn create_channel(
        &self,
        actor: &Actor,
        space: SpaceId,
        draft: ChannelDraft,
    ) -> Result<Channel, MessagingError> {
        let permission = match draft.kind {
            ChannelKind::Public => Permission::ChannelsCreate,
            ChannelKind::Private => Permission::PrivateChannelsCreate,
            ChannelKind::Direct | ChannelKind::Group => {
                return Err(invalid("kind", "must be public or private"));
            }
        };
        let access = self.allow_space(actor, space, permission).await?;
        if access.archived {
            return Err(MessagingError::SpaceArchived);
        }
        let owner = account(actor)?;
        let channel = NewChannel {
            id: self.0.ids.next()?,
            space_id: Some(space),
            kind: draft.kind,
            name: accept_channel_name(&draft.name)?,
            topic: accept_topic(&draft.topic)?,
            created_at: self.now(),
            members: vec![(owner, "admin".to_owned())],
            direct_key: None,
        };
        let id = self.0.store.create_channel(&channel).await?;
        self.0.access.forget(owner, id);
        self.0.hub.joined(owner, id, 0);
        self.post_note(actor, id, SystemEvent::Created, None, None).await;
        self.tell_channel(owner, id).await;
        self.channel(actor, id).await
    }

    /// A channel that the actor may know of.
    pub async fn channel(&self, actor: &Actor, id: ChannelId) -> Result<Channel, MessagingError> {
        let seen = self.see(actor, id).await?;
        let mut channel = self.0.store.channel(id, actor.user).await?.ok_or(Denied::Unseen)?;
        channel.permissions = seen.granted(actor);
        Ok(channel)
    }

    /// All channels the actor is a member of that are not archived; at most 2,000.
    pub async fn my_channels(&self, actor: &Actor) -> Result<Vec<Channel>, MessagingError> {
        let mut channels = self.0.store.channels_of(actor.user).await?;
        self.fill_permissions(actor, &mut channels).await?;
        Ok(channels)
    }

    /// Channels of a space by name: public ones, for those who have `space.read`, and the actor's own; all for the server
    /// itself.
    pub async fn space_channels(
        &self,
        actor: &Actor,
        space: SpaceId,
        filter: ChannelFilter,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<Page<Channel>, MessagingError> {
        let (_, standing) = self.see_space(actor, space).await?;
        let list = Cursors::within("space.channels", space);
        let (page, limit) = paging::store_page(&list, cursor, limit)?;
        let public = decide(actor, Permission::SpaceRead, standing).is_ok();
        let query = filter.query.as_deref().map(fold).filter(|query| !query.is_empty());
        let private = actor.kind == ActorKind::System;
        let filter = ChannelFilter { query, public, private, ..filter };
        let channels = self.0.store.space_channels(space, actor.user, &filter, page).await?;
        let mut page = list.page(channels, limit, |channel| channel.name.clone());
        self.fill_permissions(actor, &mut page.items).await?;
        Ok(page)
    }

    /// What the actor may do in each, without asking the store for each.
    async fn fill_permissions(&self, actor: &Actor, channels: &mut [Channel]) -> Result<(), MessagingError> {
        if actor.kind == ActorKind::System {
            for channel in channels {
                channel.permissions = PermissionSet::all();
            }
            return Ok(());
        }
        let names =
            channels.iter().filter_map(|channel| channel.membership.as_ref()).map(|mine| mine.role.clone());
        let roles = self.channel_roles(names.collect::<Vec<_>>()).await?;
        let mut spaces: HashMap<SpaceId, (Option<PermissionSet>, bool)> = HashMap::new();
        for channel in channels {
            let (space, space_archived) = match channel.space_id {
                None => (None, false),
                Some(id) => {
                    if let Some(known) = spaces.get(&id) {
                        *known
                    } else {
                        let access = self.0.store.space_access(id, actor.user).await?;
                        let around = access.map_or((None, false), |access| (access.granted, access.archived));
                        *spaces.entry(id).or_insert(around)
                    }
                }
            };
            let member = channel.membership.as_ref().and_then(|mine| roles.get(&mine.role).copied());
            let access = ChannelAccess {
                channel_id: channel.id,
                space_id: channel.space_id,
                kind: channel.kind,
                archived: channel.archived,
                space_archived,
                space,
                member,
                system_reads: actor.system.has(Permission::ChannelRead),
            };
            channel.permissions = shown_permissions(actor, &access);
        }
        Ok(())
    }

    /// Changes name, topic or archives and restores. Needs `channel.manage`; an archived channel can only be restored.
    /// `Changed` when something happened in it since the event that the change expects as the last.
    pub async fn update_channel(
        &self,
        actor: &Actor,
        id: ChannelId,
        change: ChannelChange,
    ) -> Result<Channel, MessagingError> {
        let seen = self.allow(actor, id, Permission::ChannelManage).await?;
        if seen.access.kind.is_direct() {
            return Err(invalid("channel_id", "a direct conversation has no name, topic or archive"));
        }
        let before = self.0.store.channel(id, actor.user).await?.ok_or(Denied::Unseen)?;
        if change.expected.is_some_and(|expected| expected != before.last_seq) {
            return Err(MessagingError::Changed);
        }
        if seen.access.space_archived {
            return Err(MessagingError::SpaceArchived);
        }
        if seen.access.archived && !(before.archived && change.archived == Some(false)) {
            return Err(MessagingError::Archived);
        }
        let change = ChannelChange {
            name: change
                .name
                .as_deref()
                .map(accept_channel_name)
                .transpose()?
                .filter(|name| *name != before.name),
            topic: change
                .topic
                .as_deref()
                .map(accept_topic)
                .transpose()?
                .filter(|topic| *topic != before.topic),
            archived: change.archived.filter(|archived| *archived != before.archived),
            expected: change.expected,
        };
        if change.name.is_none() && change.topic.is_none() && change.archived.is_none() {
            return self.channel(actor, id).await;
        }
        let changed =
            self.change(id, self.0.store.update_channel(id, &change, self.now()), Option::as_ref).await?;
        if changed.is_none() {
            // Somebody else made the same change at the same time.
            return self.channel(actor, id).await;
        }
        self.0.access.forget_all();
        if let Some(archived) = change.archived {
            let note = if archived { SystemEvent::Archived } else { SystemEvent::Restored };
            self.post_note(actor, id, note, None, None).await;
        }
        if let Some(name) = change.name {
            self.post_note(actor, id, SystemEvent::Renamed, None, Some(name)).await;
        }
        if let Some(topic) = change.topic {
            self.post_note(actor, id, SystemEvent::Topic, None, Some(topic)).await;
        }
        self.channel(actor, id).await
    }

    /// Opens the conversation of the actor and these 1 to 8 others; makes it when there is none. Needs `direct.create`.
    pub async fn open_direct(
        &self,
        actor: &Actor,
        others: Vec<plexi_core::UserId>,
    ) -> Result<Channel, MessagingError> {
        actor.require(Permission::DirectCreate)?;
        let me = account(actor)?;
        let mut people: Vec<_> = others.into_iter().filter(|user| *user != me).take(201).collect();
        people.sort_unstable();
        people.dedup();
        if !(1..=8).contains(&people.len()) {
            return Err(invalid("user_ids", "must name 1 to 8 others"));
        }
        let existing = self.0.directory.existing(&people).await?;
        if let Some(at) = people.iter().position(|user| !existing.contains(user)) {
            return Err(invalid(&format!("user_ids[{at}]"), "no such user"));
        }
        people.push(me);
        people.sort_unstable();
        let key: Vec<String> = people.iter().map(ToString::to_string).collect();
        let wanted = NewChannel {
            id: self.0.ids.next()?,
            space_id: None,
            kind: if people.len() == 2 { ChannelKind::Direct } else { ChannelKind::Group },
            name: String::new(),
            topic: String::new(),
            created_at: self.now(),
            members: people.iter().map(|user| (*user, "member".to_owned())).collect(),
            direct_key: Some(key.join("+")),
        };
        let id = self.0.store.create_channel(&wanted).await?;
        if id == wanted.id {
            for user in people {
                self.0.access.forget(user, id);
                self.0.hub.joined(user, id, 0);
                self.tell_channel(user, id).await;
            }
        }
        self.channel(actor, id).await
    }

    /// Mutes, unmutes, favours a channel for the actor.
    pub async fn set_channel_settings(
        &self,
        actor: &Actor,
        id: ChannelId,
        muted: Option<bool>,
        favourite: Option<bool>,
    ) -> Result<Membership, MessagingError> {
        self.see(actor, id).await?;
        self.0.store.set_channel_settings(id, actor.user, muted, favourite).await?;
        self.tell_channel(actor.user, id).await;
        let channel = self.0.store.channel(id, actor.user).await?.ok_or(Denied::Unseen)?;
        channel.membership.ok_or_else(|| invalid("channel_id", "you are not a member of this channel"))
    }

    /// Notes in a channel what the actor did. The server itself has no account to note it by.
    pub(crate) async fn post_note(
        &self,
        actor: &Actor,
        channel: ChannelId,
        event: SystemEvent,
        user_id: Option<plexi_core::UserId>,
        text: Option<String>,
    ) {
        if actor.kind == ActorKind::System {
            return;
        }
        let note = SystemNote { event, user_id, text };
        match self.system_message(actor.user, channel, note) {
            Ok(message) => self.note(message).await,
            Err(error) => tracing::warn!(%channel, %error, "a system message could not be made"),
        }
    }
}

pub(crate) fn accept_channel_name(name: &str) -> Result<String, MessagingError> {
    let name: String = name.trim().chars().take(LONGEST_NAME * 4).nfkc().collect();
    let length = name.chars().count();
    let fine = plain::is_plain(&name)
        && name.chars().all(|c| {
            (c.is_alphanumeric() && !c.is_uppercase()) || matches!(c, '-' | '_' | '.') || is_mark(c)
        });
    if length == 0 || length > LONGEST_NAME || !fine {
        return Err(invalid("name", "must be 1 to 64 lower-case letters, digits, -, _ or ."));
    }
    Ok(name)
}

fn is_mark(c: char) -> bool {
    unicode_normalization::char::is_combining_mark(c)
}

fn accept_topic(topic: &str) -> Result<String, MessagingError> {
    let topic = topic.trim();
    if topic.chars().take(LONGEST_TOPIC + 1).count() > LONGEST_TOPIC || topic.chars().any(char::is_control) {
        return Err(invalid("topic", "must be at most 250 characters on one line"));
    }
    if !plain::is_plain(topic) {
        return Err(invalid("topic", plain::NOT_PLAIN));
    }
    Ok(topic.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channel_names_are_lower_case_without_spaces_in_any_script() {
        for good in ["general", "q3-plan_v1.2", "東京", "ärger"] {
            assert_eq!(accept_channel_name(good).unwrap(), good);
        }
        for bad in [
            "",
            "General",
            "two words",
            "a/b",
            "#x",
            &"x".repeat(65),
            "x\u{0}",
            "a\u{202E}b",
            "\u{3164}",
            "a\u{34F}",
            "\u{2800}",
            "\u{FE0F}",
        ] {
            assert!(accept_channel_name(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_topic_is_a_plain_line_or_nothing() {
        for good in ["", "plans \u{2764}\u{FE0F}", "\u{645}\u{62D}\u{645}\u{62F}"] {
            assert_eq!(accept_topic(good).unwrap(), good);
        }
        for bad in ["a\nb", "\u{202E}cipot", "a\u{200B}b", "\u{2800}"] {
            assert!(accept_topic(bad).is_err(), "{bad:?}");
        }
    }
}
