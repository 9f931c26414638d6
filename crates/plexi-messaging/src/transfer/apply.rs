use std::collections::{HashMap, HashSet};

use plexi_core::{ChannelId, MessageId, RoleScope, SpaceId, UserId};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::naming::AccountNames;
use super::outlet::{Outlet, Step};
use super::roles::{Fate, Roles};
use super::{Count, Named, Note, Progress, Renamed, Report, Touched, TransferError, ident};
use crate::error::StoreError;
use crate::model::{MessageKind, Space};
use crate::ports::{
    Imported, ImportedChannel, ImportedMember, ImportedMessage, ImportedRole, ImportedUser, Placed, ReadTo,
    TransferStore,
};

/// A reader of a source: puts its steps into the outlet, on a thread of its own.
type Reader = Box<dyn FnOnce(&mut Outlet) -> Result<(), TransferError> + Send>;

/// How many kinds of notes a report holds.
const MAX_NOTES: usize = 100;
/// How many other ids are tried for a message whose key is taken.
const MAX_PROBES: u8 = 64;
/// How many names that changed, and things that were here before, a report lists.
const MAX_RENAMED: usize = 1_000;
/// How often something is tried again whose name was taken by somebody at the same moment.
const MAX_RACES: u8 = 8;

/// Applies what `reader` puts out to `store`. With `dry_run` everything is read and counted and nothing written.
///
/// # Errors
/// Those of the reader and of the store; what was applied before stays.
pub async fn import(
    store: &dyn TransferStore,
    dry_run: bool,
    progress: &(dyn Fn(Progress) + Send + Sync),
    reader: Reader,
) -> Result<Report, TransferError> {
    import_until(store, dry_run, progress, CancellationToken::new(), reader).await
}

/// As [`import`], until `cancel` is cancelled: ends with [`TransferError::Stopped`] then, after its reader.
pub(super) async fn import_until(
    store: &dyn TransferStore,
    dry_run: bool,
    progress: &(dyn Fn(Progress) + Send + Sync),
    cancel: CancellationToken,
    reader: Reader,
) -> Result<Report, TransferError> {
    let roles = Roles::new(store.export_roles().await?);
    // Four batches in flight: enough to keep the store busy while the next is parsed.
    let (sender, mut steps) = mpsc::channel(4);
    let told = cancel.clone();
    let reading = tokio::task::spawn_blocking(move || {
        let mut outlet = Outlet::new(sender, told);
        reader(&mut outlet)?;
        outlet.flush()
    });
    let mut target = Target {
        store,
        dry_run,
        roles,
        accounts: AccountNames::default(),
        reading: Vec::new(),
        spaces: HashMap::new(),
        channels: HashMap::new(),
        renamed: HashMap::new(),
        threads: HashSet::new(),
        report: Report { dry_run, ..Report::default() },
    };
    let mut parts = (0, 0);
    let mut outcome = Ok(());
    loop {
        let step = tokio::select! {
            biased;
            () = cancel.cancelled() => {
                outcome = Err(TransferError::Stopped);
                break;
            }
            step = steps.recv() => step,
        };
        let Some(step) = step else { break };
        match step {
            Step::Parts(total) => parts.1 += total,
            Step::PartDone => parts.0 += 1,
            step => outcome = target.apply(step).await,
        }
        if outcome.is_err() {
            break;
        }
        let done = target.report.messages.added + target.report.messages.present;
        progress(Progress { messages: done, parts });
    }
    // Closing the channel lets a waiting reader end.
    drop(steps);
    let read = reading.await.map_err(|_| TransferError::Stopped)?;
    outcome?;
    read?;
    Ok(target.report)
}

/// The store that is written to, with what it calls things that it had already.
struct Target<'a> {
    store: &'a dyn TransferStore,
    /// Nothing is written.
    dry_run: bool,
    roles: Roles,
    accounts: AccountNames,
    /// How far the members of the present channel have read it.
    reading: Vec<(UserId, ReadTo)>,
    spaces: HashMap<SpaceId, SpaceId>,
    channels: HashMap<ChannelId, ChannelId>,
    /// Messages that took another id because their key was taken. Rare.
    renamed: HashMap<MessageId, MessageId>,
    /// The threads that got a reply in this run.
    threads: HashSet<MessageId>,
    report: Report,
}

