//! Whole workspaces in and out: `plexi_messaging::ports::TransferStore`.

mod export;
mod messages;
mod people;

use async_trait::async_trait;
use plexi_core::StoreError;
use plexi_core::{ChannelId, MessageId, SpaceId, Timestamp, UserId};
use plexi_messaging::model::Space;
use plexi_messaging::ports::{
    ExportedMessage, Imported, ImportedChannel, ImportedMessage, ImportedUser, TransferStore,
};

use crate::database::{Database, transaction};

#[async_trait]
impl TransferStore for Database {
    async fn import_users(&self, users: &[ImportedUser]) -> Result<Imported, StoreError> {
        Ok(transaction!(self, conn, { people::users(conn, users).await })?)
    }

    async fn import_space(&self, space: &Space) -> Result<SpaceId, StoreError> {
        Ok(transaction!(self, conn, { people::space(conn, space).await })?)
    }

    async fn import_space_members(
        &self,
        space: SpaceId,
        users: &[(UserId, String)],
        at: Timestamp,
    ) -> Result<Imported, StoreError> {
        Ok(transaction!(self, conn, { people::space_members(conn, space, users, at).await })?)
    }

    async fn import_channel(&self, channel: &ImportedChannel) -> Result<ChannelId, StoreError> {
        Ok(transaction!(self, conn, { people::channel(conn, channel).await })?)
    }

    async fn import_messages(
        &self,
        channel: ChannelId,
        messages: &[ImportedMessage],
    ) -> Result<Imported, StoreError> {
        Ok(transaction!(self, conn, { messages::import(conn, channel, messages).await })?)
    }

    async fn finish_channel(&self, channel: ChannelId) -> Result<(), StoreError> {
        Ok(transaction!(self, conn, { messages::finish(conn, channel).await })?)
    }

    async fn export_users(&self, after: Option<UserId>, limit: u32) -> Result<Vec<ImportedUser>, StoreError> {
        Ok(export::users(self.read(), after, limit).await?)
    }

    async fn export_spaces(&self) -> Result<Vec<Space>, StoreError> {
        Ok(export::spaces(self.read()).await?)
    }

    async fn export_space_members(
        &self,
        space: SpaceId,
        after: Option<UserId>,
        limit: u32,
    ) -> Result<Vec<(UserId, String)>, StoreError> {
        Ok(export::space_members(self.read(), space, after, limit).await?)
    }

    async fn export_channels(
        &self,
        after: Option<ChannelId>,
        limit: u32,
    ) -> Result<Vec<ImportedChannel>, StoreError> {
        Ok(export::channels(self.read(), after, limit).await?)
    }

    async fn export_messages(
        &self,
        channel: ChannelId,
        after: Option<MessageId>,
        limit: u32,
    ) -> Result<Vec<ExportedMessage>, StoreError> {
        Ok(export::messages(self.read(), channel, after, limit).await?)
    }
}
