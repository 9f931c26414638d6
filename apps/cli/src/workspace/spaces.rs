use plexi_app::auth::model::User;
use plexi_app::messaging::model::{MemberEntry, Space};
use plexi_core::Timestamp;
use reqwest::Method;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Local, MOST, PAGE, Workspace};
use crate::exit::CliError;

/// A member of a space or channel, as the API shows it.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Member {
    /// Who.
    pub(crate) user: User,
    /// The role there.
    pub(crate) role: String,
    /// Since when.
    pub(crate) joined_at: Timestamp,
}

impl Local {
    /// Members with their accounts; at most 200.
    pub(super) async fn members(&self, entries: Vec<MemberEntry>) -> Result<Vec<Member>, CliError> {
        let ids: Vec<_> = entries.iter().map(|entry| entry.user_id).collect();
        let users =
            if ids.is_empty() { Vec::new() } else { self.services.auth.lookup(&self.actor, &ids).await? };
        let joined = entries.into_iter().filter_map(|entry| {
            let user = users.iter().find(|user| user.id == entry.user_id).cloned()?;
            Some(Member { user, role: entry.role, joined_at: entry.joined_at })
        });
        Ok(joined.collect())
    }
}

impl Workspace {
    /// Spaces that the actor sees.
    pub(crate) async fn spaces(&self) -> Result<Vec<Space>, CliError> {
        match self {
            Self::Remote(remote) => remote.list("spaces", &[], usize::MAX).await,
            Self::Local(local) => Ok(local.services.messaging.all_spaces(&local.actor).await?),
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

    /// Makes a space.
    pub(crate) async fn create_space(&self, name: &str) -> Result<Space, CliError> {
        match self {
            Self::Remote(remote) => remote.change(Method::POST, "spaces", &json!({ "name": name })).await,
            Self::Local(local) => Ok(local.services.messaging.create_space(local.person()?, name).await?),
        }
    }

    /// The members of a space.
    pub(crate) async fn space_members(&self, space: &Space) -> Result<Vec<Member>, CliError> {
        match self {
            Self::Remote(remote) => remote.list(&format!("spaces/{}/members", space.id), &[], MOST).await,
            Self::Local(local) => {
                let (messaging, mut found, mut cursor) =
                    (&local.services.messaging, Vec::new(), None::<String>);
                loop {
                    let page = messaging
                        .space_members(&local.actor, space.id, None, cursor.as_deref(), PAGE)
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

    /// Adds a member to a space or changes the role.
    pub(crate) async fn set_space_member(
        &self,
        space: &Space,
        user: &User,
        role: &str,
    ) -> Result<Member, CliError> {
        match self {
            Self::Remote(remote) => {
                let path = format!("spaces/{}/members/{}", space.id, user.id);
                remote.change(Method::PUT, &path, &json!({ "role": role })).await
            }
            Self::Local(local) => {
                let entry =
                    local.services.messaging.set_space_member(&local.actor, space.id, user.id, role).await?;
                Ok(Member { user: user.clone(), role: entry.role, joined_at: entry.joined_at })
            }
        }
    }

    /// Removes a member from a space and all its channels.
    pub(crate) async fn remove_space_member(&self, space: &Space, user: &User) -> Result<(), CliError> {
        match self {
            Self::Remote(remote) => remote.delete(&format!("spaces/{}/members/{}", space.id, user.id)).await,
            Self::Local(local) => {
                Ok(local.services.messaging.remove_space_member(&local.actor, space.id, user.id).await?)
            }
        }
    }
}
