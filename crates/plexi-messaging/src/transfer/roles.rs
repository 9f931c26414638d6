//! Which role here a role of the source is. An import never gives more than the source gave, and no power over the server.

use std::collections::HashMap;

use plexi_core::{PermissionSet, RoleScope};

use super::numbered;
use crate::ports::ImportedRole;

/// The longest name of a role, in bytes.
const LONGEST_NAME: usize = 32;
/// The role that ordinary accounts of a server have.
const ORDINARY: &str = "member";

/// The roles here, and what the source calls them.
pub(super) struct Roles {
    here: Vec<ImportedRole>,
    by_name: HashMap<(u8, String), String>,
}

/// What is to be done with a role of the source.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// It is there: the same, or one of that name that grants the same.
    Present,
    /// It is there and grants something else here.
    Changed,
    /// It is to be made, perhaps under another name.
    New(ImportedRole),
    /// It cannot be a role here.
    Refused,
}

/// The role that a member gets here.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Given {
    pub name: String,
    /// Why it is not the one of the source.
    pub note: Option<&'static str>,
}

const UNKNOWN: &str = "role is not known: the least one was given";
const POWER: &str = "system role with power over the server was not given: the account is an ordinary member";

impl Roles {
    pub fn new(here: Vec<ImportedRole>) -> Self {
        Self { here, by_name: HashMap::new() }
    }

    /// Finds the place of a role that the source defines.
    pub fn define(&mut self, role: ImportedRole) -> Fate {
        let key = (role.scope as u8, role.name.clone());
        if let Some(there) = self.here.iter().find(|there| there.id == role.id) {
            if there.scope != role.scope {
                return Fate::Refused;
            }
            self.by_name.insert(key, there.name.clone());
            return if there.permissions == role.permissions { Fate::Present } else { Fate::Changed };
        }
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'_' | b'-');
        if !(1..=LONGEST_NAME).contains(&role.name.len()) || !role.name.bytes().all(plain) {
            return Fate::Refused;
        }
        let named = |name: &str| self.here.iter().find(|one| one.scope == role.scope && one.name == name);
        if named(&role.name).is_some_and(|there| there.permissions == role.permissions) {
            self.by_name.insert(key, role.name);
            return Fate::Present;
        }
        let mut name = role.name.clone();
        for number in 2.. {
            if named(&name).is_none() {
                break;
            }
            name = numbered(&role.name, '-', number, LONGEST_NAME);
        }
        let made = ImportedRole { name: name.clone(), built_in: false, ..role };
        self.by_name.insert(key, name);
        self.here.push(made.clone());
        Fate::New(made)
    }

    /// What a role that the source defines is called here.
    pub fn name_here(&self, scope: RoleScope, there: &str) -> Option<&str> {
        self.by_name.get(&(scope as u8, there.to_owned())).map(String::as_str)
    }

    /// The role here for one of the source. One that the source does not define is the built-in one of that name; when there is
    /// none, it is the least role.
    pub fn give(&self, scope: RoleScope, there: &str) -> Given {
        let built_in =
            || self.here.iter().any(|role| role.scope == scope && role.built_in && role.name == there);
        let name = match self.name_here(scope, there) {
            Some(name) => name,
            None if built_in() => there,
            None => return Given { name: least(scope).to_owned(), note: Some(UNKNOWN) },
        };
        if scope == RoleScope::System && !self.grants(scope, ORDINARY).covers(self.grants(scope, name)) {
            return Given { name: ORDINARY.to_owned(), note: Some(POWER) };
        }
        Given { name: name.to_owned(), note: None }
    }

    fn grants(&self, scope: RoleScope, name: &str) -> PermissionSet {
        let role = self.here.iter().find(|role| role.scope == scope && role.name == name);
        role.map(|role| role.permissions).unwrap_or_default()
    }
}

/// The built-in role that grants the least.
const fn least(scope: RoleScope) -> &'static str {
    match scope {
        RoleScope::System | RoleScope::Space => "guest",
        RoleScope::Channel => "reader",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Permission::{ChannelRead, DirectCreate, MessagePost, UsersManage};
    use plexi_core::{Permission, RoleId};
    use uuid::Uuid;

    fn role(id: u128, scope: RoleScope, name: &str, grants: &[Permission]) -> ImportedRole {
        let permissions = grants.iter().copied().collect();
        let id = RoleId::from_uuid(Uuid::from_u128(id));
        ImportedRole { id, scope, name: name.to_owned(), permissions, built_in: id.as_uuid().as_u128() < 10 }
    }

    fn roles() -> Roles {
        Roles::new(vec![
            role(1, RoleScope::System, "admin", Permission::ALL),
            role(2, RoleScope::System, "member", &[DirectCreate]),
            role(3, RoleScope::System, "guest", &[]),
            role(4, RoleScope::Channel, "member", &[ChannelRead, MessagePost]),
            role(20, RoleScope::Channel, "scribe", &[ChannelRead, MessagePost]),
        ])
    }

    #[test]
    fn a_role_is_its_id_or_what_grants_the_same_under_the_same_name() {
        let mut roles = roles();
        let scribe = |id, grants: &[Permission]| role(id, RoleScope::Channel, "scribe", grants);
        assert_eq!(roles.define(scribe(20, &[ChannelRead])), Fate::Changed);
        assert_eq!(roles.define(scribe(21, &[ChannelRead, MessagePost])), Fate::Present);
        assert_eq!(roles.give(RoleScope::Channel, "scribe").name, "scribe");
        let Fate::New(made) = roles.define(scribe(22, &[ChannelRead])) else { panic!("no new role") };
        assert_eq!((made.name.as_str(), made.permissions.has(MessagePost)), ("scribe-2", false));
        assert_eq!(roles.give(RoleScope::Channel, "scribe"), Given { name: "scribe-2".into(), note: None });
        assert_eq!(roles.define(role(20, RoleScope::Space, "scribe", &[])), Fate::Refused);
        assert_eq!(roles.define(role(23, RoleScope::Space, "No Name", &[])), Fate::Refused);
    }

    #[test]
    fn what_is_not_known_is_the_least_role_and_a_role_of_this_server_is_not_taken_by_its_name() {
        let roles = roles();
        for (scope, there, here) in [
            (RoleScope::Channel, "scribe", "reader"),
            (RoleScope::Space, "emperor", "guest"),
            (RoleScope::System, "emperor", "guest"),
        ] {
            assert_eq!(roles.give(scope, there), Given { name: here.to_owned(), note: Some(UNKNOWN) });
        }
        assert_eq!(roles.give(RoleScope::Channel, "member"), Given { name: "member".into(), note: None });
    }

    #[test]
    fn nobody_gets_power_over_the_server_by_an_import() {
        let mut roles = roles();
        roles.define(role(1, RoleScope::System, "admin", Permission::ALL));
        roles.define(role(30, RoleScope::System, "helpdesk", &[UsersManage]));
        roles.define(role(31, RoleScope::System, "quiet", &[]));
        for powerful in ["admin", "helpdesk"] {
            let given = roles.give(RoleScope::System, powerful);
            assert_eq!(given, Given { name: "member".to_owned(), note: Some(POWER) });
        }
        for harmless in ["member", "guest", "quiet"] {
            assert_eq!(
                roles.give(RoleScope::System, harmless),
                Given { name: harmless.to_owned(), note: None }
            );
        }
    }
}
