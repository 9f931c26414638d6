use async_trait::async_trait;
use plexi_auth::model::{Theme, User, UserKind};
use plexi_auth::ports::{Account, AccountChange, AccountStore, NewAccount};
use plexi_core::StoreError;
use plexi_core::{RoleScope, UserId};
use sea_orm::{QueryResult, Value};

use super::roles::{role_id, role_permissions};
use crate::database::{Database, transaction};
use crate::fault::Fault;
use crate::sql::{Cells, Conn, Param, end_of_prefix, fold, fold_loosely, params, single};

const USER: &str = "u.id, u.name, u.display_name, u.status_text, u.kind, u.disabled, u.created_at";
const ACCOUNT: &str = "r.name AS role, r.permissions, u.locale, u.theme, u.epoch, u.password_hash";
/// Of accounts `u`, those in a channel or conversation with somebody, and that one: two parameters, both that one.
const ACQUAINTED: &str = " AND (u.id = ? OR EXISTS (SELECT 1 FROM channel_members mine \
    JOIN channel_members theirs ON theirs.channel_id = mine.channel_id \
    WHERE mine.user_id = ? AND theirs.user_id = u.id))";

const fn theme_name(theme: Theme) -> &'static str {
    match theme {
        Theme::System => "system",
        Theme::Light => "light",
        Theme::Dark => "dark",
    }
}

fn theme_of(name: &str) -> Theme {
    match name {
        "light" => Theme::Light,
        "dark" => Theme::Dark,
        _ => Theme::System,
    }
}

fn user(cells: &mut Cells<'_>) -> Result<User, Fault> {
    Ok(User {
        id: cells.take()?,
        name: cells.take()?,
        display_name: cells.take()?,
        status_text: cells.take()?,
        kind: UserKind::parse(&cells.take::<String>()?)
            .ok_or_else(|| Fault::Corrupt(String::from("unknown kind of user")))?,
        disabled: cells.take()?,
        created_at: cells.take()?,
    })
}

fn account(row: &QueryResult) -> Result<(Account, Option<String>), Fault> {
    let mut cells = Cells::new(row);
    let user = user(&mut cells)?;
    let account = Account {
        user,
        role: cells.take()?,
        permissions: role_permissions(&cells.take::<String>()?),
        locale: cells.take()?,
        theme: theme_of(&cells.take::<String>()?),
        epoch: cells.take()?,
    };
    Ok((account, cells.take()?))
}

async fn find(
    conn: Conn<'_>,
    wanted: &str,
    value: Value,
) -> Result<Option<(Account, Option<String>)>, Fault> {
    let sql = format!(
        "SELECT {USER}, {ACCOUNT} FROM users u JOIN roles r ON r.id = u.role_id WHERE u.{wanted} = ?"
    );
    conn.one(&sql, vec![value]).await?.as_ref().map(account).transpose()
}

/// Writes an account. `Conflict("name")`, `Missing("role")`.
pub(super) async fn insert(conn: Conn<'_>, account: &NewAccount) -> Result<(), Fault> {
    let role = role_id(conn, RoleScope::System, &account.role).await?;
    let user = &account.user;
    conn.run(
        "INSERT INTO users (id, name, skeleton, display_name, display_name_folded, status_text, kind, disabled, created_at, \
         role_id, password_hash, locale, theme, epoch) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'en', 'system', 0)",
        params![
            user.id,
            &user.name,
            &account.skeleton,
            &user.display_name,
            fold_loosely(&user.display_name),
            &user.status_text,
            user.kind.as_str(),
            user.disabled,
            user.created_at,
            role,
            account.password_hash.clone(),
        ],
    )
    .await
    .map_err(|fault| fault.unique("name"))?;
    Ok(())
}

/// The administrators that can sign in, locked until the transaction ends.
async fn admins(conn: Conn<'_>) -> Result<Vec<UserId>, Fault> {
    let sql = format!(
        "SELECT u.id FROM users u JOIN roles r ON r.id = u.role_id \
         WHERE r.scope = 'system' AND r.name = 'admin' AND u.disabled = false AND u.password_hash IS NOT NULL{}",
        conn.engine.for_update()
    );
    conn.all(&sql, Vec::new()).await?.iter().map(single).collect()
}

/// Whether anybody has the role `admin`.
pub(super) async fn any_admin(conn: Conn<'_>) -> Result<bool, Fault> {
    let sql = "SELECT u.id FROM users u JOIN roles r ON r.id = u.role_id \
               WHERE r.scope = 'system' AND r.name = 'admin' LIMIT 1";
    Ok(conn.one(sql, Vec::new()).await?.is_some())
}

#[async_trait]
impl AccountStore for Database {
    async fn create_account(&self, account: &NewAccount) -> Result<(), StoreError> {
        Ok(transaction!(self, conn, { insert(conn, account).await })?)
    }

    async fn account(&self, id: UserId) -> Result<Option<Account>, StoreError> {
        Ok(find(self.read(), "id", id.param()).await?.map(|(account, _)| account))
    }

    async fn account_by_name(&self, name: &str) -> Result<Option<(Account, Option<String>)>, StoreError> {
        Ok(find(self.read(), "name", name.param()).await?)
    }

