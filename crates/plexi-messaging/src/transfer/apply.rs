use std::collections::{HashMap, HashSet};

use plexi_core::{ChannelId, MessageId, SpaceId};
use tokio::sync::mpsc;

use super::outlet::{Outlet, Step};
use super::{Count, Note, Progress, Report, TransferError, ident};
use crate::error::StoreError;
use crate::model::MessageKind;
use crate::ports::{Imported, ImportedMessage, TransferStore};

/// A reader of a source: puts its steps into the outlet, on a thread of its own.
type Reader = Box<dyn FnOnce(&mut Outlet) -> Result<(), TransferError> + Send>;

/// How many kinds of notes a report holds.
const MAX_NOTES: usize = 100;
/// How many other ids are tried for a message whose key is taken.
const MAX_PROBES: u8 = 64;

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
    // Four batches in flight: enough to keep the store busy while the next is parsed.
    let (sender, mut steps) = mpsc::channel(4);
    let reading = tokio::task::spawn_blocking(move || {
        let mut outlet = Outlet::new(sender);
        reader(&mut outlet)?;
        outlet.flush()
    });
    let mut target = Target {
        store: (!dry_run).then_some(store),
        spaces: HashMap::new(),
        channels: HashMap::new(),
        renamed: HashMap::new(),
        threads: HashSet::new(),
        report: Report { dry_run, ..Report::default() },
    };
    let mut parts = (0, 0);
    let mut outcome = Ok(());
    while let Some(step) = steps.recv().await {
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
    store: Option<&'a dyn TransferStore>,
    spaces: HashMap<SpaceId, SpaceId>,
    channels: HashMap<ChannelId, ChannelId>,
    /// Messages that took another id because their key was taken. Rare.
    renamed: HashMap<MessageId, MessageId>,
    /// The threads that got a reply in this run.
    threads: HashSet<MessageId>,
    report: Report,
}

impl Target<'_> {
    async fn apply(&mut self, step: Step) -> Result<(), TransferError> {
        match step {
            Step::Parts(_) | Step::PartDone => {}
            Step::Note(kind, place) => self.note(kind, place),
            Step::Users(users) => {
                let done = match self.store {
                    Some(store) => store.import_users(&users).await?,
                    None => Imported { added: users.len() as u64, present: 0 },
                };
                add(&mut self.report.users, done);
            }
            Step::Space(space) => {
                self.report.spaces += 1;
                if let Some(store) = self.store {
                    let used = store.import_space(&space).await?;
                    self.spaces.insert(space.id, used);
                }
            }
            Step::SpaceMembers(space, members) => {
                if let Some(store) = self.store {
                    let space = self.spaces.get(&space).copied().unwrap_or(space);
                    let at = plexi_core::Timestamp::from_micros(0);
                    store.import_space_members(space, &members, at).await?;
                }
            }
            Step::Channel(mut channel) => {
                self.report.channels += 1;
                if let Some(store) = self.store {
                    channel.space_id =
                        channel.space_id.map(|space| self.spaces.get(&space).copied().unwrap_or(space));
                    let used = store.import_channel(&channel).await?;
                    self.channels.insert(channel.id, used);
                }
            }
            Step::Messages(channel, messages) => self.messages(channel, messages).await?,
            Step::ChannelDone(channel) => {
                if let Some(store) = self.store {
                    let channel = self.channels.get(&channel).copied().unwrap_or(channel);
                    store.finish_channel(channel).await?;
                }
            }
        }
        Ok(())
    }

    async fn messages(
        &mut self,
        channel: ChannelId,
        mut batch: Vec<ImportedMessage>,
    ) -> Result<(), TransferError> {
        for entry in &batch {
            if let Some(thread) = entry.message.thread_id {
                self.report.replies += 1;
                if self.threads.insert(thread) {
                    self.report.threads += 1;
                }
            }
            self.report.system += u64::from(entry.message.kind == MessageKind::System);
            self.report.reactions += entry.reactions.len() as u64;
        }
        let Some(store) = self.store else {
            self.report.messages.added += batch.len() as u64;
            return Ok(());
        };
        let channel = self.channels.get(&channel).copied().unwrap_or(channel);
        for entry in &mut batch {
            entry.message.channel_id = channel;
            self.refer(entry);
        }
        match store.import_messages(channel, &batch).await {
            Ok(done) => add(&mut self.report.messages, done),
            Err(StoreError::Conflict("id")) => self.one_by_one(store, channel, batch).await?,
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }

    /// A key of the batch is taken by another message of the same instant: finds which, and gives it another id.
    async fn one_by_one(
        &mut self,
        store: &dyn TransferStore,
        channel: ChannelId,
        batch: Vec<ImportedMessage>,
    ) -> Result<(), TransferError> {
        for mut entry in batch {
            self.refer(&mut entry);
            let first = entry.message.id;
            let mut attempt = 0;
            let done = loop {
                entry.message.id = ident::probe(first, attempt);
                match store.import_messages(channel, std::slice::from_ref(&entry)).await {
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
