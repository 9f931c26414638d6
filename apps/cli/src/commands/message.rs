use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use plexi_core::{Entropy as _, SystemEntropy};

use crate::args::{Search, Send};
use crate::exit::CliError;
use crate::output::{Out, plain, plain_lines};
use crate::prompt;
use crate::workspace::Workspace;

/// `plexi send`
pub(crate) async fn send(workspace: &Workspace, args: Send, out: Out) -> Result<(), CliError> {
    let text = match args.text.as_deref() {
        None | Some("-") => prompt::standard_input()?,
        Some(text) => text.to_owned(),
    };
    let no_message = |_| CliError::usage("--thread takes the id of a message");
    let thread = args.thread.map(|id| id.parse().map_err(no_message)).transpose()?;
    let client_id = args.client_id.map_or_else(random_key, Ok)?;
    let channel = workspace.channel(&args.channel).await?;
    let message = workspace.post(&channel, &text, &client_id, thread).await?;
    out.show(&message, |message| format!("sent to #{} as {}", channel.name, message.id))
}

/// `plexi search`
pub(crate) async fn search(workspace: &Workspace, args: Search, out: Out) -> Result<(), CliError> {
    let limit = usize::try_from(args.limit).unwrap_or(usize::MAX);
    let hits = workspace.search(&args.query.join(" "), limit).await?;
    let (mut channels, mut authors) = (BTreeMap::new(), BTreeMap::new());
    for hit in &hits {
        if let Entry::Vacant(free) = channels.entry(hit.channel_id) {
            let name = workspace.channel(&hit.channel_id.to_string()).await?.name;
            free.insert(if name.is_empty() { "direct".into() } else { format!("#{name}") });
        }
        let author = hit.message.author_id;
        if let Entry::Vacant(free) = authors.entry(author) {
            // an author who is gone is shown by id
            let name = workspace
                .user(&author.to_string())
                .await
                .map_or_else(|_| author.to_string(), |user| user.name);
            free.insert(name);
        }
    }
    out.show(&hits, |hits| {
        let told = hits.iter().map(|hit| {
            let (at, text) = (hit.message.created_at, plain_lines(&hit.message.text));
            let (channel, author) = (&channels[&hit.channel_id], &authors[&hit.message.author_id]);
            format!("{at}  {}  {}\n  {}", plain(channel), plain(author), text.replace('\n', "\n  "))
        });
        let told: Vec<String> = told.collect();
        if told.is_empty() { "nothing found".into() } else { told.join("\n\n") }
    })
}

fn random_key() -> Result<String, CliError> {
    let mut bytes = [0_u8; 16];
    SystemEntropy::new().fill(&mut bytes)?;
    Ok(format!("plexi-{:032x}", u128::from_le_bytes(bytes)))
}
