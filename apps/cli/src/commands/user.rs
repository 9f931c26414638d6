use plexi_app::auth::model::{User, UserKind};

use crate::args::UserCommand;
use crate::exit::CliError;
use crate::output::{Out, Table};
use crate::prompt;
use crate::workspace::Workspace;

/// `plexi user`
pub(crate) async fn run(workspace: &Workspace, command: UserCommand, out: Out) -> Result<(), CliError> {
    match command {
        UserCommand::List { query, limit } => {
            let users = workspace.users(query.as_deref(), limit).await?;
            out.show(&users, |users| table(users))
        }
        UserCommand::Create { name, display_name, role, password } => {
            let password = prompt::password(password, &format!("Password for {name}"), true)?;
            let shown = display_name.unwrap_or_else(|| name.clone());
            let user = workspace.create_user(&name, &shown, &role, password).await?;
            out.show(&user, |user| format!("made {} with the role {role}", user.name))
        }
        UserCommand::Disable { user } => {
            let user = workspace.user(&user).await?;
            let user = workspace.set_disabled(&user, true).await?;
            out.show(&user, |user| format!("{} is disabled and signed out everywhere", user.name))
        }
        UserCommand::Enable { user } => {
            let user = workspace.user(&user).await?;
            let user = workspace.set_disabled(&user, false).await?;
            out.show(&user, |user| format!("{} can sign in again", user.name))
        }
        UserCommand::SetRole { user, role } => {
            let user = workspace.user(&user).await?;
            let user = workspace.set_role(&user, &role).await?;
            out.show(&user, |user| format!("{} has the role {role}", user.name))
        }
        UserCommand::SetPassword { user, password } => {
            let user = workspace.user(&user).await?;
            let password = prompt::password(password, &format!("New password for {}", user.name), true)?;
            let user = workspace.set_password(&user, password).await?;
            out.show(&user, |user| format!("{} has a new password and is signed out everywhere", user.name))
        }
    }
}

fn table(users: &[User]) -> String {
    let mut table = Table::new(&["name", "display name", "kind", "state", "id"]);
    for user in users {
        let kind = match user.kind {
            UserKind::Person => "person",
            UserKind::Bot => "bot",
            UserKind::Imported => "imported",
        };
        let state = if user.disabled { "disabled" } else { "active" };
        table.row([&user.name, &user.display_name, kind, state, &user.id.to_string()]);
    }
    table.to_string()
}
