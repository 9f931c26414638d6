//! Who is in a space or channel.

use plexi_core::{ChannelId, Permission, RoleScope, Timestamp, UserId};
use plexi_messaging::event::{ChannelEvent, EventBody};
use plexi_messaging::model::MemberEntry;
use plexi_messaging::ports::{Removal, StorePage};
use sea_orm::Value;

use super::channels::Head;
use super::events::append;
use crate::fault::Fault;
use crate::identity::{role_id, role_permissions};
use crate::sql::{Cells, Conn, Param, end_of_prefix, fold, fold_loosely, params, single};

/// A page of members in order of user id. `table` and `owner` are names of the schema.
pub(super) async fn member_page(
    conn: Conn<'_>,
    table: &str,
    owner: &str,
    id: Value,
    prefix: Option<&str>,
    page: &StorePage,
) -> Result<Vec<MemberEntry>, Fault> {
    let mut sql = format!(
        "SELECT t.user_id, r.name, t.joined_at FROM {table} t JOIN roles r ON r.id = t.role_id \
         JOIN users u ON u.id = t.user_id WHERE t.{owner} = ?"
    );
    let mut values = vec![id];
    if let Some(after) = page.after.as_deref() {
        // A key that is no id can only come from somebody who made it up: it has nothing after it.
        let Ok(after) = after.parse::<UserId>() else { return Ok(Vec::new()) };
        sql.push_str(" AND t.user_id > ?");
        values.push(after.param());
    }
    if let Some(prefix) = prefix.map(fold).filter(|prefix| !prefix.is_empty()) {
        sql.push_str(
            " AND ((u.name >= ? AND u.name < ?) OR (u.display_name_folded >= ? AND u.display_name_folded < ?))",
        );
        let loose = fold_loosely(&prefix);
        values.append(&mut params![&prefix, end_of_prefix(&prefix), &loose, end_of_prefix(&loose)]);
    }
    sql.push_str(" ORDER BY t.user_id LIMIT ?");
    // One more than a page of the API, so that a caller can tell whether there is another.
    values.push(page.limit.clamp(1, 1_000).param());
    let rows = conn.all(&sql, values).await?;
    let entries = rows.iter().map(|row| {
        let mut cells = Cells::new(row);
        Ok(MemberEntry { user_id: cells.take()?, role: cells.take()?, joined_at: cells.take()? })
    });
    entries.collect()
}

/// Adds a member of a locked channel, or changes the role.
pub(super) async fn set(
    conn: Conn<'_>,
    head: &mut Head,
    user: UserId,
    role: &str,
    at: Timestamp,
) -> Result<(MemberEntry, Option<ChannelEvent>), Fault> {
    let role_key = role_id(conn, RoleScope::Channel, role).await?;
    let sql = "SELECT joined_at FROM channel_members WHERE channel_id = ? AND user_id = ?";
    let joined: Option<Timestamp> =
        conn.one(sql, params![head.id, user]).await?.as_ref().map(single).transpose()?;
    if let Some(joined_at) = joined {
        let alone = is_private(conn, head.id).await? && administered(conn, head.id, None).await?;
        let alone = alone && !administered(conn, head.id, Some(user)).await?;
        let sql = "UPDATE channel_members SET role_id = ? WHERE channel_id = ? AND user_id = ?";
        conn.run(sql, params![role_key, head.id, user]).await?;
        if alone && !administered(conn, head.id, None).await? {
            return Err(Fault::Conflict("administrator"));
        }
        return Ok((MemberEntry { user_id: user, role: role.to_owned(), joined_at }, None));
    }
    // What was said before the joining, and the joining itself, counts as read.
    conn.run(
        "INSERT INTO channel_members (channel_id, user_id, role_id, last_read_seq, muted, favourite, imported, joined_at) \
         VALUES (?, ?, ?, ?, false, false, false, ?)",
        params![head.id, user, role_key, head.last_seq + 1, at],
    )
    .await
    .map_err(|fault| fault.foreign("user"))?;
    conn.run("UPDATE channels SET member_count = member_count + 1 WHERE id = ?", params![head.id]).await?;
    let event = append(conn, head, at, EventBody::MemberJoined { user_id: user }).await?;
    Ok((MemberEntry { user_id: user, role: role.to_owned(), joined_at: at }, Some(event)))
}

