use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use plexi_core::{ChannelId, Timestamp, UserId};
use serde::{Deserialize, Serialize};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::super::{Progress, TransferError};
use super::line::{ChannelLine, Manifest, MemberLine, MessageLine, RoleLine, SpaceLine, UserLine};
use super::{FORMAT, VERSION};
use crate::ports::{ImportedMember, TransferStore};

/// How many rows are read at once.
const ROWS: u32 = 1_000;

/// What an export wrote.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exported {
    /// Roles, the built-in ones among them.
    pub roles: u64,
    /// Accounts, without credentials.
    pub users: u64,
    /// Spaces.
    pub spaces: u64,
    /// Channels and direct conversations.
    pub channels: u64,
    /// Messages.
    pub messages: u64,
}

/// Writes everything in `store` to an archive at `path`. The archive appears under its name only when it is whole: until then it
/// is `<path>.part`.
///
/// # Errors
/// [`TransferError::File`] when the archive cannot be written; nothing is left under `path` then.
pub async fn export(
    store: &dyn TransferStore,
    path: &Path,
    now: Timestamp,
    progress: &(dyn Fn(Progress) + Send + Sync),
) -> Result<Exported, TransferError> {
    let mut part = path.as_os_str().to_owned();
    part.push(".part");
    let part = Path::new(&part);
    let outcome = write(store, part, now, progress).await;
    let finished = outcome.and_then(|done| {
        std::fs::rename(part, path).map_err(|error| TransferError::file(path, error))?;
        Ok(done)
    });
    if finished.is_err() {
        // What could not be finished is of no use; a failure to remove it changes nothing for the caller.
        let _ = std::fs::remove_file(part);
    }
    finished
}

async fn write(
    store: &dyn TransferStore,
    path: &Path,
    now: Timestamp,
    progress: &(dyn Fn(Progress) + Send + Sync),
) -> Result<Exported, TransferError> {
    let mut archive = Archive::create(path)?;
    let mut done = Exported::default();
    archive.begin("roles.jsonl")?;
    for role in store.export_roles().await? {
        archive.line(&RoleLine::from_role(role))?;
        done.roles += 1;
    }
    archive.begin("users.jsonl")?;
    let mut after: Option<UserId> = None;
    loop {
        let users = store.export_users(after, ROWS).await?;
        let Some(last) = users.last() else { break };
        after = Some(last.id);
        for user in users {
            archive.line(&UserLine::from_user(user))?;
            done.users += 1;
        }
    }
    archive.begin("spaces.jsonl")?;
    for space in store.export_spaces().await? {
        let mut members: Vec<ImportedMember> = Vec::new();
        loop {
            let after = members.last().map(|member| member.user);
            let page = store.export_space_members(space.id, after, ROWS).await?;
            if page.is_empty() {
                break;
            }
            members.extend(page);
        }
        let (id, name) = (space.id, space.name);
        archive.line(&SpaceLine {
            id,
            name,
            archived: space.archived,
            created_at: space.created_at,
            members: members.into_iter().map(MemberLine::from_member).collect(),
        })?;
        done.spaces += 1;
    }
    archive.begin("channels.jsonl")?;
    let mut channels: Vec<ChannelId> = Vec::new();
    loop {
        let page = store.export_channels(channels.last().copied(), 50).await?;
        if page.is_empty() {
            break;
        }
        for channel in page {
            channels.push(channel.id);
            archive.line(&ChannelLine::from_channel(channel))?;
        }
    }
    done.channels = channels.len() as u64;
    for (index, channel) in channels.iter().enumerate() {
        archive.begin(&format!("messages/{channel}.jsonl"))?;
        let mut after = None;
        loop {
            let messages = store.export_messages(*channel, after, ROWS).await?;
            let Some(last) = messages.last() else { break };
            after = Some(last.message.id);
            done.messages += messages.len() as u64;
            for message in messages {
                archive.line(&MessageLine::from_message(message))?;
            }
            progress(Progress { messages: done.messages, parts: (index as u64, done.channels) });
        }
    }
    archive.begin("manifest.json")?;
    archive.line(&Manifest {
        format: FORMAT.to_owned(),
        version: VERSION,
        created_at: now,
        roles: done.roles,
        users: done.users,
        spaces: done.spaces,
        channels: done.channels,
        messages: done.messages,
    })?;
    archive.finish()?;
    Ok(done)
}

struct Archive<'a> {
    path: &'a Path,
    zip: ZipWriter<BufWriter<File>>,
}

impl<'a> Archive<'a> {
    fn create(path: &'a Path) -> Result<Self, TransferError> {
        let file = File::create(path).map_err(|error| TransferError::file(path, error))?;
        Ok(Self { path, zip: ZipWriter::new(BufWriter::new(file)) })
    }

    fn begin(&mut self, name: &str) -> Result<(), TransferError> {
        // An archive may be larger than 4 GiB.
        let options = SimpleFileOptions::default().large_file(true);
        self.zip.start_file(name, options).map_err(|error| TransferError::file(self.path, error.into()))
    }

    fn line(&mut self, line: &impl Serialize) -> Result<(), TransferError> {
        let failed = |error| TransferError::file(self.path, error);
        serde_json::to_writer(&mut self.zip, line).map_err(|error| failed(error.into()))?;
        self.zip.write_all(b"\n").map_err(failed)
    }

    fn finish(self) -> Result<(), TransferError> {
        let failed = |error| TransferError::file(self.path, error);
        let mut file = self.zip.finish().map_err(|error| failed(error.into()))?;
        file.flush().map_err(failed)?;
        file.get_ref().sync_all().map_err(failed)
    }
}
