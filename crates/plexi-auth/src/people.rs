//! Accounts: one's own, others', and managing them.

use plexi_core::access::Denied;
use plexi_core::{Actor, ActorKind, Cursors, FieldError, Permission, RoleScope, Secret, UserId, names};

use crate::error::{AuthError, StoreError};
use crate::grants::may_grant;
use crate::model::{ManagedUser, Me, Page, Theme, User};
use crate::pages;
use crate::ports::{Account, AccountChange, Seen};
use crate::profile;
use crate::roles;
use crate::service::Auth;
use crate::sessions::Caller;
use crate::sign_in::{NewPerson, invalid};

/// The most ids that are looked up at once.
const MAX_LOOKUP: usize = 200;
/// The most acquaintances that a store is asked for at once.
const MAX_ASKED: usize = 500;

/// What to change of one's own account. `None` leaves as it is.
#[derive(Clone, Debug, Default)]
pub struct MeChange {
    /// The name shown, 1 to 64 characters.
    pub display_name: Option<String>,
    /// What one is doing, at most 100 characters.
    pub status_text: Option<String>,
    /// A BCP 47 language tag.
    pub locale: Option<String>,
    /// Colours.
    pub theme: Option<Theme>,
    /// The account as it was when this was decided; refused with [`AuthError::Changed`] when it is not so any more.
    pub expected: Option<Me>,
}

/// What to change of somebody's account. `None` leaves as it is.
#[derive(Clone, Debug, Default)]
pub struct UserChange {
    /// The name shown, 1 to 64 characters.
    pub display_name: Option<String>,
    /// Whether it can sign in; disabling ends its sessions.
    pub disabled: Option<bool>,
    /// The name of its system role.
    pub role: Option<String>,
    /// A new password; ends its sessions.
    pub password: Option<Secret<String>>,
    /// The account as it was when this was decided; refused with [`AuthError::Changed`] when it is not so any more.
    pub expected: Option<User>,
}

