//! Invitations: a code lets people make accounts that are members of a space at once.

use std::time::Duration;

use plexi_core::access::Denied;
use plexi_core::{
    Actor, ActorKind, CursorError, Cursors, FieldError, InvitationId, Permission, RoleScope, Secret, SpaceId,
};

use crate::error::{AuthError, StoreError};
use crate::model::{Invitation, Page};
use crate::pages;
use crate::profile;
use crate::roles;
use crate::secrets;
use crate::service::Auth;
use crate::sign_in::{NewPerson, SignedIn, Transport, invalid};

/// How many invitations of others are passed over at most while looking for one's own.
const MAX_PASSED_OVER: u32 = 2_000;

impl Auth {
    /// Makes an invitation to a space; the code is given once. Whether the actor may invite there is the caller's to ask before
    /// (`invitations.create` in the space). The role is `member` or `guest`, 1 to 1,000 uses, 1 to 720 hours, and grants nothing that
    /// the actor lacks.
    pub async fn create_invitation(
        &self,
        actor: &Actor,
        space_id: SpaceId,
        role: &str,
        max_uses: u32,
        expires_in_hours: u32,
    ) -> Result<(Invitation, Secret<String>), AuthError> {
        let inner = &*self.inner;
        let mut problems = Vec::new();
        if !matches!(role, roles::MEMBER | roles::GUEST) {
            problems.push(FieldError::new("role", "must be member or guest"));
        }
        if !(1..=1_000).contains(&max_uses) {
            problems.push(FieldError::new("max_uses", "must be 1 to 1000"));
        }
        if !(1..=720).contains(&expires_in_hours) {
            problems.push(FieldError::new("expires_in_hours", "must be 1 to 720"));
        }
        if !problems.is_empty() {
            return Err(AuthError::Invalid(problems));
        }
        let granted = inner.role_named(RoleScope::System, role).await?.permissions;
        crate::grants::may_grant(actor, granted)?;
        let now = inner.now();
        let code = secrets::generate::<24>(&*inner.entropy)?;
        let invitation = Invitation {
            id: inner.ids.next()?,
            space_id,
            role: role.to_owned(),
            max_uses,
            uses: 0,
            created_by: actor.user,
            created_at: now,
            expires_at: now.plus(Duration::from_hours(1) * expires_in_hours),
        };
        inner.store.create_invitation(&invitation, &secrets::digest_of(code.expose())).await?;
        tracing::info!(invitation = %invitation.id, by = %actor.user, "invitation made");
        Ok((invitation, code))
    }

    /// The invitation of a code. [`AuthError::InvitationInvalid`] when it is unknown, used up or too old, the account
    /// that made it is disabled or may not give the role any more. Whether its maker may still invite to its space is the
    /// caller's to ask, as when it is made: [`Auth::maker`].
    pub async fn invitation(&self, code: &str) -> Result<Invitation, AuthError> {
        if code.is_empty() || code.len() > secrets::MAX_TEXT {
            return Err(AuthError::InvitationInvalid);
        }
        let inner = &*self.inner;
        let found = inner.store.invitation_by_code(&secrets::digest_of(code)).await?;
        let found = found
            .filter(|found| found.uses < found.max_uses && inner.now() < found.expires_at)
            .ok_or(AuthError::InvitationInvalid)?;
        let maker = self.maker(&found).await?;
        let granted = inner.role_named(RoleScope::System, &found.role).await?.permissions;
        crate::grants::may_grant(&maker, granted).map_err(|_| AuthError::InvitationInvalid)?;
        Ok(found)
    }

    /// Who made an invitation, with what their account may now. [`AuthError::InvitationInvalid`] when it is gone or disabled.
    pub async fn maker(&self, invitation: &Invitation) -> Result<Actor, AuthError> {
        let maker = invitation.created_by;
        // The server itself has no account.
        if maker == Actor::system().user {
            return Ok(Actor::system());
        }
        let account = self.inner.store.account(maker).await?.filter(|account| !account.user.disabled);
        let system = account.ok_or(AuthError::InvitationInvalid)?.permissions;
        Ok(Actor { user: maker, session: None, kind: ActorKind::User, system })
    }

