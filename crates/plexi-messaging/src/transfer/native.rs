//! Our own archive: a zip of `manifest.json`, `roles.jsonl`, `users.jsonl`, `spaces.jsonl`, `channels.jsonl` and
//! `messages/<channel>.jsonl`, one JSON object a line. Described in `docs/API.md`'s companion `docs/IMPORT_EXPORT.md`.
//!
//! Numbers that a server gives (`seq`, `position`) are not part of it; everything that people wrote and did is. Credentials,
//! sessions, invitations and drafts are not. Exporting what was imported gives the same lines, but for the names that were
//! taken and the roles over the whole server.

mod export;
mod line;

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;

use serde::de::DeserializeOwned;

use super::{Outlet, Step, TransferError};
use crate::model::Space;
use crate::ports::ImportedMessage;
use crate::search;
pub use export::{Exported, export};
use line::{ChannelLine, Manifest, MemberLine, MessageLine, RoleLine, SpaceLine, UserLine};

/// The name in the manifest by which an archive is known.
const FORMAT: &str = "plexichat-export";
/// The version of the format that is written, and the newest that is read.
const VERSION: u32 = 2;
/// The first version with roles.
const WITH_ROLES: u32 = 2;
/// The longest line, in bytes: a channel with some 500,000 members.
const MAX_LINE_BYTES: usize = 64 * 1024 * 1024;

type Zip = zip::ZipArchive<BufReader<File>>;

/// Reads an archive and puts what it holds into the outlet.
///
/// # Errors
/// [`TransferError::Format`] names document and line of what cannot be read.
pub fn read(path: &Path, outlet: &mut Outlet) -> Result<(), TransferError> {
    let file = File::open(path).map_err(|error| TransferError::file(path, error))?;
    let mut zip = zip::ZipArchive::new(BufReader::new(file)).map_err(|error| {
        TransferError::Format(format!("{}: this is no readable zip file: {error}", path.display()))
    })?;
    let manifest: Manifest = only(&mut zip, "manifest.json")?;
    if manifest.format != FORMAT || manifest.version > VERSION {
        return Err(TransferError::Format(format!(
            "{}: format {} version {} is not known; {FORMAT} up to version {VERSION} is",
            path.display(),
            manifest.format,
            manifest.version
        )));
    }
    outlet.put(Step::Parts(manifest.channels))?;
    if manifest.version >= WITH_ROLES {
        let roles: Vec<RoleLine> = all(&mut zip, "roles.jsonl")?;
        for role in roles {
            let (role, unknown) = role.into_role();
            if unknown {
                outlet.note("role grants what this server does not know", role.name.as_str())?;
            }
            outlet.put(Step::Role(role))?;
        }
    }
    let users: Vec<UserLine> = all(&mut zip, "users.jsonl")?;
    outlet.put_chunks(users.into_iter().map(UserLine::into_user).collect(), Step::Users)?;
    let spaces: Vec<SpaceLine> = all(&mut zip, "spaces.jsonl")?;
    for space in spaces {
        let (id, created_at) = (space.id, space.created_at);
        outlet.put(Step::Space(Space {
            id,
            name: space.name,
            archived: space.archived,
            created_at,
            role: None,
        }))?;
        let members = space.members.into_iter().map(|member| MemberLine::into_member(member, created_at));
        outlet.put_chunks(members.collect(), |chunk| Step::SpaceMembers(id, chunk))?;
    }
    let channels: Vec<ChannelLine> = all(&mut zip, "channels.jsonl")?;
    for channel in channels {
        let id = channel.id;
        outlet.put(Step::Channel(channel.into_channel()))?;
        each(&mut zip, &format!("messages/{id}.jsonl"), |line: MessageLine| {
            let index = search::index_text(&line.text);
            let has_link = crate::text::has_link(&line.text);
            let message: ImportedMessage = line.into_message(id, index, has_link);
            outlet.message(message)
        })?;
        outlet.put(Step::ChannelDone(id))?;
        outlet.part_done()?;
    }
    Ok(())
}

fn only<T: DeserializeOwned>(zip: &mut Zip, name: &str) -> Result<T, TransferError> {
    let mut all: Vec<T> = all(zip, name)?;
    match (all.pop(), all.is_empty()) {
        (Some(one), true) => Ok(one),
        _ => Err(TransferError::Format(format!("{name} does not hold exactly one object"))),
    }
}

fn all<T: DeserializeOwned>(zip: &mut Zip, name: &str) -> Result<Vec<T>, TransferError> {
    let mut all = Vec::new();
    each(zip, name, |line| {
        all.push(line);
        Ok(())
    })?;
    Ok(all)
}

/// Reads a document line by line.
fn each<T: DeserializeOwned>(
    zip: &mut Zip,
    name: &str,
    mut take: impl FnMut(T) -> Result<(), TransferError>,
) -> Result<(), TransferError> {
    let broken = |place: String, error: &dyn std::fmt::Display| {
        TransferError::Format(format!("{name}{place}: {error}"))
    };
    let entry = zip.by_name(name).map_err(|error| broken(String::new(), &error))?;
    let mut lines = BufReader::with_capacity(1 << 16, entry);
    let mut text = Vec::new();
    for number in 1_u64.. {
        let place = || format!(", line {number}");
        text.clear();
        let limit = MAX_LINE_BYTES as u64 + 1;
        let read = lines
            .by_ref()
            .take(limit)
            .read_until(b'\n', &mut text)
            .map_err(|error| broken(place(), &error))?;
        if read == 0 {
            break;
        }
        if read as u64 == limit {
            return Err(broken(place(), &"is longer than 64 MiB"));
        }
        let line = serde_json::from_slice(&text).map_err(|error| broken(place(), &error))?;
        take(line)?;
    }
    Ok(())
}
