use plexi_app::auth::model::User;
use plexi_app::messaging::ChannelDraft;
use plexi_app::messaging::model::{Channel, ChannelKind, Space};
use plexi_app::messaging::ports::{ChannelChange, ChannelFilter};
use plexi_core::{ChannelId, Timestamp};
use reqwest::Method;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::Workspace;
use crate::exit::CliError;

/// Entries asked for at once.
const PAGE: u32 = 200;
/// The most entries of a list that a command reads.
const MOST: usize = 1_000_000;

/// A member of a channel, as the API shows it.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Member {
    /// Who.
    pub(crate) user: User,
    /// The role there.
    pub(crate) role: String,
    /// Since when.
    pub(crate) joined_at: Timestamp,
}

impl Workspace {
    /// Spaces that the actor sees.
    pub(crate) async fn spaces(&self) -> Result<Vec<Space>, CliError> {
        match self {
            Self::Remote(remote) => remote.all("spaces", &[]).await,
            Self::Local(local) => Ok(local.services.messaging.spaces(&local.actor).await?),
        }
    }

    /// A space by name or id; the only one when none is named.
    pub(crate) async fn space(&self, named: Option<&str>) -> Result<Space, CliError> {
        let mut spaces = self.spaces().await?;
        let Some(named) = named else {
            return match (spaces.pop(), spaces.is_empty()) {
                (Some(only), true) => Ok(only),
                (None, _) => Err(CliError::not_found("there is no space yet").remedy("Run `plexi setup`.")),
                (Some(_), false) => {
                    Err(CliError::usage("there are several spaces").remedy("Say which: --space NAME."))
                }
            };
        };
        let wanted = named.to_lowercase();
        let found = spaces
            .into_iter()
            .find(|space| space.name.to_lowercase() == wanted || space.id.to_string() == wanted);
        found.ok_or_else(|| CliError::not_found(format!("there is no space {named}")))
    }

    /// Channels of a space that the actor sees.
    pub(crate) async fn channels(
        &self,
        space: &Space,
        query: Option<&str>,
        archived: bool,
    ) -> Result<Vec<Channel>, CliError> {
        match self {
            Self::Remote(remote) => {
                let mut asked = vec![("archived", if archived { "true" } else { "false" })];
                asked.extend(query.iter().map(|query| ("q", *query)));
                remote.list(&format!("spaces/{}/channels", space.id), &asked, MOST).await
            }
            Self::Local(local) => {
                let (messaging, mut found, mut cursor) =
                    (&local.services.messaging, Vec::new(), None::<String>);
                loop {
                    let filter =
                        ChannelFilter { query: query.map(Into::into), archived, public: true, joined: None };
                    let page = messaging
                        .space_channels(&local.actor, space.id, filter, cursor.as_deref(), PAGE)
                        .await?;
                    found.extend(page.items);
                    cursor = page.next;
                    if cursor.is_none() {
                        return Ok(found);
                    }
                }
            }
        }
    }

    /// A channel by id, `name`, `#name` or `space/name`.
    pub(crate) async fn channel(&self, named: &str) -> Result<Channel, CliError> {
        if let Ok(id) = named.parse::<ChannelId>() {
            return match self {
                Self::Remote(remote) => remote.get(&format!("channels/{id}"), &[]).await,
                Self::Local(local) => Ok(local.services.messaging.channel(&local.actor, id).await?),
            };
        }
        let (spaces, name) = match named.split_once('/') {
            Some((space, name)) => (vec![self.space(Some(space)).await?], name),
            None => (self.spaces().await?, named),
        };
        let name = name.strip_prefix('#').unwrap_or(name).to_lowercase();
        let mut found = Vec::new();
        for space in &spaces {
            let channels = self.channels(space, Some(&name), true).await?;
            found.extend(channels.into_iter().filter(|channel| channel.name == name));
        }
        match (found.pop(), found.is_empty()) {
            (Some(only), true) => Ok(only),
            (None, _) => Err(CliError::not_found(format!("there is no channel {named}"))
                .remedy("See `plexi channel list`.")),
            (Some(_), false) => Err(CliError::usage(format!("several spaces have a channel {name}"))
                .remedy("Say which: space/name.")),
        }
    }

