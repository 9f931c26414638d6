use plexi_app::auth::model::Role;
use plexi_core::Permission;

use crate::args::{RoleCommand, ScopeName};
use crate::exit::CliError;
use crate::output::{Out, Table};
use crate::workspace::{Workspace, scope_name};

/// `plexi role`
pub(crate) async fn run(workspace: &Workspace, command: RoleCommand, out: Out) -> Result<(), CliError> {
    match command {
        RoleCommand::List { scope } => {
            let roles = workspace.roles(scope.map(Into::into)).await?;
            out.show(&roles, |roles| table(roles))
        }
        RoleCommand::Create { name, scope, grants } => {
            let role = workspace.create_role(&name, scope.into(), &grants).await?;
            out.show(&role, |role| format!("made the {} role {}", scope_name(role.scope), role.name))
        }
        RoleCommand::Update { role, scope, name, grants } => {
            let role = find(workspace, &role, scope).await?;
            let role = workspace.update_role(&role, name.as_deref(), grants.as_deref()).await?;
            out.show(&role, |role| format!("changed the {} role {}", scope_name(role.scope), role.name))
        }
        RoleCommand::Delete { name, scope } => {
            let role = find(workspace, &name, scope).await?;
            workspace.delete_role(&role).await?;
            out.done(&format!("deleted the {} role {name}", scope_name(role.scope)))
        }
    }
}

/// The role of that name, in the scope that was said or the only one that has it.
async fn find(workspace: &Workspace, name: &str, scope: Option<ScopeName>) -> Result<Role, CliError> {
    let mut roles = workspace.roles(scope.map(Into::into)).await?;
    roles.retain(|role| role.name == name);
    match (roles.pop(), roles.is_empty()) {
        (Some(only), true) => Ok(only),
        (None, _) => {
            Err(CliError::not_found(format!("there is no role {name}")).remedy("See `plexi role list`."))
        }
        (Some(_), false) => {
            Err(CliError::usage(format!("several scopes have a role {name}")).remedy("Say which: --scope."))
        }
    }
}

fn table(roles: &[Role]) -> String {
    let mut table = Table::new(&["scope", "name", "built in", "grants"]);
    for role in roles {
        let grants: Vec<&str> = role.permissions.iter().map(Permission::as_str).collect();
        let built_in = if role.built_in { "yes" } else { "no" };
        table.row([scope_name(role.scope), &role.name, built_in, &grants.join(" ")]);
    }
    table.to_string()
}