impl Auth {
    /// The caller's own account.
    #[expect(
        clippy::unused_async,
        reason = "as the other operations, so that callers need not care where it comes from"
    )]
    pub async fn me(&self, caller: &Caller) -> Result<Me, AuthError> {
        Ok(Me::from(&caller.account))
    }

    /// Changes the caller's own account.
    pub async fn update_me(&self, caller: &Caller, change: MeChange) -> Result<Me, AuthError> {
        let mut problems = Vec::new();
        let mut checked = |text: Option<String>, check: fn(&str) -> Result<String, FieldError>| {
            text.and_then(|text| check(&text).map_err(|problem| problems.push(problem)).ok())
        };
        let change = AccountChange {
            display_name: checked(change.display_name, profile::display_name),
            status_text: checked(change.status_text, profile::status_text),
            locale: checked(change.locale, profile::locale),
            theme: change.theme,
            expected: change.expected.map(Seen::Me),
            ..AccountChange::default()
        };
        if !problems.is_empty() {
            return Err(AuthError::Invalid(problems));
        }
        let account = self.change_account(caller.actor.user, &change).await?;
        Ok(Me::from(&account))
    }

    /// Users in order of name; with `q`, those whose name or display name begins with it. Those whom the actor
    /// [sees](Actor::sees_everybody).
    pub async fn users(
        &self,
        actor: &Actor,
        q: Option<&str>,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<Page<User>, AuthError> {
        let limit = pages::limit(limit)?;
        let list = Cursors::of("users");
        let after = list.read(cursor)?;
        let prefix = q.map(names::fold_prefix).filter(|prefix| !prefix.is_empty());
        let seen_by = (!actor.sees_everybody()).then_some(actor.user);
        let items =
            self.inner.store.accounts(seen_by, prefix.as_deref(), after.as_deref(), limit + 1).await?;
        Ok(list.page(items, limit as usize, |user| user.name.clone()))
    }

    /// A user by id. [`Denied::Unseen`].
    pub async fn user(&self, actor: &Actor, id: UserId) -> Result<User, AuthError> {
        if self.seen(actor, vec![id]).await?.is_empty() {
            return Err(Denied::Unseen.into());
        }
        Ok(self.inner.store.account(id).await?.ok_or(Denied::Unseen)?.user)
    }

    /// An account with its system role. Needs `users.manage`. [`Denied::Unseen`].
    pub async fn managed_user(&self, actor: &Actor, id: UserId) -> Result<ManagedUser, AuthError> {
        actor.require(Permission::UsersManage)?;
        let account = self.inner.store.account(id).await?.ok_or(Denied::Unseen)?;
        Ok(ManagedUser { user: account.user, role: account.role })
    }

    /// Users by id, at most 200; ids that are unknown or not seen are left out.
    pub async fn lookup(&self, actor: &Actor, ids: &[UserId]) -> Result<Vec<User>, AuthError> {
        if ids.is_empty() || ids.len() > MAX_LOOKUP {
            return Err(invalid(FieldError::new("ids", "must be 1 to 200 ids")));
        }
        Ok(self.inner.store.users(&self.seen(actor, ids.to_vec()).await?).await?)
    }

    /// Which of these accounts (at most 500) the actor sees, if they exist: all for who
    /// [sees everybody](Actor::sees_everybody), else those in a channel or conversation with the actor, and itself.
    pub async fn seen(&self, actor: &Actor, ids: Vec<UserId>) -> Result<Vec<UserId>, AuthError> {
        if actor.sees_everybody() { Ok(ids) } else { self.acquaintances(actor.user, &ids).await }
    }

    /// Which of these accounts are in a channel or conversation with `user`, for who tells them of it.
    pub async fn acquaintances(&self, user: UserId, among: &[UserId]) -> Result<Vec<UserId>, AuthError> {
        let mut found = Vec::new();
        for some in among.chunks(MAX_ASKED) {
            found.extend(self.inner.store.acquaintances(user, some).await?);
        }
        Ok(found)
    }

    /// Makes an account, with the role `member` unless another is named. Needs `users.manage`, for another role `roles.manage`, and
    /// everything the role grants.
    pub async fn create_user(
        &self,
        actor: &Actor,
        person: NewPerson,
        role: Option<&str>,
    ) -> Result<User, AuthError> {
        actor.require(Permission::UsersManage)?;
        let role = role.unwrap_or(roles::MEMBER);
        self.may_give(actor, role).await?;
        let account = self.inner.new_account(&person, role).await?;
        self.inner.store.create_account(&account).await.map_err(named)?;
        self.inner.account_changed(&account.user, false);
        tracing::info!(user = %account.user.id, role, by = %actor.user, "account made");
        Ok(account.user)
    }

    /// Changes somebody's account. Needs `users.manage`, for the role `roles.manage`, and everything that the account's role grants
    /// before and after: who could give themselves another's password could be them. Disabling and a new password end
    /// the account's sessions; a new role counts at once. [`AuthError::LastAdmin`].
    pub async fn update_user(
        &self,
        actor: &Actor,
        id: UserId,
        change: UserChange,
    ) -> Result<User, AuthError> {
        actor.require(Permission::UsersManage)?;
        let inner = &*self.inner;
        let before = inner.store.account(id).await?.ok_or(Denied::Unseen)?;
        may_grant(actor, before.permissions)?;
        if let Some(role) = change.role.as_deref().filter(|role| *role != before.role) {
            actor.require(Permission::RolesManage)?;
            self.may_give(actor, role).await?;
        }
        let display_name =
            change.display_name.as_deref().map(profile::display_name).transpose().map_err(invalid)?;
        let hash = match &change.password {
            Some(password) => {
                let shown = display_name.as_deref().unwrap_or(&before.user.display_name);
                Some(inner.passwords.accept(password, &[&before.user.name, shown]).await?)
            }
            None => None,
        };
        let wanted = AccountChange {
            display_name,
            disabled: change.disabled,
            role: change.role.filter(|role| *role != before.role),
            expected: change.expected.map(Seen::User),
            ..AccountChange::default()
        };
        let account = self.change_account(id, &wanted).await?;
        if let Some(hash) = &hash {
            inner.store.set_password_hash(id, None, hash, true).await?;
            inner.recent.forget_account(id);
        }
        if hash.is_some() || account.user.disabled {
            inner.end_all(id, None).await?;
        }
        tracing::info!(
            user = %id, by = %actor.user, role = account.role, disabled = account.user.disabled,
            password = hash.is_some(), "account changed"
        );
        Ok(account.user)
    }

    async fn may_give(&self, actor: &Actor, role: &str) -> Result<(), AuthError> {
        if actor.kind != ActorKind::System && role != roles::MEMBER {
            actor.require(Permission::RolesManage)?;
        }
        may_grant(actor, self.inner.role_named(RoleScope::System, role).await?.permissions)
    }

    async fn change_account(&self, id: UserId, change: &AccountChange) -> Result<Account, AuthError> {
        let account = self.inner.store.update_account(id, change).await.map_err(named)?;
        self.inner.account_changed(&account.user, change.role.is_some() || change.disabled.is_some());
        Ok(account)
    }
}

fn named(error: StoreError) -> AuthError {
    match error {
        StoreError::Conflict("name") => AuthError::NameTaken,
        StoreError::Conflict("last_admin") => AuthError::LastAdmin,
        StoreError::Conflict("changed") => AuthError::Changed,
        StoreError::Missing("role") => invalid(FieldError::new("role", "is not the name of a role")),
        StoreError::Missing(_) => Denied::Unseen.into(),
        other => other.into(),
    }
}
