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
pub use export::{Exported, export};
use line::{ChannelLine, Manifest, MessageLine, RoleLine, SpaceLine, UserLine};

/// The name in the manifest by which an archive is known.
const FORMAT: &str = "plexichat-export";
/// The version of the format that is written, and the newest that is read.
const VERSION: u32 = 2;
/// The first version with roles.
const WITH_ROLES: u32 = 2;
/// The most lines of users, spaces and channels.
const MOST_LINES: u64 = 500_000;
/// The most roles.
const MOST_ROLES: u64 = 1_000;
/// The longest line, in bytes: a channel with some 500,000 members.
const MAX_LINE_BYTES: usize = 64 * 1024 * 1024;

type Zip = zip::ZipArchive<BufReader<File>>;

/// Reads an archive and puts what it holds into the outlet.
///
/// # Errors
/// [`TransferError::Format`] names document and line of what cannot be read.
pub fn read(path: &Path, outlet: &mut Outlet) -> Result<(), TransferError> {
    let mut zip = open(path)?;
    let manifest = manifest(&mut zip, outlet)?;
    if manifest.format != FORMAT || manifest.version > VERSION {
        return Err(TransferError::Format(format!(
            "{}: format {} version {} is not known; {FORMAT} up to version {VERSION} is",
            path.display(),
            manifest.format,
            manifest.version
        )));
    }
    outlet.put(Step::Origin(FORMAT.to_owned()))?;
    outlet.put(Step::Parts(manifest.channels))?;
    if manifest.version >= WITH_ROLES {
        each(&mut zip, "roles.jsonl", MOST_ROLES, outlet, |role: RoleLine, _, outlet| {
            let role = role.into_role(outlet)?;
            outlet.put(Step::Role(role))
        })?;
    }
    each(&mut zip, "users.jsonl", MOST_LINES, outlet, |user: UserLine, _, outlet| {
        let user = user.into_user(outlet)?;
        outlet.user(user)
    })?;
    each(&mut zip, "spaces.jsonl", MOST_LINES, outlet, |line: SpaceLine, _, outlet| {
        let (space, members) = line.into_space(outlet)?;
        let id = space.id;
        outlet.put(Step::Space(space))?;
        outlet.put_chunks(members, |chunk| Step::SpaceMembers(id, chunk))
    })?;
    // Messages are read while the lines of the channels are: from a second view of the same file.
    let mut texts = open(path)?;
    each(&mut zip, "channels.jsonl", MOST_LINES, outlet, |line: ChannelLine, _, outlet| {
        let channel = line.into_channel(outlet)?;
        let id = channel.id;
        outlet.put(Step::Channel(channel))?;
        let document = format!("messages/{id}.jsonl");
        each(&mut texts, &document, u64::MAX, outlet, |line: MessageLine, place, outlet| {
            let message = line.into_message(id, place, outlet)?;
            outlet.message(message)
        })?;
        outlet.put(Step::ChannelDone(id))?;
        outlet.part_done()
    })
}

fn open(path: &Path) -> Result<Zip, TransferError> {
    let file = File::open(path).map_err(|error| TransferError::file(path, error))?;
    zip::ZipArchive::new(BufReader::new(file)).map_err(|error| {
        TransferError::Format(format!("{}: this is no readable zip file: {error}", path.display()))
    })
}

fn manifest(zip: &mut Zip, outlet: &mut Outlet) -> Result<Manifest, TransferError> {
    let mut found = None;
    each(zip, "manifest.json", 1, outlet, |manifest: Manifest, _, _| {
        found = Some(manifest);
        Ok(())
    })?;
    found.ok_or_else(|| TransferError::Format("manifest.json does not hold exactly one object".to_owned()))
}

/// Reads a document of at most `most` lines line by line; `take` is told the place of each.
fn each<T: DeserializeOwned>(
    zip: &mut Zip,
    name: &str,
    most: u64,
    outlet: &mut Outlet,
    mut take: impl FnMut(T, &str, &mut Outlet) -> Result<(), TransferError>,
) -> Result<(), TransferError> {
    let broken =
        |place: &str, error: &dyn std::fmt::Display| TransferError::Format(format!("{place}: {error}"));
    let entry = zip.by_name(name).map_err(|error| broken(name, &error))?;
    let mut lines = BufReader::with_capacity(1 << 16, entry);
    let mut text = Vec::new();
    for number in 1_u64.. {
        outlet.wanted()?;
        let place = format!("{name}, line {number}");
        text.clear();
        let limit = MAX_LINE_BYTES as u64 + 1;
        let read = lines
            .by_ref()
            .take(limit)
            .read_until(b'\n', &mut text)
            .map_err(|error| broken(&place, &error))?;
        if read == 0 {
            break;
        }
        if number > most {
            return Err(broken(&place, &format!("there may be at most {most} lines")));
        }
        if read as u64 == limit {
            return Err(broken(&place, &"is longer than 64 MiB"));
        }
        let line = serde_json::from_slice(&text).map_err(|error| broken(&place, &error))?;
        outlet.at(place.as_str());
        take(line, &place, outlet)?;
    }
    Ok(())
}