/// Whether somebody whose account works has a role in the channel that lets them manage who is in it, leaving out one.
async fn administered(conn: Conn<'_>, channel: ChannelId, without: Option<UserId>) -> Result<bool, Fault> {
    let mut sql = "SELECT DISTINCT r.permissions FROM channel_members cm JOIN roles r ON r.id = cm.role_id \
                   JOIN users u ON u.id = cm.user_id WHERE cm.channel_id = ? AND u.disabled = false"
        .to_owned();
    let mut values = params![channel];
    if let Some(user) = without {
        sql.push_str(" AND cm.user_id <> ?");
        values.push(user.param());
    }
    let rows = conn.all(&sql, values).await?;
    let roles = rows.iter().map(single::<String>).collect::<Result<Vec<_>, _>>()?;
    Ok(roles.iter().any(|role| role_permissions(role).has(Permission::ChannelMembersManage)))
}

async fn is_private(conn: Conn<'_>, channel: ChannelId) -> Result<bool, Fault> {
    let row = conn.one("SELECT kind FROM channels WHERE id = ?", params![channel]).await?;
    Ok(row.as_ref().map(single::<String>).transpose()?.is_some_and(|kind| kind == "private"))
}

/// Makes the longest-standing member of a locked private channel that nobody administers its administrator: a person before an
/// account that came with an import.
pub(super) async fn appoint(conn: Conn<'_>, channel: ChannelId) -> Result<Option<UserId>, Fault> {
    if !is_private(conn, channel).await? || administered(conn, channel, None).await? {
        return Ok(None);
    }
    let sql = "SELECT cm.user_id FROM channel_members cm JOIN users u ON u.id = cm.user_id \
               WHERE cm.channel_id = ? AND u.disabled = false AND u.kind <> 'bot' \
               ORDER BY CASE WHEN u.kind = 'person' THEN 0 ELSE 1 END, cm.joined_at, cm.user_id LIMIT 1";
    let Some(heir) = conn.one(sql, params![channel]).await?.as_ref().map(single).transpose()? else {
        return Ok(None);
    };
    let role = role_id(conn, RoleScope::Channel, "admin").await?;
    let sql = "UPDATE channel_members SET role_id = ? WHERE channel_id = ? AND user_id = ?";
    conn.run(sql, params![role, channel, heir]).await?;
    Ok(Some(heir))
}

/// Whether `user` is the only one in a private channel that is not archived.
pub(super) async fn is_last(conn: Conn<'_>, channel: ChannelId, user: UserId) -> Result<bool, Fault> {
    let sql = "SELECT COUNT(*) FROM channels c JOIN channel_members cm ON cm.channel_id = c.id AND cm.user_id = ? \
               WHERE c.id = ? AND c.kind = 'private' AND c.archived = false AND c.member_count = 1";
    let count: i64 = conn.one(sql, params![user, channel]).await?.as_ref().map_or(Ok(0), single)?;
    Ok(count > 0)
}

/// Removes a member of a locked channel.
pub(super) async fn remove(
    conn: Conn<'_>,
    head: &mut Head,
    user: UserId,
    at: Timestamp,
) -> Result<Option<Removal>, Fault> {
    let sql = "DELETE FROM channel_members WHERE channel_id = ? AND user_id = ?";
    if conn.run(sql, params![head.id, user]).await? == 0 {
        return Ok(None);
    }
    conn.run("UPDATE channels SET member_count = member_count - 1 WHERE id = ?", params![head.id]).await?;
    let event = append(conn, head, at, EventBody::MemberLeft { user_id: user }).await?;
    Ok(Some(Removal { event, heir: appoint(conn, head.id).await? }))
}
