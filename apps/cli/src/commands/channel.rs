use plexi_app::messaging::model::{Channel, Space};
use plexi_app::messaging::ports::ChannelChange;
use serde_json::json;

use crate::args::{ChannelCommand, MembersCommand};
use crate::exit::CliError;
use crate::output::{Out, Table};
use crate::workspace::{Member, Workspace};

/// `plexi channel`
pub(crate) async fn run(workspace: &Workspace, command: ChannelCommand, out: Out) -> Result<(), CliError> {
    match command {
        ChannelCommand::List { space, archived } => {
            let spaces = match &space {
                Some(named) => vec![workspace.space(Some(named)).await?],
                None => workspace.spaces().await?,
            };
            let mut listed = Vec::new();
            for space in spaces {
                let channels = workspace.channels(&space, None, archived).await?;
                listed.push((space, channels));
            }
            let all: Vec<&Channel> = listed.iter().flat_map(|(_, channels)| channels).collect();
            out.show(&json!(all), |_| table(&listed))
        }
        ChannelCommand::Create { name, space, kind, topic } => {
            let space = workspace.space(space.as_deref()).await?;
            let channel = workspace.create_channel(&space, &name, kind.kind(), topic.as_deref()).await?;
            out.show(&channel, |channel| format!("made #{} in {}", channel.name, space.name))
        }
        ChannelCommand::Rename { channel, name } => {
            let channel = workspace.channel(&channel).await?;
            let change = ChannelChange { name: Some(name), ..ChannelChange::default() };
            let renamed = workspace.update_channel(&channel, change).await?;
            out.show(&renamed, |renamed| format!("#{} is now #{}", channel.name, renamed.name))
        }
        ChannelCommand::Topic { channel, topic } => {
            let channel = workspace.channel(&channel).await?;
            let change = ChannelChange { topic: Some(topic), ..ChannelChange::default() };
            let channel = workspace.update_channel(&channel, change).await?;
            out.show(&channel, |channel| format!("the topic of #{} is set", channel.name))
        }
        ChannelCommand::Archive { channel, restore } => {
            let channel = workspace.channel(&channel).await?;
            let change = ChannelChange { archived: Some(!restore), ..ChannelChange::default() };
            let channel = workspace.update_channel(&channel, change).await?;
            let what = if channel.archived { "is archived" } else { "is back" };
            out.show(&channel, |channel| format!("#{} {what}", channel.name))
        }
        ChannelCommand::Members(command) => members(workspace, command, out).await,
    }
}

async fn members(workspace: &Workspace, command: MembersCommand, out: Out) -> Result<(), CliError> {
    match command {
        MembersCommand::List { channel } => {
            let channel = workspace.channel(&channel).await?;
            let members = workspace.members(&channel).await?;
            out.show(&members, |members| member_table(members))
        }
        MembersCommand::Add { channel, user, role } => {
            let (channel, user) = (workspace.channel(&channel).await?, workspace.user(&user).await?);
            let member = workspace.set_member(&channel, &user, &role).await?;
            out.show(&member, |member| {
                format!("{} is in #{} as {}", member.user.name, channel.name, member.role)
            })
        }
        MembersCommand::Remove { channel, user } => {
            let (channel, user) = (workspace.channel(&channel).await?, workspace.user(&user).await?);
            workspace.remove_member(&channel, &user).await?;
            out.done(&format!("{} is no longer in #{}", user.name, channel.name))
        }
    }
}

fn table(listed: &[(Space, Vec<Channel>)]) -> String {
    let mut table = Table::new(&["space", "channel", "kind", "members", "last message", "state", "id"]);
    for (space, channels) in listed {
        for channel in channels {
            let last = channel.last_message_at.map(|at| at.to_string()).unwrap_or_default();
            let state = if channel.archived { "archived" } else { "active" };
            let (members, id) = (channel.member_count.to_string(), channel.id.to_string());
            let name = format!("#{}", channel.name);
            table.row([&space.name, &name, channel.kind.as_str(), &members, &last, state, &id]);
        }
    }
    table.to_string()
}

pub(crate) fn member_table(members: &[Member]) -> String {
    let mut table = Table::new(&["name", "display name", "role", "since"]);
    for member in members {
        let since = member.joined_at.to_string();
        table.row([&member.user.name, &member.user.display_name, &member.role, &since]);
    }
    table.to_string()
}
