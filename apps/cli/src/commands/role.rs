use plexi_app::auth::model::Role;
use plexi_core::Permission;

use crate::args::RoleCommand;
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
        RoleCommand::Delete { name, scope } => {
            let mut roles = workspace.roles(scope.map(Into::into)).await?;
            roles.retain(|role| role.name == name);
            let role = match (roles.pop(), roles.is_empty()) {
                (Some(only), true) => only,
                (None, _) => return Err(CliError::not_found(format!("there is no role {name}"))),
                (Some(_), false) => {
                    return Err(CliError::usage(format!("several scopes have a role {name}"))
                        .remedy("Say which: --scope."));
                }
            };
            workspace.delete_role(&role).await?;
            out.done(&format!("deleted the {} role {name}", scope_name(role.scope)))
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
