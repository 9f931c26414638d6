//! The roles that come with the server. Which role may is data; code asks for permissions only.

use plexi_core::{Permission, PermissionSet, RoleId, RoleScope};
use uuid::Uuid;

use crate::model::Role;

/// The system role that may everything. The server keeps at least one enabled account with it.
pub const ADMIN: &str = "admin";
/// The role of ordinary members, at every scope.
pub const MEMBER: &str = "member";
/// The role of guests, at every scope: only what they are added to, and the people they meet there.
pub const GUEST: &str = "guest";
/// The channel role of those who read and react.
pub const READER: &str = "reader";

/// The built-in roles, with ids that are the same on every server.
pub fn built_in() -> Vec<Role> {
    use Permission as P;
    let channel_guest = [P::ChannelRead, P::MessagePost, P::MessageReact];
    let channel_member = [P::ChannelRead, P::MessagePost, P::MessageReact, P::MessagePin, P::MentionAll];
    let table: [(u128, RoleScope, &str, PermissionSet); 10] = [
        (1, RoleScope::System, ADMIN, PermissionSet::all()),
        (2, RoleScope::System, MEMBER, set(&[P::DirectCreate, P::UsersRead])),
        (3, RoleScope::System, GUEST, PermissionSet::EMPTY),
        (
            4,
            RoleScope::Space,
            ADMIN,
            set(&[
                P::SpaceRead,
                P::SpaceManage,
                P::ChannelsCreate,
                P::PrivateChannelsCreate,
                P::ChannelJoin,
                P::ChannelRead,
                P::ChannelManage,
                P::ChannelMembersManage,
                P::MessageModerate,
                P::MessagePin,
                P::MentionAll,
                P::InvitationsCreate,
            ]),
        ),
        (
            5,
            RoleScope::Space,
            MEMBER,
            set(&[P::SpaceRead, P::ChannelsCreate, P::PrivateChannelsCreate, P::ChannelJoin, P::ChannelRead]),
        ),
        (6, RoleScope::Space, GUEST, PermissionSet::EMPTY),
        (
            7,
            RoleScope::Channel,
            ADMIN,
            set(&channel_member).union(set(&[P::MessageModerate, P::ChannelManage, P::ChannelMembersManage])),
        ),
        (8, RoleScope::Channel, MEMBER, set(&channel_member)),
        (9, RoleScope::Channel, GUEST, set(&channel_guest)),
        (10, RoleScope::Channel, READER, set(&[P::ChannelRead, P::MessageReact])),
    ];
    table
        .into_iter()
        .map(|(number, scope, name, permissions)| Role {
            id: RoleId::from_uuid(Uuid::from_u128(FIRST | number)),
            name: name.to_owned(),
            scope,
            permissions,
            built_in: true,
        })
        .collect()
}

/// A `UUIDv7` of the epoch: no role made by a server can have one of these ids.
const FIRST: u128 = (0x7 << 76) | (0b10 << 62);

fn set(permissions: &[Permission]) -> PermissionSet {
    permissions.iter().copied().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn ids_and_names_are_unique_and_ids_are_those_of_every_server() {
        let roles = built_in();
        assert_eq!(roles.iter().map(|role| role.id).collect::<HashSet<_>>().len(), roles.len());
        assert_eq!(
            roles.iter().map(|role| (role.scope, &role.name)).collect::<HashSet<_>>().len(),
            roles.len()
        );
        assert_eq!(roles[0].id.to_string(), "00000000-0000-7000-8000-000000000001");
    }

    #[test]
    fn no_role_has_what_belongs_to_a_wider_scope() {
        for role in built_in() {
            assert!(role.permissions.iter().all(|one| one.scope() >= role.scope), "{role:?}");
        }
    }

    #[test]
    fn an_administrator_may_everything_and_a_guest_nothing_by_system_role() {
        let granted = |name: &str| {
            built_in()
                .into_iter()
                .find(|r| r.scope == RoleScope::System && r.name == name)
                .unwrap()
                .permissions
        };
        assert_eq!(granted(ADMIN), PermissionSet::all());
        assert_eq!(granted(MEMBER), set(&[Permission::DirectCreate, Permission::UsersRead]));
        assert_eq!(granted(GUEST), PermissionSet::EMPTY);
    }

    #[test]
    fn a_channel_member_may_all_that_a_guest_or_reader_may() {
        let granted = |name: &str| {
            built_in()
                .into_iter()
                .find(|r| r.scope == RoleScope::Channel && r.name == name)
                .unwrap()
                .permissions
        };
        assert!(granted(ADMIN).covers(granted(MEMBER)));
        assert!(granted(MEMBER).covers(granted(GUEST)));
        assert!(granted(GUEST).covers(granted(READER)));
    }
}
