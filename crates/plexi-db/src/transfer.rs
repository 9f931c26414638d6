//! Whole workspaces in and out: `plexi_messaging::ports::TransferStore`.

mod export;
mod messages;
mod origins;
mod people;
mod rooms;

use async_trait::async_trait;
use plexi_auth::model::Role;
use plexi_core::StoreError;
use plexi_core::{ChannelId, MessageId, SpaceId, UserId};
use plexi_messaging::model::Space;
use plexi_messaging::ports::{
    ExportedMessage, ImportTerms, Imported, ImportedChannel, ImportedMember, ImportedMessage, ImportedRole,
    ImportedUser, Placed, ReadTo, TransferStore,
};

use crate::database::{Database, transaction};
use crate::identity;

#[async_trait]
impl TransferStore for Database {
    async fn import_users(
        &self,
        users: &[ImportedUser],
        terms: ImportTerms,
    ) -> Result<Vec<Placed<UserId>>, StoreError> {
        Ok(transaction!(self, conn, { people::users(conn, users, terms).await })?)
    }

    async fn import_role(&self, role: &ImportedRole) -> Result<(), StoreError> {
        let ImportedRole { id, scope, name, permissions, built_in } = role.clone();
        let role = Role { id, name, scope, permissions, built_in };
        Ok(identity::insert_role(self.write(), &role).await?)
    }

    async fn import_space(&self, space: &Space, terms: ImportTerms) -> Result<Placed<SpaceId>, StoreError> {
        Ok(transaction!(self, conn, { rooms::space(conn, space, terms).await })?)
    }

    async fn import_space_members(
        &self,
        space: SpaceId,
        members: &[ImportedMember],
        dry_run: bool,
    ) -> Result<Imported, StoreError> {
        Ok(transaction!(self, conn, { rooms::space_members(conn, space, members, dry_run).await })?)
    }

    async fn import_channel(
        &self,
        channel: &ImportedChannel,
        terms: ImportTerms,
    ) -> Result<(Placed<ChannelId>, Imported), StoreError> {
        Ok(transaction!(self, conn, { rooms::channel(conn, channel, terms).await })?)
    }

    async fn import_messages(
        &self,
        channel: ChannelId,
        messages: &[ImportedMessage],
        dry_run: bool,
    ) -> Result<Imported, StoreError> {
        Ok(transaction!(self, conn, { messages::import(conn, channel, messages, dry_run).await })?)
    }

    async fn finish_channel(&self, channel: ChannelId, read: &[(UserId, ReadTo)]) -> Result<(), StoreError> {
        Ok(transaction!(self, conn, { messages::finish(conn, channel, read).await })?)
    }

    async fn export_roles(&self) -> Result<Vec<ImportedRole>, StoreError> {
        let roles = identity::all_roles(self.read()).await?.into_iter();
        let exported = roles.map(|Role { id, name, scope, permissions, built_in }| ImportedRole {
            id,
            scope,
            name,
            permissions,
            built_in,
        });
        Ok(exported.collect())
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
    ) -> Result<Vec<ImportedMember>, StoreError> {
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
