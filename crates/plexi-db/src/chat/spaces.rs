use async_trait::async_trait;
use plexi_core::StoreError;
use plexi_core::{RoleScope, SpaceId, Timestamp, UserId};
use plexi_messaging::model::{MemberEntry, Space};
use plexi_messaging::ports::{Removal, SpaceAccess, SpaceChange, SpaceStore, StorePage};
use sea_orm::{QueryResult, Value};

use super::channels::lock_many;
use super::members::{member_page, remove};
use crate::database::{Database, transaction};
use crate::fault::Fault;
use crate::identity::{role_id, role_permissions};
use crate::sql::{Cells, Conn, Param, fold, params, single};

const SELECT: &str = "SELECT s.id, s.name, s.archived, s.created_at, r.name FROM spaces s \
    LEFT JOIN space_members sm ON sm.space_id = s.id AND sm.user_id = ? \
    LEFT JOIN roles r ON r.id = sm.role_id";

pub(crate) fn space(row: &QueryResult) -> Result<Space, Fault> {
    let mut cells = Cells::new(row);
    Ok(Space {
        id: cells.take()?,
        name: cells.take()?,
        archived: cells.take()?,
        created_at: cells.take()?,
        role: cells.take()?,
    })
}

/// Writes a space without members. `Conflict("name")`.
pub(crate) async fn insert(conn: Conn<'_>, space: &Space) -> Result<(), Fault> {
    conn.run(
        "INSERT INTO spaces (id, name, name_folded, archived, created_at) VALUES (?, ?, ?, ?, ?)",
        params![space.id, &space.name, fold(&space.name), space.archived, space.created_at],
    )
    .await
    .map_err(|fault| fault.unique("name"))?;
    Ok(())
}

/// A page of those that meet the condition, by name.
async fn page(
    conn: Conn<'_>,
    viewer: UserId,
    condition: &str,
    page: &StorePage,
) -> Result<Vec<Space>, Fault> {
    let (mut rest, mut values) = (format!("WHERE {condition}"), params![viewer]);
    if let Some(after) = page.after.as_deref() {
        // A key that is no id can only come from somebody who made it up: it has nothing after it.
        let Ok(after) = after.parse::<SpaceId>() else { return Ok(Vec::new()) };
        rest.push_str(" AND s.name_folded > (SELECT name_folded FROM spaces WHERE id = ?)");
        values.push(after.param());
    }
    rest.push_str(" ORDER BY s.name_folded LIMIT ?");
    values.push(page.limit.clamp(1, 1_000).param());
    list(conn, &rest, values).await
}

async fn list(conn: Conn<'_>, rest: &str, values: Vec<Value>) -> Result<Vec<Space>, Fault> {
    conn.all(&format!("{SELECT} {rest}"), values).await?.iter().map(space).collect()
}

#[async_trait]
impl SpaceStore for Database {
    async fn create_space(&self, space: &Space, owner: UserId) -> Result<(), StoreError> {
        Ok(transaction!(self, conn, {
            insert(conn, space).await?;
            let role = role_id(conn, RoleScope::Space, "admin").await?;
            conn.run(
                "INSERT INTO space_members (space_id, user_id, role_id, joined_at) VALUES (?, ?, ?, ?)",
                params![space.id, owner, role, space.created_at],
            )
            .await
            .map_err(|fault| fault.foreign("user"))?;
            Ok(())
        })?)
    }

    async fn space(&self, id: SpaceId, viewer: UserId) -> Result<Option<Space>, StoreError> {
        Ok(list(self.read(), "WHERE s.id = ?", params![viewer, id]).await?.pop())
    }

    async fn has_space_named(&self, name: &str) -> Result<bool, StoreError> {
        let sql = "SELECT id FROM spaces WHERE name_folded = ?";
        Ok(self.read().one(sql, params![fold(name)]).await?.is_some())
    }

    async fn spaces_of(&self, user: UserId, wanted: StorePage) -> Result<Vec<Space>, StoreError> {
        Ok(page(self.read(), user, "sm.user_id IS NOT NULL", &wanted).await?)
    }

    async fn spaces(&self, viewer: UserId, wanted: StorePage) -> Result<Vec<Space>, StoreError> {
        Ok(page(self.read(), viewer, "1 = 1", &wanted).await?)
    }

