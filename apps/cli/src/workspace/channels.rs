use plexi_app::auth::model::User;
use plexi_app::messaging::ChannelDraft;
use plexi_app::messaging::model::{Channel, ChannelKind, Space};
use plexi_app::messaging::ports::{ChannelChange, ChannelFilter};
use plexi_core::ChannelId;
use reqwest::Method;
use serde_json::json;

use super::{MOST, Member, PAGE, Workspace};
use crate::exit::CliError;

impl Workspace {
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
                    // The service adds private ones for the operator.
                    let filter = ChannelFilter {
                        query: query.map(Into::into),
                        archived,
                        public: true,
                        ..ChannelFilter::default()
                    };
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

    /// Changes the name or topic of a channel, archives or restores it.
    pub(crate) async fn update_channel(
        &self,
        channel: &Channel,
        change: ChannelChange,
    ) -> Result<Channel, CliError> {
        match self {
            Self::Remote(remote) => {
                let mut body = serde_json::Map::new();
                body.extend(change.name.map(|name| ("name".to_owned(), name.into())));
                body.extend(change.topic.map(|topic| ("topic".to_owned(), topic.into())));
                body.extend(change.archived.map(|archived| ("archived".to_owned(), archived.into())));
                remote.change(Method::PATCH, &format!("channels/{}", channel.id), &body).await
            }
            Self::Local(local) => {
                Ok(local.services.messaging.update_channel(&local.actor, channel.id, change).await?)
            }
        }
    }

    /// The members of a channel.
    pub(crate) async fn members(&self, channel: &Channel) -> Result<Vec<Member>, CliError> {
        match self {
            Self::Remote(remote) => remote.list(&format!("channels/{}/members", channel.id), &[], MOST).await,
            Self::Local(local) => {
                let (messaging, mut found, mut cursor) =
                    (&local.services.messaging, Vec::new(), None::<String>);
                loop {
                    let page = messaging
                        .channel_members(&local.actor, channel.id, None, cursor.as_deref(), PAGE)
                        .await?;
                    found.extend(local.members(page.items).await?);
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
                let entry =
                    messaging.set_channel_member(&local.actor, channel.id, user.id, Some(role)).await?;
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
