//! Who is asking, and the one decision about what they may do.
//!
//! Code asks the literal question, (actor, permission, resource); which role may is data. A resource that
//! the actor may not even see does not exist for them: the answer is [`Denied::Unseen`] (404), never 403.

use crate::id::{SessionId, UserId};
use crate::permission::{Permission, PermissionSet};

/// What kind of actor is asking.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ActorKind {
    /// A person or bot with an account.
    User,
    /// The server itself or its operator at the console: an import, a scheduled task.
    System,
}

/// Somebody who asks for something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// The account. For [`ActorKind::System`] the nil id.
    pub user: UserId,
    /// The signed-in device, when there is one.
    pub session: Option<SessionId>,
    /// What kind of actor this is.
    pub kind: ActorKind,
    /// What the account's system role grants everywhere.
    pub system: PermissionSet,
}

impl Actor {
    /// The server itself.
    pub fn system() -> Self {
        Self {
            user: UserId::from_uuid(uuid::Uuid::nil()),
            session: None,
            kind: ActorKind::System,
            system: PermissionSet::all(),
        }
    }

    /// Whether all accounts of the server exist for this actor. If not, those do that share a channel or conversation with it.
    pub fn sees_everybody(&self) -> bool {
        self.kind == ActorKind::System
            || self.system.has(Permission::UsersRead)
            || self.system.has(Permission::UsersManage)
    }

    /// Asks whether the system role alone grants `permission`.
    pub fn require(&self, permission: Permission) -> Result<(), Denied> {
        if self.system.has(permission) { Ok(()) } else { Err(Denied::Forbidden(permission)) }
    }
}

/// What stands between an actor and a resource: whether it is visible, and what roles there grant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Whether the actor may know that the resource exists.
    pub visible: bool,
    /// What the actor's roles in the resource and in what contains it grant.
    pub granted: PermissionSet,
}

/// Why not.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Denied {
    /// The resource does not exist for this actor.
    #[error("not found")]
    Unseen,
    /// The actor sees the resource and lacks the permission.
    #[error("missing permission {0}")]
    Forbidden(Permission),
}

/// The decision: may `actor` do what needs `permission` to the resource it has this `standing` to?
pub fn decide(actor: &Actor, permission: Permission, standing: Standing) -> Result<(), Denied> {
    if actor.kind == ActorKind::System {
        return Ok(());
    }
    if !standing.visible {
        return Err(Denied::Unseen);
    }
    if standing.granted.has(permission) { Ok(()) } else { Err(Denied::Forbidden(permission)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(system: PermissionSet) -> Actor {
        Actor { system, kind: ActorKind::User, ..Actor::system() }
    }

    #[test]
    fn what_is_not_visible_does_not_exist_whatever_is_granted() {
        let standing = Standing { visible: false, granted: PermissionSet::all() };
        let asked = decide(&user(PermissionSet::all()), Permission::ChannelRead, standing);
        assert_eq!(asked, Err(Denied::Unseen));
    }

    #[test]
    fn what_is_visible_needs_the_permission() {
        let granted = PermissionSet::EMPTY.with(Permission::ChannelRead);
        let standing = Standing { visible: true, granted };
        let actor = user(PermissionSet::EMPTY);
        assert_eq!(decide(&actor, Permission::ChannelRead, standing), Ok(()));
        let asked = decide(&actor, Permission::MessagePost, standing);
        assert_eq!(asked, Err(Denied::Forbidden(Permission::MessagePost)));
    }
}
