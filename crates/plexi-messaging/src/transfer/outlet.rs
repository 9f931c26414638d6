use plexi_core::ChannelId;
use plexi_core::SpaceId;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::{BATCH, TransferError, accept};
use crate::model::Space;
use crate::ports::{ImportedChannel, ImportedMember, ImportedMessage, ImportedRole, ImportedUser};
use crate::{search, text};

/// How many users travel together.
const USERS: usize = 1_000;
/// The longest place, in bytes: of a longer one the end counts, where the line stands.
const MAX_PLACE: usize = 300;

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

/// Where in the source a step stands: of a batch, where each of its items does.
pub(super) struct Places(Vec<String>);

impl Places {
    /// The place of the whole step: that of its first item.
    pub fn first(&self) -> String {
        self.of(0)
    }

    /// The place of the whole step: from its first item to its last.
    pub fn all(&self) -> String {
        match (self.0.first(), self.0.last()) {
            (Some(first), Some(last)) if first != last => format!("{first} to {last}"),
            _ => self.first(),
        }
    }

    /// The place of an item of a batch.
    pub fn of(&self, item: usize) -> String {
        self.0.get(item).or(self.0.first()).cloned().unwrap_or_default()
    }
}

/// Items that travel together, each with its place.
struct Batch<T> {
    items: Vec<T>,
    places: Vec<String>,
}

impl<T> Batch<T> {
    const fn new() -> Self {
        Self { items: Vec::new(), places: Vec::new() }
    }

    fn push(&mut self, item: T, place: &str) {
        self.items.push(item);
        self.places.push(place.to_owned());
    }

    /// What it holds, unless it is empty; it is empty then.
    fn take(&mut self) -> Option<(Places, Vec<T>)> {
        let Self { items, places } = std::mem::replace(self, Self::new());
        (!items.is_empty()).then_some((Places(places), items))
    }
}

/// Where a reader puts its steps. Bounded: the reader waits while the store is behind.
pub struct Outlet {
    steps: mpsc::Sender<(Places, Step)>,
    stop: CancellationToken,
    channel: Option<ChannelId>,
    users: Batch<ImportedUser>,
    messages: Batch<ImportedMessage>,
    /// Where in the source the reader is.
    place: String,
}

impl Outlet {
    pub(super) fn new(steps: mpsc::Sender<(Places, Step)>, stop: CancellationToken) -> Self {
        let (users, messages) = (Batch::new(), Batch::new());
        Self { steps, stop, channel: None, users, messages, place: String::new() }
    }

    /// Says where in the source what follows stands, for errors: document and line, entry or offset.
    pub fn at(&mut self, place: impl Into<String>) {
        let mut place = place.into();
        place.drain(..place.ceil_char_boundary(place.len().saturating_sub(MAX_PLACE)));
        self.place = place;
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

    /// Adds a user to the present batch of users.
    pub fn user(&mut self, user: ImportedUser) -> Result<(), TransferError> {
        if self.users.items.len() >= USERS {
            self.flush()?;
        }
        self.users.push(user, &self.place);
        Ok(())
    }

    /// Adds a message to the present batch of its channel. Too long a text is cut at a character and noted, and the text of a note of
    /// the system becomes plain. What search knows of the text is found here, of what will be stored.
    pub fn message(&mut self, mut message: ImportedMessage) -> Result<(), TransferError> {
        let channel = message.message.channel_id;
        if self.channel != Some(channel) || self.messages.items.len() >= BATCH {
            self.flush()?;
            self.channel = Some(channel);
        }
        accept::text(&mut message.message.text, &self.place, self)?;
        message.message.index = search::index_text(&message.message.text);
        message.message.has_link = text::has_link(&message.message.text);
        if let Some(text) = message.message.system.as_mut().and_then(|note| note.text.as_mut()) {
            *text = accept::line(std::mem::take(text), accept::MOST_NOTE, &self.place, self)?;
        }
        self.messages.push(message, &self.place);
        Ok(())
    }

    /// Passes the present batches on; users before messages, which may be theirs.
    pub fn flush(&mut self) -> Result<(), TransferError> {
        if let Some((places, users)) = self.users.take() {
            self.send_from(places, Step::Users(users))?;
        }
        match (self.channel.take(), self.messages.take()) {
            (Some(channel), Some((places, batch))) => self.send_from(places, Step::Messages(channel, batch)),
            _ => Ok(()),
        }
    }

    fn send(&self, step: Step) -> Result<(), TransferError> {
        self.send_from(Places(vec![self.place.clone()]), step)
    }

    fn send_from(&self, places: Places, step: Step) -> Result<(), TransferError> {
        self.steps.blocking_send((places, step)).map_err(|_| TransferError::Stopped)
    }
}

#[cfg(test)]
mod tests {
    use plexi_core::{MessageId, Timestamp, UserId};
    use uuid::Uuid;

    use super::*;
    use crate::model::MessageKind;
    use crate::ports::NewMessage;
    use crate::transfer::MAX_TEXT_BYTES;

    fn said(text: &str) -> ImportedMessage {
        let message = NewMessage {
            id: MessageId::imported(Timestamp::from_seconds(1), 0, 1),
            channel_id: ChannelId::from_uuid(Uuid::nil()),
            author_id: UserId::from_uuid(Uuid::nil()),
            kind: MessageKind::Text,
            text: text.to_owned(),
            system: None,
            created_at: Timestamp::from_seconds(1),
            client_id: None,
            thread_id: None,
            reply_to: None,
            mentions: Vec::new(),
            mentions_all: false,
            index: String::new(),
            has_link: false,
        };
        let (pinned, reactions, history) = (None, Vec::new(), Vec::new());
        ImportedMessage { message, edited_at: None, deleted: false, pinned, reactions, history }
    }

    #[test]
    fn of_a_place_that_is_too_long_the_end_stays() {
        let (steps, _told) = mpsc::channel(1);
        let mut outlet = Outlet::new(steps, CancellationToken::new());
        outlet.at(format!("{}x, line 7", "\u{e9}".repeat(5_000)));
        assert!(outlet.place.ends_with("\u{e9}x, line 7"));
        assert!((MAX_PLACE - 1..=MAX_PLACE).contains(&outlet.place.len()));
        outlet.at("users.jsonl, line 1");
        assert_eq!(outlet.place, "users.jsonl, line 1");
    }

    #[test]
    fn what_search_knows_is_of_the_text_that_is_stored() {
        let (steps, mut told) = mpsc::channel(10);
        let mut outlet = Outlet::new(steps, CancellationToken::new());
        let texts = [
            "a\0b and a plum".to_owned(),
            format!("{}tail", "x".repeat(MAX_TEXT_BYTES)),
            "see https://example.org".to_owned(),
        ];
        for text in &texts {
            outlet.message(said(text)).unwrap();
        }
        outlet.flush().unwrap();
        let mut stored = Vec::new();
        while let Ok((_, step)) = told.try_recv() {
            if let Step::Messages(_, batch) = step {
                stored.extend(batch.into_iter().map(|entry| entry.message));
            }
        }
        assert_eq!(stored.len(), texts.len());
        for message in &stored {
            assert_eq!(message.index, search::index_text(&message.text), "{}", message.text.len());
        }
        assert!(stored[0].text.contains('\u{FFFD}') && stored[1].text.len() == MAX_TEXT_BYTES);
        assert_eq!(stored.iter().map(|message| message.has_link).collect::<Vec<_>>(), [false, false, true]);
    }
}
