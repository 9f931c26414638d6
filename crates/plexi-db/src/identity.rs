//! Accounts, roles, sessions and invitations: `plexi_auth::ports`.

mod accounts;
mod invitations;
mod roles;
mod sessions;

pub(crate) use roles::{all as all_roles, insert as insert_role, role_id, role_permissions, scope_name};
