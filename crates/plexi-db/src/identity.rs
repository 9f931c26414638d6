//! Accounts, roles, sessions and invitations: `plexi_auth::ports`.

mod accounts;
mod invitations;
mod roles;
mod sessions;

pub(crate) use roles::{role_id, role_permissions, scope_name};
