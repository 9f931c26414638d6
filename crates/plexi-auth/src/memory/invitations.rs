use async_trait::async_trait;
use plexi_core::{InvitationId, SpaceId, Timestamp};

use super::MemoryStore;
use crate::error::StoreError;
use crate::model::Invitation;
use crate::ports::{Digest, InvitationStore, NewAccount};

#[async_trait]
impl InvitationStore for MemoryStore {
    async fn create_invitation(&self, invitation: &Invitation, code: &Digest) -> Result<(), StoreError> {
        self.lock().invitations.insert(invitation.id, (invitation.clone(), *code));
        Ok(())
    }

    async fn invitation_by_code(&self, code: &Digest) -> Result<Option<Invitation>, StoreError> {
        Ok(self
            .lock()
            .invitations
            .values()
            .find(|(_, digest)| digest == code)
            .map(|(found, _)| found.clone()))
    }

    async fn invitations(
        &self,
        space: Option<SpaceId>,
        after: Option<InvitationId>,
        limit: u32,
    ) -> Result<Vec<Invitation>, StoreError> {
        let state = self.lock();
        let newest_first = state.invitations.values().rev().map(|(invitation, _)| invitation);
        Ok(newest_first
            .filter(|invitation| after.is_none_or(|after| invitation.id < after))
            .filter(|invitation| space.is_none_or(|space| invitation.space_id == space))
            .take(limit as usize)
            .cloned()
            .collect())
    }

    async fn invitation(&self, id: InvitationId) -> Result<Option<Invitation>, StoreError> {
        Ok(self.lock().invitations.get(&id).map(|(invitation, _)| invitation.clone()))
    }

    async fn delete_invitation(&self, id: InvitationId) -> Result<bool, StoreError> {
        Ok(self.lock().invitations.remove(&id).is_some())
    }

    async fn redeem_invitation(
        &self,
        code: &Digest,
        account: &NewAccount,
        at: Timestamp,
    ) -> Result<Invitation, StoreError> {
        let mut state = self.lock();
        let found =
            state.invitations.values().find(|(_, digest)| digest == code).map(|(found, _)| found.clone());
        let mut invitation = found
            .filter(|found| found.uses < found.max_uses && at < found.expires_at)
            .ok_or(StoreError::Missing("invitation"))?;
        state.insert(account)?;
        invitation.uses += 1;
        state.memberships.push((invitation.space_id, account.user.id, invitation.role.clone()));
        if let Some((stored, _)) = state.invitations.get_mut(&invitation.id) {
            *stored = invitation.clone();
        }
        Ok(invitation)
    }

    async fn create_first_admin(&self, account: &NewAccount) -> Result<(), StoreError> {
        let mut state = self.lock();
        if state.has_admin() {
            return Err(StoreError::Conflict("setup"));
        }
        state.insert(account)
    }
}
