use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;
use std::time::Duration;

use plexi_core::access::Denied;
use plexi_core::{Actor, ActorKind, FieldError, Permission, PermissionSet, RoleScope};

use crate::error::MessagingError;
use crate::messaging::Messaging;
use crate::ports::Directory;

/// What members do.
const TAKING_PART: PermissionSet = PermissionSet::EMPTY
    .with(Permission::SpaceRead)
    .with(Permission::ChannelJoin)
    .with(Permission::ChannelRead)
    .with(Permission::MessagePost)
    .with(Permission::MessageReact)
    .with(Permission::MessagePin)
    .with(Permission::MentionAll);

/// How many role names are remembered.
const MOST_REMEMBERED: u64 = 1_000;

/// What roles grant, by name. Bounded; forgets after the configured time and when told.
pub(crate) struct RoleCache(moka::sync::Cache<(RoleScopeKey, String), PermissionSet>);

type RoleScopeKey = u8;

impl RoleCache {
    pub(crate) fn new(ttl: Duration) -> Self {
        Self(moka::sync::Cache::builder().max_capacity(MOST_REMEMBERED).time_to_live(ttl).build())
    }

    pub(crate) fn forget_all(&self) {
        self.0.invalidate_all();
    }

    /// What the role grants; `None` when there is no such role.
    pub(crate) async fn grants(
        &self,
        directory: &Arc<dyn Directory>,
        scope: RoleScope,
        name: &str,
    ) -> Result<Option<PermissionSet>, MessagingError> {
        let key = (scope as RoleScopeKey, name.to_owned());
        if let Some(known) = self.0.get(&key) {
            return Ok(Some(known));
        }
        let found = directory.role_grants(scope, name).await?;
        if let Some(grants) = found {
            self.0.insert(key, grants);
        }
        Ok(found)
    }
}

impl Messaging {
    /// Whether the actor, who holds these permissions there, may give somebody the role: nobody gives power they
    /// lack. Taking part is no power: whoever may manage members may let them read and write.
    pub(crate) async fn may_give_role(
        &self,
        actor: &Actor,
        held: PermissionSet,
        scope: RoleScope,
        role: &str,
    ) -> Result<(), MessagingError> {
        // Read fresh: a role may have been given more a moment ago.
        let grants = self.0.directory.role_grants(scope, role).await?.ok_or_else(|| unknown_role(scope))?;
        if actor.kind == ActorKind::System {
            return Ok(());
        }
        match grants.iter().find(|permission| !TAKING_PART.has(*permission) && !held.has(*permission)) {
            Some(lacking) => Err(Denied::Forbidden(lacking).into()),
            None => Ok(()),
        }
    }

    /// What channel roles grant, for many memberships at once.
    pub(crate) async fn channel_roles(
        &self,
        names: impl IntoIterator<Item = String>,
    ) -> Result<HashMap<String, PermissionSet>, MessagingError> {
        let mut grants = HashMap::new();
        for name in names {
            if let Entry::Vacant(place) = grants.entry(name) {
                let found = self.0.roles.grants(&self.0.directory, RoleScope::Channel, place.key()).await?;
                place.insert(found.unwrap_or(PermissionSet::EMPTY));
            }
        }
        Ok(grants)
    }
}

fn unknown_role(scope: RoleScope) -> MessagingError {
    let problem = match scope {
        RoleScope::System => "no system role has this name",
        RoleScope::Space => "no space role has this name",
        RoleScope::Channel => "no channel role has this name",
    };
    MessagingError::Invalid(vec![FieldError::new("role", problem)])
}
