//! What an actor may do here: the standing to a space or channel, remembered for a moment, and the one decision.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use plexi_cache::{Cache, CacheError, Codec, Keep, Namespace, SecurityLevel};
use plexi_core::access::{Denied, Standing, decide};
use plexi_core::{Actor, ActorKind, ChannelId, Permission, PermissionSet, SpaceId, UserId};

use crate::error::MessagingError;
use crate::messaging::Messaging;
use crate::model::ChannelKind;
use crate::ports::{ChannelAccess, ChatStore, SpaceAccess};

/// What a system or space role grants to somebody who sees a channel and is not in it.
const FROM_OUTSIDE: PermissionSet = PermissionSet::EMPTY
    .with(Permission::SpaceRead)
    .with(Permission::ChannelRead)
    .with(Permission::ChannelJoin)
    .with(Permission::ChannelManage)
    .with(Permission::ChannelMembersManage);

/// What is left of all permissions in a channel of an archived space.
const IN_ARCHIVED_SPACE: PermissionSet =
    PermissionSet::EMPTY.with(Permission::SpaceRead).with(Permission::ChannelRead);

/// The standing of an actor to a space.
pub(crate) fn space_standing(actor: &Actor, access: &SpaceAccess) -> Standing {
    Standing {
        visible: access.granted.is_some() || actor.system.has(Permission::SpaceRead),
        granted: actor.system.union(access.granted.unwrap_or(PermissionSet::EMPTY)),
    }
}

/// The standing of an actor to a channel.
pub(crate) fn channel_standing(actor: &Actor, access: &ChannelAccess) -> Standing {
    let around = actor.system.union(access.space.unwrap_or(PermissionSet::EMPTY));
    match access.member {
        // A conversation of fixed people is nobody else's business, whatever roles they have elsewhere.
        Some(role) if access.kind.is_direct() => Standing { visible: true, granted: role },
        Some(role) => Standing { visible: true, granted: around.union(role) },
        None => Standing {
            visible: access.kind == ChannelKind::Public && around.has(Permission::SpaceRead),
            granted: FROM_OUTSIDE.iter().filter(|permission| around.has(*permission)).collect(),
        },
    }
}

/// The permissions of an actor in a channel, for showing: where nothing can be changed, none to change something.
pub(crate) fn shown_permissions(actor: &Actor, access: &ChannelAccess) -> PermissionSet {
    if actor.kind == ActorKind::System {
        return PermissionSet::all();
    }
    let granted = channel_standing(actor, access).granted;
    if access.space_archived {
        granted.iter().filter(|permission| IN_ARCHIVED_SPACE.has(*permission)).collect()
    } else {
        granted
    }
}

/// Whether the roles of a member let them read, and so hear, the channel: the one in the channel, or outside of direct
/// conversations the one in its space or in the system.
pub(crate) fn reads(access: &ChannelAccess) -> bool {
    let granted = |set: Option<PermissionSet>| set.is_some_and(|set| set.has(Permission::ChannelRead));
    let around = !access.kind.is_direct() && (granted(access.space) || access.system_reads);
    access.member.is_some() && (granted(access.member) || around)
}

/// Decisions of a moment ago, once there is a place for them; without one the store is asked each time.
#[derive(Default)]
pub(crate) struct AccessCache(OnceLock<Namespace<(UserId, ChannelId), Arc<ChannelAccess>>>);

impl AccessCache {
    /// Remembers in `cache` for so long from now on.
    pub(crate) fn remember_in(&self, cache: &Cache, ttl: Duration) -> Result<(), CacheError> {
        let described = cache.namespace("channel-access").level(SecurityLevel::Public).share(40);
        let entries = described.time_to_live(ttl).build(Codec::in_memory(|_| size_of::<ChannelAccess>()))?;
        // Set already: then the first place stays.
        let _ = self.0.set(entries);
        Ok(())
    }

    pub(crate) fn forget(&self, user: UserId, channel: ChannelId) {
        if let Some(entries) = self.0.get() {
            entries.invalidate_local(&(user, channel));
        }
    }

    pub(crate) fn forget_all(&self) {
        if let Some(entries) = self.0.get() {
            entries.invalidate_all_local();
        }
    }

    async fn get(
        &self,
        store: &dyn ChatStore,
        channel: ChannelId,
        user: UserId,
    ) -> Result<Option<Arc<ChannelAccess>>, MessagingError> {
        let read = async || store.channel_access(channel, user).await.map(|access| access.map(Arc::new));
        let Some(entries) = self.0.get() else { return Ok(read().await?) };
        let known = entries.get_or_try_load(&(user, channel), &Keep::new(), read).await;
        known.map_err(|error| (*error).clone().into())
    }
}

