use plexi_app::messaging::model::Space;

use super::channel::member_table;
use crate::args::{SpaceCommand, SpaceMembersCommand};
use crate::exit::CliError;
use crate::output::{Out, Table};
use crate::workspace::Workspace;

/// `plexi space`
pub(crate) async fn run(workspace: &Workspace, command: SpaceCommand, out: Out) -> Result<(), CliError> {
    match command {
        SpaceCommand::List => {
            let spaces = workspace.spaces().await?;
            out.show(&spaces, |spaces| table(spaces))
        }
        SpaceCommand::Create { name } => {
            let space = workspace.create_space(&name).await?;
            out.show(&space, |space| format!("made the space {}", space.name))
        }
        SpaceCommand::Members(command) => members(workspace, command, out).await,
    }
}

async fn members(workspace: &Workspace, command: SpaceMembersCommand, out: Out) -> Result<(), CliError> {
    match command {
        SpaceMembersCommand::List { space } => {
            let space = workspace.space(space.as_deref()).await?;
            let members = workspace.space_members(&space).await?;
            out.show(&members, |members| member_table(members))
        }
        SpaceMembersCommand::Add { user, space, role } => {
            let (space, user) = (workspace.space(space.as_deref()).await?, workspace.user(&user).await?);
            let member = workspace.set_space_member(&space, &user, &role).await?;
            out.show(&member, |member| {
                format!("{} is in {} as {}", member.user.name, space.name, member.role)
            })
        }
        SpaceMembersCommand::Remove { user, space } => {
            let (space, user) = (workspace.space(space.as_deref()).await?, workspace.user(&user).await?);
            workspace.remove_space_member(&space, &user).await?;
            out.done(&format!("{} is no longer in {}", user.name, space.name))
        }
    }
}

fn table(spaces: &[Space]) -> String {
    let mut table = Table::new(&["name", "state", "since", "id"]);
    for space in spaces {
        let state = if space.archived { "archived" } else { "active" };
        table.row([&space.name, state, &space.created_at.to_string(), &space.id.to_string()]);
    }
    table.to_string()
}
