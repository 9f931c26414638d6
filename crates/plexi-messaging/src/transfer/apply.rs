use std::collections::{HashMap, HashSet};

use plexi_core::{ChannelId, MessageId, RoleScope, SpaceId, UserId};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::naming::AccountNames;
use super::outlet::{Outlet, Places, Step};
use super::roles::{Fate, Roles};
use super::{Mode, Named, Note, Progress, Renamed, Report, Touched, TransferError, ident};
use crate::error::StoreError;
use crate::model::{MessageKind, Space};
use crate::ports::{
    ImportTerms, Imported, ImportedChannel, ImportedMember, ImportedMessage, ImportedRole, ImportedUser,
    NewMessage, Placed, ReadTo, TransferStore,
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

/// Applies what `reader` puts out to `store`.
///
/// # Errors
/// Those of the reader and of the store; what was applied before stays.
pub async fn import(
    store: &dyn TransferStore,
    mode: Mode,
    progress: &(dyn Fn(Progress) + Send + Sync),
    reader: Reader,
) -> Result<Report, TransferError> {
    import_until(store, mode, progress, CancellationToken::new(), reader).await
}

/// As [`import`], until `cancel` is cancelled: ends with [`TransferError::Stopped`] then, after its reader.
pub(super) async fn import_until(
    store: &dyn TransferStore,
    mode: Mode,
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
        terms: ImportTerms {
            dry_run: mode.dry_run,
            restore: mode.restore,
            ..ImportTerms::of(ident::origin(""))
        },
        roles,
        accounts: AccountNames::default(),
        users: HashSet::new(),
        reading: Vec::new(),
        spaces: HashMap::new(),
        channels: HashMap::new(),
        renamed: HashMap::new(),
        threads: HashSet::new(),
        touched: HashMap::new(),
        report: Report { dry_run: mode.dry_run, ..Report::default() },
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
        let Some((lines, step)) = step else { break };
        match step {
            Step::Parts(total) => parts.1 += total,
            Step::PartDone => parts.0 += 1,
            step => {
                outcome = target.apply(step, &lines).await.map_err(|error| match error {
                    // the store does not say which
                    TransferError::Store(_) => error.at(lines.all()),
                    _ => error.at(lines.first()),
                });
            }
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
    terms: ImportTerms,
    roles: Roles,
    accounts: AccountNames,
    /// Whom the source brings.
    users: HashSet<UserId>,
    /// How far the members of the present channel have read it.
    reading: Vec<(UserId, ReadTo)>,
    spaces: HashMap<SpaceId, Here<SpaceId>>,
    channels: HashMap<ChannelId, Here<ChannelId>>,
    /// Messages that took another id because their key was taken. Rare.
    renamed: HashMap<MessageId, MessageId>,
    /// The threads that got a reply in this run.
    threads: HashSet<MessageId>,
    /// What was here before and was added to, and where the report lists it.
    touched: HashMap<(Named, Uuid), Option<usize>>,
    report: Report,
}

/// The place here of something that the source brings.
#[derive(Clone)]
struct Here<I> {
    id: I,
    /// What it is called, if it was here before.
    before: Option<String>,
}

impl<I> Here<I> {
    fn new(placed: Placed<I>) -> Self {
        Self { id: placed.id, before: placed.present.then_some(placed.name) }
    }
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
    async fn apply(&mut self, step: Step, lines: &Places) -> Result<(), TransferError> {
        match step {
            Step::Parts(_) | Step::PartDone => {}
            Step::Origin(origin) => self.terms.origin = ident::origin(&origin),
            Step::Note(kind, place) => self.note(kind, place),
            Step::Role(role) => self.role(role).await?,
            Step::Users(users) => self.users(users, lines).await?,
            Step::Space(space) => self.space(&space).await?,
            Step::SpaceMembers(space, members) => self.space_members(space, members).await?,
            Step::Channel(channel) => self.channel(channel).await?,
            Step::Messages(channel, messages) => self.messages(channel, messages, lines).await?,
            Step::ChannelDone(channel) => {
                let mut reading = std::mem::take(&mut self.reading);
                if !self.terms.dry_run {
                    for (_, read) in &mut reading {
                        if let ReadTo::Message(id) = read {
                            *id = self.renamed.get(id).copied().unwrap_or(*id);
                        }
                    }
                    let Here { id, .. } = self.channel_here(channel)?;
                    self.store.finish_channel(id, &reading).await?;
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
                if !self.terms.dry_run {
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

    async fn users(&mut self, mut users: Vec<ImportedUser>, lines: &Places) -> Result<(), TransferError> {
        let mut notes = Vec::new();
        for user in &mut users {
            let there = std::mem::take(&mut user.role);
            let given = self.roles.give(RoleScope::System, &there);
            notes.push(given.note.map(|note| (note, format!("{}: {there}", user.name))));
            user.role = given.name;
        }
        let placed = placed!(self.store.import_users(&users, self.terms))?;
        if let Some((at, foreign)) = placed.iter().enumerate().find(|(_, placed)| !placed.own) {
            self.may_add(Named::User, foreign.id.as_uuid()).map_err(|error| error.at(lines.of(at)))?;
        }
        self.users.extend(users.iter().map(|user| user.id));
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
        let placed = placed!(self.store.import_space(space, self.terms))?;
        if !placed.own {
            self.may_add(Named::Space, placed.id.as_uuid())?;
        }
        if placed.present {
            self.note("space is here already: what is new was added to it", placed.name.clone());
        }
        self.named(Named::Space, &space.name, &placed.name);
        self.spaces.insert(space.id, Here::new(placed));
        Ok(())
    }

    async fn space_members(
        &mut self,
        space: SpaceId,
        mut members: Vec<ImportedMember>,
    ) -> Result<(), TransferError> {
        let Here { id, before } = self.space_here(space)?;
        for member in &mut members {
            self.is_brought(member.user)?;
            member.role = self.role_here(RoleScope::Space, &member.role);
        }
        if self.terms.dry_run && before.is_none() {
            return Ok(());
        }
        let done = self.store.import_space_members(id, &members, self.terms.dry_run).await?;
        if let Some(name) = before {
            self.touched(Named::Space, id.as_uuid(), name, done, Imported::default());
        }
        Ok(())
    }

    async fn channel(&mut self, mut channel: ImportedChannel) -> Result<(), TransferError> {
        self.report.channels += 1;
        if let Some(space) = &mut channel.space_id {
            *space = self.space_here(*space)?.id;
        }
        for member in &mut channel.members {
            self.is_brought(member.user)?;
            member.role = self.role_here(RoleScope::Channel, &member.role);
        }
        let (placed, seats) = placed!(self.store.import_channel(&channel, self.terms))?;
        if !placed.own {
            self.may_add(Named::Channel, placed.id.as_uuid())?;
        }
        self.named(Named::Channel, &channel.name, &placed.name);
        if placed.present {
            self.touched(
                Named::Channel,
                placed.id.as_uuid(),
                placed.name.clone(),
                seats,
                Imported::default(),
            );
        }
        self.channels.insert(channel.id, Here::new(placed));
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
        lines: &Places,
    ) -> Result<(), TransferError> {
        let Here { id: channel, before } = self.channel_here(channel)?;
        for (at, entry) in batch.iter_mut().enumerate() {
            self.are_brought(entry).map_err(|error| error.at(lines.of(at)))?;
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
        for entry in &mut batch {
            entry.message.channel_id = channel;
            self.refer(entry);
        }
        let done = match self.store.import_messages(channel, &batch, self.terms.dry_run).await {
            Ok(done) => done,
            Err(StoreError::Conflict("id" | "channel") | StoreError::Missing("thread" | "reply_to")) => {
                self.one_by_one(channel, batch, lines).await?
            }
            Err(error) => return Err(error.into()),
        };
        self.report.messages.added += done.added;
        self.report.messages.present += done.present;
        if let Some(name) = before {
            self.touched(Named::Channel, channel.as_uuid(), name, Imported::default(), done);
        }
        Ok(())
    }

    /// Some message of the batch cannot be stored as it is: finds which. One whose key is taken by another message of the same
    /// instant gets another id.
    async fn one_by_one(
        &mut self,
        channel: ChannelId,
        batch: Vec<ImportedMessage>,
        lines: &Places,
    ) -> Result<Imported, TransferError> {
        let dry_run = self.terms.dry_run;
        let mut all = Imported::default();
        for (at, mut entry) in batch.into_iter().enumerate() {
            self.refer(&mut entry);
            let first = entry.message.id;
            let mut attempt = 0;
            let done = loop {
                entry.message.id = ident::probe(first, attempt);
                match self.store.import_messages(channel, std::slice::from_ref(&entry), dry_run).await {
                    Ok(done) => break done,
                    Err(StoreError::Conflict("id")) if attempt < MAX_PROBES => attempt += 1,
                    Err(error) => return Err(not_stored(error, &entry.message).at(lines.of(at))),
                }
            };
            if attempt > 0 {
                self.renamed.insert(first, entry.message.id);
            }
            all.added += done.added;
            all.present += done.present;
        }
        Ok(all)
    }

    /// Follows references to messages that took another id.
    fn refer(&self, entry: &mut ImportedMessage) {
        for reference in [&mut entry.message.thread_id, &mut entry.message.reply_to] {
            if let Some(renamed) = reference.and_then(|id| self.renamed.get(&id)) {
                *reference = Some(*renamed);
            }
        }
    }

    /// Whether the import may add to something that is here and that its source did not bring.
    fn may_add(&self, what: Named, id: Uuid) -> Result<(), TransferError> {
        if !self.terms.restore {
            return Err(TransferError::Foreign { what, id: id.to_string() });
        }
        if !self.terms.dry_run {
            tracing::warn!(what = what.as_str(), %id, "an import restores into what its source did not bring");
        }
        Ok(())
    }

    /// All whom a message names, as author or otherwise.
    fn are_brought(&self, entry: &ImportedMessage) -> Result<(), TransferError> {
        let message = &entry.message;
        let noted = message.system.as_ref().and_then(|note| note.user_id);
        let pinned = entry.pinned.map(|(user, _)| user);
        let mut named = [message.author_id]
            .into_iter()
            .chain(message.mentions.iter().copied())
            .chain(entry.reactions.iter().map(|(_, user, _)| *user))
            .chain(noted)
            .chain(pinned);
        named.try_for_each(|user| self.is_brought(user))
    }

    /// A source brings everybody whom it names: nobody here can be named by their id alone.
    fn is_brought(&self, user: UserId) -> Result<(), TransferError> {
        if self.terms.restore || self.users.contains(&user) {
            return Ok(());
        }
        Err(TransferError::Format(format!("it names user {user}, whom the source does not bring")))
    }

    fn space_here(&self, space: SpaceId) -> Result<Here<SpaceId>, TransferError> {
        let restored = || self.terms.restore.then_some(Here { id: space, before: None });
        self.spaces.get(&space).cloned().or_else(restored).ok_or_else(|| {
            TransferError::Format(format!("it is of space {space}, which does not stand before it"))
        })
    }

    fn channel_here(&self, channel: ChannelId) -> Result<Here<ChannelId>, TransferError> {
        self.channels.get(&channel).cloned().ok_or_else(|| {
            TransferError::Format(format!("it is of channel {channel}, which does not stand before it"))
        })
    }

    /// Counts what something that was here before got.
    fn touched(&mut self, what: Named, id: Uuid, name: String, members: Imported, messages: Imported) {
        if members.added + messages.added == 0 {
            return;
        }
        let listed = &mut self.report.touched;
        let place = self.touched.entry((what, id)).or_insert_with(|| {
            self.report.touched_total += 1;
            (listed.len() < MAX_RENAMED).then(|| {
                listed.push(Touched { what, id: id.to_string(), name, members: 0, messages: 0 });
                listed.len() - 1
            })
        });
        if let Some(entry) = place.and_then(|place| listed.get_mut(place)) {
            entry.members += members.added;
            entry.messages += messages.added;
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

/// Why a message that is stored alone was refused, in words about the source where it is the source that is wrong.
fn not_stored(error: StoreError, message: &NewMessage) -> TransferError {
    match (error, message.thread_id, message.reply_to) {
        (StoreError::Missing("thread"), Some(thread), _) => TransferError::Format(format!(
            "its thread_id {thread} is no message before it in this channel that can have replies"
        )),
        (StoreError::Missing("reply_to"), _, Some(to)) => {
            TransferError::Format(format!("its reply_to {to} is no message before it in this channel"))
        }
        (StoreError::Conflict("channel"), ..) => TransferError::Taken(message.id),
        (error, ..) => error.into(),
    }
}