    /// Invitations, newest first. With a space, all to it: whether the actor may see them is the caller's to ask before
    /// (`invitations.create` in the space). Without one, all for who has `invitations.create` on the server, else one's own.
    pub async fn invitations(
        &self,
        actor: &Actor,
        space: Option<SpaceId>,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<Page<Invitation>, AuthError> {
        let limit = pages::limit(limit)?;
        let all = space.is_some() || manages(actor);
        let cursors = space
            .map_or_else(|| Cursors::of("invitations"), |space| Cursors::within("space.invitations", space));
        let mut after: Option<InvitationId> =
            cursors.read(cursor)?.map(|key| key.parse().map_err(|_| CursorError)).transpose()?;
        let limit = limit as usize;
        let mut items: Vec<Invitation> = Vec::new();
        let mut passed_over = 0;
        loop {
            let found = self.inner.store.invitations(space, after, pages::MAX + 1).await?;
            let last = found.len() <= pages::MAX as usize;
            for invitation in found {
                after = Some(invitation.id);
                if all || invitation.created_by == actor.user {
                    items.push(invitation);
                } else {
                    passed_over += 1;
                }
            }
            if last || items.len() > limit || passed_over > MAX_PASSED_OVER {
                return Ok(cursors.page(items, limit, |last| last.id.to_string()));
            }
        }
    }

    /// Revokes an invitation, for who made it or has `invitations.create` on the server; [`Denied::Unseen`] for others. For those who
    /// may invite to its space only, callers ask [`Auth::invitation_by_id`] and then [`Auth::remove_invitation`].
    pub async fn revoke_invitation(&self, actor: &Actor, id: InvitationId) -> Result<(), AuthError> {
        let invitation = self.invitation_by_id(id).await?;
        if invitation.created_by != actor.user && !manages(actor) {
            return Err(Denied::Unseen.into());
        }
        self.remove_invitation(actor, id).await
    }

    /// An invitation by id, for callers that decide by its space who may see it. [`Denied::Unseen`].
    pub async fn invitation_by_id(&self, id: InvitationId) -> Result<Invitation, AuthError> {
        Ok(self.inner.store.invitation(id).await?.ok_or(Denied::Unseen)?)
    }

    /// Removes an invitation that the caller has decided the actor may remove. [`Denied::Unseen`].
    pub async fn remove_invitation(&self, actor: &Actor, id: InvitationId) -> Result<(), AuthError> {
        if !self.inner.store.delete_invitation(id).await? {
            return Err(Denied::Unseen.into());
        }
        tracing::info!(invitation = %id, by = %actor.user, "invitation revoked");
        Ok(())
    }

    /// Makes an account by an invitation and signs in. [`AuthError::InvitationInvalid`], [`AuthError::NameTaken`],
    /// [`AuthError::PasswordWeak`].
    pub async fn register(
        &self,
        code: &str,
        person: NewPerson,
        transport: Transport,
        device: Option<String>,
    ) -> Result<SignedIn, AuthError> {
        let inner = &*self.inner;
        let invitation = self.invitation(code).await?;
        let device = profile::device(device.as_deref()).map_err(invalid)?;
        let account = inner.new_account(&person, &invitation.role).await?;
        match inner.store.redeem_invitation(&secrets::digest_of(code), &account, inner.now()).await {
            Ok(_) => {}
            Err(StoreError::Missing("invitation")) => return Err(AuthError::InvitationInvalid),
            Err(StoreError::Conflict("name")) => return Err(AuthError::NameTaken),
            Err(error) => return Err(error.into()),
        }
        inner.begin_new(&account, transport, device).await
    }
}

fn manages(actor: &Actor) -> bool {
    actor.kind == ActorKind::System || actor.system.has(Permission::InvitationsCreate)
}