    async fn update_space(&self, id: SpaceId, change: &SpaceChange) -> Result<(), StoreError> {
        Ok(transaction!(self, conn, {
            let lock = conn.engine.for_update();
            let sql = format!("SELECT name, archived FROM spaces WHERE id = ?{lock}");
            let Some(row) = conn.one(&sql, params![id]).await? else { return Err(Fault::Missing("space")) };
            let mut cells = Cells::new(&row);
            let (old_name, old_archived): (String, bool) = (cells.take()?, cells.take()?);
            if !change.is_for(&old_name, old_archived) {
                return Err(Fault::Conflict("changed"));
            }
            let name = change.name.as_deref().unwrap_or(&old_name);
            conn.run(
                "UPDATE spaces SET name = ?, name_folded = ?, archived = ? WHERE id = ?",
                params![name, fold(name), change.archived.unwrap_or(old_archived), id],
            )
            .await
            .map_err(|fault| fault.unique("name"))?;
            Ok(())
        })?)
    }

    async fn space_access(&self, id: SpaceId, user: UserId) -> Result<Option<SpaceAccess>, StoreError> {
        let sql = "SELECT s.archived, r.permissions FROM spaces s \
                   LEFT JOIN space_members sm ON sm.space_id = s.id AND sm.user_id = ? \
                   LEFT JOIN roles r ON r.id = sm.role_id WHERE s.id = ?";
        let Some(row) = self.read().one(sql, params![user, id]).await? else { return Ok(None) };
        let mut cells = Cells::new(&row);
        let archived = cells.take()?;
        let permissions: Option<String> = cells.take()?;
        Ok(Some(SpaceAccess { archived, granted: permissions.as_deref().map(role_permissions) }))
    }

    async fn space_members(
        &self,
        id: SpaceId,
        prefix: Option<&str>,
        page: StorePage,
    ) -> Result<Vec<MemberEntry>, StoreError> {
        Ok(member_page(self.read(), "space_members", "space_id", id.param(), prefix, &page).await?)
    }

    async fn set_space_member(
        &self,
        id: SpaceId,
        user: UserId,
        role: &str,
        at: Timestamp,
    ) -> Result<MemberEntry, StoreError> {
        Ok(transaction!(self, conn, {
            let lock = conn.engine.for_update();
            let sql = format!("SELECT id FROM spaces WHERE id = ?{lock}");
            if conn.one(&sql, params![id]).await?.is_none() {
                return Err(Fault::Missing("space"));
            }
            let role_key = role_id(conn, RoleScope::Space, role).await?;
            let sql = "SELECT joined_at FROM space_members WHERE space_id = ? AND user_id = ?";
            let joined: Option<Timestamp> =
                conn.one(sql, params![id, user]).await?.as_ref().map(single).transpose()?;
            if joined.is_some() {
                let sql = "UPDATE space_members SET role_id = ? WHERE space_id = ? AND user_id = ?";
                conn.run(sql, params![role_key, id, user]).await?;
            } else {
                let sql =
                    "INSERT INTO space_members (space_id, user_id, role_id, joined_at) VALUES (?, ?, ?, ?)";
                conn.run(sql, params![id, user, role_key, at])
                    .await
                    .map_err(|fault| fault.foreign("user"))?;
            }
            Ok(MemberEntry { user_id: user, role: role.to_owned(), joined_at: joined.unwrap_or(at) })
        })?)
    }

    async fn remove_space_member(
        &self,
        id: SpaceId,
        user: UserId,
        at: Timestamp,
    ) -> Result<Vec<Removal>, StoreError> {
        Ok(transaction!(self, conn, {
            let sql = "SELECT c.id FROM channels c JOIN channel_members cm ON cm.channel_id = c.id \
                       WHERE c.space_id = ? AND cm.user_id = ?";
            let rows = conn.all(sql, params![id, user]).await?;
            let channels = rows.iter().map(single).collect::<Result<Vec<_>, _>>()?;
            let mut events = Vec::new();
            for mut head in lock_many(conn, channels).await? {
                events.extend(remove(conn, &mut head, user, at).await?);
            }
            conn.run("DELETE FROM space_members WHERE space_id = ? AND user_id = ?", params![id, user])
                .await?;
            Ok(events)
        })?)
    }
}
