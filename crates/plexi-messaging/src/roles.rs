use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use plexi_cache::{Cache, CacheError, Codec, Keep, Namespace, SecurityLevel};
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

/// What roles grant, by name, once there is a place to remember it.
#[derive(Default)]
pub(crate) struct RoleCache(OnceLock<Namespace<(RoleScopeKey, String), PermissionSet>>);

type RoleScopeKey = u8;

impl RoleCache {
    /// Remembers in `cache` for so long from now on.
    pub(crate) fn remember_in(&self, cache: &Cache, ttl: Duration) -> Result<(), CacheError> {
        let described = cache.namespace("role-grants").level(SecurityLevel::Public).share(2);
        let grants = described.time_to_live(ttl).build(Codec::in_memory(|_| size_of::<PermissionSet>()))?;
        // Set already: then the first place stays.
        let _ = self.0.set(grants);
        Ok(())
    }

    pub(crate) fn forget_all(&self) {
        if let Some(grants) = self.0.get() {
            grants.invalidate_all_local();
        }
    }

    /// What the role grants; `None` when there is no such role.
    pub(crate) async fn grants(
        &self,
        directory: &Arc<dyn Directory>,
        scope: RoleScope,
        name: &str,
    ) -> Result<Option<PermissionSet>, MessagingError> {
        let read = async || directory.role_grants(scope, name).await;
        let Some(grants) = self.0.get() else { return Ok(read().await?) };
        let key = (scope as RoleScopeKey, name.to_owned());
        let known = grants.get_or_try_load(&key, &Keep::new(), read).await;
        known.map_err(|error| (*error).clone().into())
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