/// A channel that the actor sees, and how.
pub(crate) struct Seen {
    pub(crate) access: Arc<ChannelAccess>,
    pub(crate) standing: Standing,
}

impl Seen {
    /// The channel, if it can be changed.
    pub(crate) fn writable(&self) -> Result<(), MessagingError> {
        if self.access.space_archived {
            Err(MessagingError::SpaceArchived)
        } else if self.access.archived {
            Err(MessagingError::Archived)
        } else {
            Ok(())
        }
    }

    pub(crate) fn may(&self, actor: &Actor, permission: Permission) -> bool {
        decide(actor, permission, self.standing).is_ok()
    }

    /// The actor's permissions here, for showing.
    pub(crate) fn granted(&self, actor: &Actor) -> PermissionSet {
        shown_permissions(actor, &self.access)
    }
}

impl Messaging {
    /// A channel, if the actor may know of it.
    pub(crate) async fn see(&self, actor: &Actor, channel: ChannelId) -> Result<Seen, MessagingError> {
        let access = self.0.access.get(&*self.0.store, channel, actor.user).await?;
        let access = access.ok_or(Denied::Unseen)?;
        let standing = channel_standing(actor, &access);
        if !standing.visible && actor.kind != ActorKind::System {
            return Err(Denied::Unseen.into());
        }
        Ok(Seen { access, standing })
    }

    /// Whether somebody is a member of a channel.
    pub(crate) async fn is_member(&self, user: UserId, channel: ChannelId) -> Result<bool, MessagingError> {
        let access = self.0.access.get(&*self.0.store, channel, user).await?;
        Ok(access.is_some_and(|access| access.member.is_some()))
    }

    /// A channel, if the actor has `permission` in it.
    pub(crate) async fn allow(
        &self,
        actor: &Actor,
        channel: ChannelId,
        permission: Permission,
    ) -> Result<Seen, MessagingError> {
        let seen = self.see(actor, channel).await?;
        decide(actor, permission, seen.standing).map_err(|denied| {
            // Who could join is told so: no administrator is needed for it.
            let outsider = seen.access.member.is_none() && !FROM_OUTSIDE.has(permission);
            if outsider && seen.may(actor, Permission::ChannelJoin) {
                MessagingError::NotMember
            } else {
                denied.into()
            }
        })?;
        Ok(seen)
    }

    /// As [`Messaging::allow`], and the channel can be changed.
    pub(crate) async fn allow_change(
        &self,
        actor: &Actor,
        channel: ChannelId,
        permission: Permission,
    ) -> Result<Seen, MessagingError> {
        let seen = self.allow(actor, channel, permission).await?;
        seen.writable()?;
        Ok(seen)
    }

    pub(crate) async fn see_space(
        &self,
        actor: &Actor,
        space: SpaceId,
    ) -> Result<(SpaceAccess, Standing), MessagingError> {
        let access = self.0.store.space_access(space, actor.user).await?.ok_or(Denied::Unseen)?;
        let standing = space_standing(actor, &access);
        if !standing.visible && actor.kind != ActorKind::System {
            return Err(Denied::Unseen.into());
        }
        Ok((access, standing))
    }

    pub(crate) async fn allow_space(
        &self,
        actor: &Actor,
        space: SpaceId,
        permission: Permission,
    ) -> Result<SpaceAccess, MessagingError> {
        let (access, standing) = self.see_space(actor, space).await?;
        decide(actor, permission, standing)?;
        Ok(access)
    }

    /// Asks whether the actor has `permission` in a space. `Denied`: no such space for the actor, or no permission.
    pub async fn require_space(
        &self,
        actor: &Actor,
        space: SpaceId,
        permission: Permission,
    ) -> Result<(), MessagingError> {
        self.allow_space(actor, space, permission).await.map(drop)
    }

    /// As [`Messaging::require_space`], for a change of the space. `SpaceArchived`.
    pub async fn require_open_space(
        &self,
        actor: &Actor,
        space: SpaceId,
        permission: Permission,
    ) -> Result<(), MessagingError> {
        let access = self.allow_space(actor, space, permission).await?;
        if access.archived { Err(MessagingError::SpaceArchived) } else { Ok(()) }
    }

    /// To be called after roles were changed elsewhere. What they grant takes effect at once; what connections hear
    /// follows as soon as [`Messaging::run_sender`] has read it from the store.
    pub fn roles_changed(&self) {
        self.0.access.forget_all();
        self.0.roles.forget_all();
        self.0.hub.mark_listening_stale(self.0.hub.connected());
    }

    /// To be called after roles, members and messages were brought into the store past this service, as an import does. As
    /// [`Messaging::roles_changed`]; what was written to channels that somebody listens to is brought to them as well.
    pub fn imported(&self) {
        self.0.access.forget_all();
        self.0.roles.forget_all();
        self.0.hub.mark_all_stale();
    }
}
