//! Messages: posting, reading, changing.

mod change;
pub(crate) mod guess;
pub(crate) mod index;
pub(crate) mod place;
mod post;
mod react;
mod slice;
pub(crate) mod view;
pub(crate) mod write;

use async_trait::async_trait;
use plexi_core::StoreError;
use plexi_core::{ChannelId, MessageId, Timestamp, UserId};
use plexi_messaging::event::ChannelEvent;
use plexi_messaging::model::{Message, Revision};
use plexi_messaging::ports::{Edit, Line, MessageStore, NewMessage, Posted, Slice};

use crate::chat::events;
use crate::database::{Database, transaction};
use crate::fault::Fault;
use crate::sql::{Cells, params};

#[async_trait]
impl MessageStore for Database {
    async fn post(&self, batch: &[NewMessage]) -> Result<Vec<Result<Posted, StoreError>>, StoreError> {
        let done = transaction!(self, conn, { post::post(conn, self.guesses(), batch).await })?;
        Ok(done.into_iter().map(|posted| posted.map_err(StoreError::from)).collect())
    }

    async fn message(&self, id: MessageId, viewer: UserId) -> Result<Option<Message>, StoreError> {
        Ok(view::one(self.read(), id, Some(viewer)).await?)
    }

    async fn slice(
        &self,
        line: Line,
        slice: Slice,
        limit: u32,
        viewer: UserId,
    ) -> Result<(Vec<Message>, i64), StoreError> {
        Ok(slice::read(self.read(), line, slice, limit, viewer).await?)
    }

    async fn edit(&self, id: MessageId, edit: &Edit) -> Result<ChannelEvent, StoreError> {
        // of many revisions the oldest go
        let _swept_later = self.deleting();
        Ok(transaction!(self, conn, { change::edit(conn, id, edit).await })?)
    }

    async fn delete(&self, id: MessageId, at: Timestamp) -> Result<Option<ChannelEvent>, StoreError> {
        let _swept_later = self.deleting();
        Ok(transaction!(self, conn, { change::delete(conn, id, at).await })?)
    }

    async fn history(&self, id: MessageId) -> Result<Vec<Revision>, StoreError> {
        let sql = "SELECT r.body, r.replaced_at FROM message_revisions r JOIN messages m ON m.message_key = r.message_key \
                   WHERE r.message_key = ? AND m.id = ? ORDER BY r.revision DESC LIMIT 100";
        let rows = self.read().all(sql, params![id.key(), id]).await?;
        let revisions = rows.iter().map(|row| {
            let mut cells = Cells::new(row);
            Ok(Revision { text: cells.take()?, at: cells.take()? })
        });
        Ok(revisions.collect::<Result<_, Fault>>()?)
    }

    async fn react(
        &self,
        id: MessageId,
        user: UserId,
        emoji: &str,
        at: Timestamp,
    ) -> Result<Option<ChannelEvent>, StoreError> {
        Ok(transaction!(self, conn, { react::add(conn, id, user, emoji, at).await })?)
    }

    async fn unreact(
        &self,
        id: MessageId,
        user: UserId,
        emoji: &str,
        at: Timestamp,
    ) -> Result<Option<ChannelEvent>, StoreError> {
        Ok(transaction!(self, conn, { react::remove(conn, id, user, emoji, at).await })?)
    }

    async fn set_pinned(
        &self,
        id: MessageId,
        user: UserId,
        pinned: bool,
        at: Timestamp,
    ) -> Result<Option<ChannelEvent>, StoreError> {
        Ok(transaction!(self, conn, { change::pin(conn, id, user, pinned, at).await })?)
    }

    async fn pins(&self, channel: ChannelId, viewer: UserId) -> Result<Vec<Message>, StoreError> {
        let from = "FROM messages m WHERE m.channel_id = ? AND m.pinned_at IS NOT NULL \
                    ORDER BY m.pinned_at DESC, m.message_key DESC LIMIT 100";
        Ok(view::list(self.read(), from, params![channel], Some(viewer)).await?)
    }

    async fn events_after(
        &self,
        channel: ChannelId,
        seq: i64,
        limit: u32,
    ) -> Result<Vec<ChannelEvent>, StoreError> {
        Ok(events::after(self.read(), channel, seq, limit).await?)
    }
}