/// Asks the store; once more when a name that was free has just been taken by somebody else.
macro_rules! placed {
    ($ask:expr) => {{
        let mut races = 0;
        loop {
            match $ask.await {
                Err(StoreError::Conflict("name")) if races < MAX_RACES => races += 1,
                done => break done,
            }
        }
    }};
}

impl Target<'_> {
    async fn apply(&mut self, step: Step) -> Result<(), TransferError> {
        match step {
            Step::Parts(_) | Step::PartDone => {}
            Step::Note(kind, place) => self.note(kind, place),
            Step::Role(role) => self.role(role).await?,
            Step::Users(users) => self.users(users).await?,
            Step::Space(space) => self.space(&space).await?,
            Step::SpaceMembers(space, members) => self.space_members(space, members).await?,
            Step::Channel(channel) => self.channel(channel).await?,
            Step::Messages(channel, messages) => self.messages(channel, messages).await?,
            Step::ChannelDone(channel) => {
                let mut reading = std::mem::take(&mut self.reading);
                if !self.dry_run {
                    for (_, read) in &mut reading {
                        if let ReadTo::Message(id) = read {
                            *id = self.renamed.get(id).copied().unwrap_or(*id);
                        }
                    }
                    let channel = self.channels.get(&channel).copied().unwrap_or(channel);
                    self.store.finish_channel(channel, &reading).await?;
                }
            }
        }
        Ok(())
    }

    async fn role(&mut self, role: ImportedRole) -> Result<(), TransferError> {
        let (scope, there) = (role.scope, role.name.clone());
        match self.roles.define(role) {
            Fate::Present => self.report.roles.present += 1,
            Fate::Changed => {
                self.report.roles.present += 1;
                self.note("role is there and grants something else: it stays as it is here", there.clone());
            }
            Fate::New(made) => {
                if !self.dry_run {
                    self.store.import_role(&made).await?;
                }
                self.report.roles.added += 1;
            }
            Fate::Refused => self.note("role cannot be one here and was left out", there.clone()),
        }
        if let Some(here) = self.roles.name_here(scope, &there) {
            let here = here.to_owned();
            self.named(Named::Role, &there, &here);
        }
        Ok(())
    }

    async fn users(&mut self, mut users: Vec<ImportedUser>) -> Result<(), TransferError> {
        let mut notes = Vec::new();
        for user in &mut users {
            let there = std::mem::take(&mut user.role);
            let given = self.roles.give(RoleScope::System, &there);
            notes.push(given.note.map(|note| (note, format!("{}: {there}", user.name))));
            user.role = given.name;
        }
        let placed = placed!(self.store.import_users(&users, self.dry_run))?;
        for ((user, placed), note) in users.iter().zip(&placed).zip(notes) {
            if placed.present {
                self.report.users.present += 1;
            } else {
                self.report.users.added += 1;
                // Who is there keeps the role that somebody gave here.
                if let Some((kind, place)) = note {
                    self.note(kind, place);
                }
            }
            self.named(Named::User, &user.name, &placed.name);
            self.accounts.add(user, placed);
        }
        Ok(())
    }

    async fn space(&mut self, space: &Space) -> Result<(), TransferError> {
        self.report.spaces += 1;
        let Placed { id, name, present } = placed!(self.store.import_space(space, self.dry_run))?;
        if present {
            self.note("space is there from an earlier import: what is new was added to it", name.clone());
            self.touched(Named::Space, id.to_string(), name.clone());
        }
        self.named(Named::Space, &space.name, &name);
        self.spaces.insert(space.id, id);
        Ok(())
    }

    async fn space_members(
        &mut self,
        space: SpaceId,
        mut members: Vec<ImportedMember>,
    ) -> Result<(), TransferError> {
        for member in &mut members {
            member.role = self.role_here(RoleScope::Space, &member.role);
        }
        if !self.dry_run {
            let space = self.spaces.get(&space).copied().unwrap_or(space);
            self.store.import_space_members(space, &members).await?;
        }
        Ok(())
    }

    async fn channel(&mut self, mut channel: ImportedChannel) -> Result<(), TransferError> {
        self.report.channels += 1;
        channel.space_id = channel.space_id.map(|space| self.spaces.get(&space).copied().unwrap_or(space));
        for member in &mut channel.members {
            member.role = self.role_here(RoleScope::Channel, &member.role);
        }
        let placed = placed!(self.store.import_channel(&channel, self.dry_run))?;
        self.named(Named::Channel, &channel.name, &placed.name);
        if placed.present {
            self.touched(Named::Channel, placed.id.to_string(), placed.name);
        }
        self.channels.insert(channel.id, placed.id);
        self.reading = channel.members.iter().map(|member| (member.user, member.read)).collect();
        self.reading.retain(|(_, read)| *read != ReadTo::Everything);
        Ok(())
    }

    fn role_here(&mut self, scope: RoleScope, there: &str) -> String {
        let given = self.roles.give(scope, there);
        if let Some(note) = given.note {
            self.note(note, there.to_owned());
        }
        given.name
    }

    async fn messages(
        &mut self,
        channel: ChannelId,
        mut batch: Vec<ImportedMessage>,
    ) -> Result<(), TransferError> {
        for entry in &mut batch {
            if let Some(thread) = entry.message.thread_id {
                self.report.replies += 1;
                if self.threads.insert(thread) {
                    self.report.threads += 1;
                }
            }
            self.report.system += u64::from(entry.message.kind == MessageKind::System);
            self.report.reactions += entry.reactions.len() as u64;
            self.report.mentions_renamed += u64::from(self.accounts.apply(entry));
        }
        if self.dry_run {
            self.report.messages.added += batch.len() as u64;
            return Ok(());
        }
        let channel = self.channels.get(&channel).copied().unwrap_or(channel);
        for entry in &mut batch {
            entry.message.channel_id = channel;
            self.refer(entry);
        }
        match self.store.import_messages(channel, &batch).await {
            Ok(done) => add(&mut self.report.messages, done),
            Err(StoreError::Conflict("id")) => self.one_by_one(channel, batch).await?,
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }

    /// A key of the batch is taken by another message of the same instant: finds which, and gives it another id.
    async fn one_by_one(
        &mut self,
        channel: ChannelId,
        batch: Vec<ImportedMessage>,
    ) -> Result<(), TransferError> {
        for mut entry in batch {
            self.refer(&mut entry);
            let first = entry.message.id;
            let mut attempt = 0;
            let done = loop {
                entry.message.id = ident::probe(first, attempt);
                match self.store.import_messages(channel, std::slice::from_ref(&entry)).await {
                    Ok(done) => break done,
                    Err(StoreError::Conflict("id")) if attempt < MAX_PROBES => attempt += 1,
                    Err(error) => return Err(error.into()),
                }
            };
            if attempt > 0 {
                self.renamed.insert(first, entry.message.id);
            }
            add(&mut self.report.messages, done);
        }
        Ok(())
    }

    /// Follows references to messages that took another id.
    fn refer(&self, entry: &mut ImportedMessage) {
        for reference in [&mut entry.message.thread_id, &mut entry.message.reply_to] {
            if let Some(renamed) = reference.and_then(|id| self.renamed.get(&id)) {
                *reference = Some(*renamed);
            }
        }
    }

    /// Says what was here before.
    fn touched(&mut self, what: Named, id: String, name: String) {
        self.report.touched_total += 1;
        if self.report.touched.len() < MAX_RENAMED {
            self.report.touched.push(Touched { what, id, name });
        }
    }

    /// Says what is called otherwise here.
    fn named(&mut self, what: Named, there: &str, here: &str) {
        if there != here {
            self.report.renamed_total += 1;
            if self.report.renamed.len() < MAX_RENAMED {
                let (there, here) = (there.to_owned(), here.to_owned());
                self.report.renamed.push(Renamed { what, there, here });
            }
        }
    }

    fn note(&mut self, kind: &'static str, place: String) {
        if self.report.notes.len() >= MAX_NOTES && !self.report.notes.contains_key(kind) {
            return;
        }
        let note = self.report.notes.entry(kind.to_owned()).or_insert(Note { count: 0, example: place });
        note.count += 1;
    }
}

fn add(count: &mut Count, done: Imported) {
    count.added += done.added;
    count.present += done.present;
}
