use plexi_core::ChannelId;
use plexi_core::SpaceId;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::{BATCH, TransferError, accept};
use crate::model::Space;
use crate::ports::{ImportedChannel, ImportedMember, ImportedMessage, ImportedRole, ImportedUser};

/// A part of an import, in the order in which it is to be applied.
#[derive(Debug)]
pub enum Step {
    /// Which source it is, the same in every run; it comes first.
    Origin(String),
    /// How many parts there are in all.
    Parts(u64),
    /// A part is done.
    PartDone,
    /// A role that the source defines; it comes before everything that refers to it.
    Role(ImportedRole),
    /// Users, at most 1,000.
    Users(Vec<ImportedUser>),
    /// A space.
    Space(Space),
    /// Members of a space, at most 1,000.
    SpaceMembers(SpaceId, Vec<ImportedMember>),
    /// A channel; its users and space came before.
    Channel(ImportedChannel),
    /// Messages of a channel in order of time.
    Messages(ChannelId, Vec<ImportedMessage>),
    /// The last message of a channel came before.
    ChannelDone(ChannelId),
    /// Something was not taken over, or not as it was: kind and place.
    Note(&'static str, String),
}

/// Where a reader puts its steps. Bounded: the reader waits while the store is behind.
pub struct Outlet {
    steps: mpsc::Sender<(String, Step)>,
    stop: CancellationToken,
    channel: Option<ChannelId>,
    messages: Vec<ImportedMessage>,
    /// Where in the source the reader is.
    place: String,
    /// Where the first message of the present batch stands.
    begun: String,
}

impl Outlet {
    pub(super) fn new(steps: mpsc::Sender<(String, Step)>, stop: CancellationToken) -> Self {
        Self { steps, stop, channel: None, messages: Vec::new(), place: String::new(), begun: String::new() }
    }

    /// Says where in the source what follows stands, for errors: document and line, entry or offset.
    pub fn at(&mut self, place: impl Into<String>) {
        self.place = place.into();
    }

    /// To be asked in every loop that may go on for long without putting anything out.
    ///
    /// # Errors
    /// [`TransferError::Stopped`] when nobody wants more.
    pub fn wanted(&self) -> Result<(), TransferError> {
        if self.stop.is_cancelled() || self.steps.is_closed() { Err(TransferError::Stopped) } else { Ok(()) }
    }

    /// Passes a step on; waits while the store is behind.
    pub fn put(&mut self, step: Step) -> Result<(), TransferError> {
        self.flush()?;
        self.send(step)
    }

    /// Passes many on, a thousand at a time.
    pub fn put_chunks<T>(
        &mut self,
        items: Vec<T>,
        step: impl Fn(Vec<T>) -> Step,
    ) -> Result<(), TransferError> {
        let mut items = items.into_iter().peekable();
        while items.peek().is_some() {
            let chunk: Vec<T> = items.by_ref().take(1_000).collect();
            self.put(step(chunk))?;
        }
        Ok(())
    }

    /// Says that something was not taken over, without ending the present batch.
    pub fn note(&self, kind: &'static str, place: impl Into<String>) -> Result<(), TransferError> {
        self.send(Step::Note(kind, place.into()))
    }

    /// Says that a part of the source is done, without ending the present batch.
    pub fn part_done(&self) -> Result<(), TransferError> {
        self.send(Step::PartDone)
    }

    /// Adds a message to the present batch of its channel. Too long a text is cut at a character and noted, and the text of a note of
    /// the system becomes plain.
    pub fn message(&mut self, mut message: ImportedMessage) -> Result<(), TransferError> {
        let channel = message.message.channel_id;
        if self.channel != Some(channel) || self.messages.len() >= BATCH {
            self.flush()?;
            self.channel = Some(channel);
            self.begun.clone_from(&self.place);
        }
        accept::text(&mut message.message.text, &self.place, self)?;
        if let Some(text) = message.message.system.as_mut().and_then(|note| note.text.as_mut()) {
            *text = accept::line(std::mem::take(text), accept::MOST_NOTE, &self.place, self)?;
        }
        self.messages.push(message);
        Ok(())
    }

    /// Passes the present batch on.
    pub fn flush(&mut self) -> Result<(), TransferError> {
        match self.channel.take() {
            Some(channel) if !self.messages.is_empty() => {
                let batch = std::mem::take(&mut self.messages);
                let place = std::mem::take(&mut self.begun);
                self.send_from(place, Step::Messages(channel, batch))
            }
            _ => Ok(()),
        }
    }

    fn send(&self, step: Step) -> Result<(), TransferError> {
        self.send_from(self.place.clone(), step)
    }

    fn send_from(&self, place: String, step: Step) -> Result<(), TransferError> {
        self.steps.blocking_send((place, step)).map_err(|_| TransferError::Stopped)
    }
}