    /// Makes a channel.
    pub(crate) async fn create_channel(
        &self,
        space: &Space,
        name: &str,
        kind: ChannelKind,
        topic: Option<&str>,
    ) -> Result<Channel, CliError> {
        match self {
            Self::Remote(remote) => {
                let mut body = json!({ "name": name, "kind": kind });
                if let Some(topic) = topic {
                    body["topic"] = topic.into();
                }
                remote.change(Method::POST, &format!("spaces/{}/channels", space.id), &body).await
            }
            Self::Local(local) => {
                let draft = ChannelDraft { name: name.into(), kind, topic: topic.unwrap_or_default().into() };
                Ok(local.services.messaging.create_channel(local.person()?, space.id, draft).await?)
            }
        }
    }

    /// Archives or restores a channel.
    pub(crate) async fn set_archived(&self, channel: &Channel, archived: bool) -> Result<Channel, CliError> {
        match self {
            Self::Remote(remote) => {
                let body = json!({ "archived": archived });
                remote.change(Method::PATCH, &format!("channels/{}", channel.id), &body).await
            }
            Self::Local(local) => {
                let change = ChannelChange { archived: Some(archived), ..ChannelChange::default() };
                Ok(local.services.messaging.update_channel(&local.actor, channel.id, change).await?)
            }
        }
    }

    /// The members of a channel.
    pub(crate) async fn members(&self, channel: &Channel) -> Result<Vec<Member>, CliError> {
        match self {
            Self::Remote(remote) => remote.list(&format!("channels/{}/members", channel.id), &[], MOST).await,
            Self::Local(local) => {
                let (services, mut found, mut cursor) = (&local.services, Vec::new(), None::<String>);
                loop {
                    let page = services
                        .messaging
                        .channel_members(&local.actor, channel.id, None, cursor.as_deref(), PAGE)
                        .await?;
                    let ids: Vec<_> = page.items.iter().map(|entry| entry.user_id).collect();
                    let users = if ids.is_empty() {
                        Vec::new()
                    } else {
                        services.auth.lookup(&local.actor, &ids).await?
                    };
                    for entry in page.items {
                        if let Some(user) = users.iter().find(|user| user.id == entry.user_id).cloned() {
                            found.push(Member { user, role: entry.role, joined_at: entry.joined_at });
                        }
                    }
                    cursor = page.next;
                    if cursor.is_none() {
                        return Ok(found);
                    }
                }
            }
        }
    }

    /// Adds a member or changes the role.
    pub(crate) async fn set_member(
        &self,
        channel: &Channel,
        user: &User,
        role: &str,
    ) -> Result<Member, CliError> {
        match self {
            Self::Remote(remote) => {
                let path = format!("channels/{}/members/{}", channel.id, user.id);
                remote.change(Method::PUT, &path, &json!({ "role": role })).await
            }
            Self::Local(local) => {
                let messaging = &local.services.messaging;
                let entry = messaging.set_channel_member(&local.actor, channel.id, user.id, Some(role)).await?;
                Ok(Member { user: user.clone(), role: entry.role, joined_at: entry.joined_at })
            }
        }
    }

    /// Removes a member.
    pub(crate) async fn remove_member(&self, channel: &Channel, user: &User) -> Result<(), CliError> {
        match self {
            Self::Remote(remote) => {
                remote.delete(&format!("channels/{}/members/{}", channel.id, user.id)).await
            }
            Self::Local(local) => {
                Ok(local.services.messaging.remove_channel_member(&local.actor, channel.id, user.id).await?)
            }
        }
    }
}