    async fn password_hash(&self, id: UserId) -> Result<Option<String>, StoreError> {
        let row = self.read().one("SELECT password_hash FROM users WHERE id = ?", params![id]).await?;
        Ok(row.as_ref().map_or(Ok(None), single)?)
    }

    async fn set_password_hash(
        &self,
        id: UserId,
        former: Option<&str>,
        hash: &str,
        raise_epoch: bool,
    ) -> Result<(), StoreError> {
        let mut sql = "UPDATE users SET password_hash = ?, epoch = epoch + ? WHERE id = ?".to_owned();
        let mut values = params![hash, i64::from(raise_epoch), id];
        if let Some(former) = former {
            sql.push_str(" AND password_hash = ?");
            values.push(former.param());
        }
        if self.write().run(&sql, values).await? > 0 {
            return Ok(());
        }
        // MariaDB counts only rows that differ, so a row that is there may count as unchanged.
        match self.account(id).await? {
            None => Err(StoreError::Missing("user")),
            Some(_) if self.password_hash(id).await?.as_deref() == Some(hash) => Ok(()),
            Some(_) => Err(StoreError::Conflict("changed")),
        }
    }

    async fn update_account(&self, id: UserId, change: &AccountChange) -> Result<Account, StoreError> {
        Ok(transaction!(self, conn, {
            let guarded = change.disabled == Some(true) || change.role.is_some();
            let before = if guarded { admins(conn).await? } else { Vec::new() };
            // Columns that the change does not name are written as they are read here.
            let lock = format!("SELECT id FROM users WHERE id = ?{}", conn.engine.for_update());
            conn.one(&lock, params![id]).await?;
            let Some((now, _)) = find(conn, "id", id.param()).await? else {
                return Err(Fault::Missing("user"));
            };
            if !change.is_for(&now) {
                return Err(Fault::Conflict("changed"));
            }
            let role = role_id(conn, RoleScope::System, change.role.as_deref().unwrap_or(&now.role)).await?;
            let display_name = change.display_name.as_deref().unwrap_or(&now.user.display_name);
            let disabled = change.disabled.unwrap_or(now.user.disabled);
            let raised =
                disabled != now.user.disabled || change.role.as_deref().is_some_and(|role| role != now.role);
            conn.run(
                "UPDATE users SET display_name = ?, display_name_folded = ?, status_text = ?, locale = ?, theme = ?, \
                 disabled = ?, role_id = ?, epoch = epoch + ? WHERE id = ?",
                params![
                    display_name,
                    fold_loosely(display_name),
                    change.status_text.as_deref().unwrap_or(&now.user.status_text),
                    change.locale.as_deref().unwrap_or(&now.locale),
                    theme_name(change.theme.unwrap_or(now.theme)),
                    disabled,
                    role,
                    i64::from(raised),
                    id,
                ],
            )
            .await?;
            if !before.is_empty() && admins(conn).await?.is_empty() {
                return Err(Fault::Conflict("last_admin"));
            }
            find(conn, "id", id.param()).await?.map(|(account, _)| account).ok_or(Fault::Missing("user"))
        })?)
    }

    async fn accounts(
        &self,
        seen_by: Option<UserId>,
        prefix: Option<&str>,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<User>, StoreError> {
        let prefix = prefix.map(fold).unwrap_or_default();
        let loose = fold_loosely(&prefix);
        let seen = if seen_by.is_some() { ACQUAINTED } else { "" };
        let sql = format!(
            "SELECT {USER} FROM users u WHERE u.name > ? AND (? = '' OR (u.name >= ? AND u.name < ?) \
             OR (u.display_name_folded >= ? AND u.display_name_folded < ?)){seen} ORDER BY u.name LIMIT ?"
        );
        let (end, loose_end) = (end_of_prefix(&prefix), end_of_prefix(&loose));
        let mut values = params![after.unwrap_or(""), &prefix, &prefix, end, &loose, loose_end];
        if let Some(viewer) = seen_by {
            values.extend(params![viewer, viewer]);
        }
        values.push(limit.clamp(1, 1_000).param());
        let rows = self.read().all(&sql, values).await?;
        Ok(rows.iter().map(|row| user(&mut Cells::new(row))).collect::<Result<_, _>>()?)
    }

    async fn users(&self, ids: &[UserId]) -> Result<Vec<User>, StoreError> {
        let sql = format!("SELECT {USER} FROM users u WHERE u.id IN {{in}} ORDER BY u.name");
        let keys = ids.iter().take(200).map(|id| id.param()).collect();
        let rows = self.read().all_in(&sql, &[], keys, &[]).await?;
        Ok(rows.iter().map(|row| user(&mut Cells::new(row))).collect::<Result<_, _>>()?)
    }

    async fn acquaintances(&self, user: UserId, among: &[UserId]) -> Result<Vec<UserId>, StoreError> {
        let sql = format!("SELECT u.id FROM users u WHERE u.id IN {{in}}{ACQUAINTED}");
        let keys = among.iter().take(500).map(|id| id.param()).collect();
        let rows = self.read().all_in(&sql, &[], keys, &[user.param(), user.param()]).await?;
        Ok(rows.iter().map(single).collect::<Result<_, _>>()?)
    }

    async fn has_admin(&self) -> Result<bool, StoreError> {
        Ok(any_admin(self.read()).await?)
    }
}
