//! Spaces and channels that an import brings, and who is in them.

use std::collections::HashSet;

use plexi_core::{ChannelId, RoleScope, SpaceId, UserId};
use plexi_messaging::model::Space;
use plexi_messaging::ports::{ImportTerms, Imported, ImportedChannel, ImportedMember, Placed};
use plexi_messaging::transfer::{Named, numbered};
use sea_orm::Value;

use super::origins;
use super::people::{MOST_TRIED, role_ids};
use crate::chat::spaces;
use crate::fault::Fault;
use crate::sql::{Cells, Conn, Param, fold, fold_loosely, params, single};

/// The most characters of a name.
const MOST_NAME: usize = 64;

pub(super) async fn space(
    conn: Conn<'_>,
    space: &Space,
    terms: ImportTerms,
) -> Result<Placed<SpaceId>, Fault> {
    if let Some(row) = conn.one("SELECT name FROM spaces WHERE id = ?", params![space.id]).await? {
        let own = origins::has_brought(conn, Named::Space, terms.origin, space.id.as_uuid()).await?;
        return Ok(Placed { id: space.id, name: single(&row)?, present: true, own });
    }
    let mut name = space.name.clone();
    let mut number = 2;
    while conn.one("SELECT id FROM spaces WHERE name_folded = ?", params![fold(&name)]).await?.is_some() {
        if number >= MOST_TRIED {
            return Err(Fault::Conflict("name"));
        }
        name = numbered(&space.name, ' ', number, MOST_NAME);
        number += 1;
    }
    if !terms.dry_run {
        spaces::insert(conn, &Space { name: name.clone(), ..space.clone() }).await?;
        origins::note(conn, Named::Space, terms.origin, std::iter::once(space.id.as_uuid())).await?;
    }
    Ok(Placed { id: space.id, name, present: false, own: true })
}

/// Those of `wanted` that are no members yet; `sql` asks for the members.
async fn strangers(
    conn: Conn<'_>,
    sql: &str,
    owner: Value,
    wanted: impl Iterator<Item = UserId>,
) -> Result<HashSet<UserId>, Fault> {
    let mut strangers: HashSet<UserId> = wanted.collect();
    let ids = strangers.iter().map(|user| user.param()).collect();
    for row in conn.all_in(sql, &[owner], ids, &[]).await? {
        strangers.remove(&single::<UserId>(&row)?);
    }
    Ok(strangers)
}

pub(super) async fn space_members(
    conn: Conn<'_>,
    space: SpaceId,
    members: &[ImportedMember],
    dry_run: bool,
) -> Result<Imported, Fault> {
    let sql = "SELECT user_id FROM space_members WHERE space_id = ? AND user_id IN {in}";
    let mut new = strangers(conn, sql, space.param(), members.iter().map(|member| member.user)).await?;
    if dry_run {
        return Ok(counted(new.len(), members.len()));
    }
    let roles = role_ids(conn, RoleScope::Space, members.iter().map(|member| member.role.as_str())).await?;
    let mut values = Vec::new();
    let mut done = Imported::default();
    for member in members {
        if !new.remove(&member.user) {
            done.present += 1;
            continue;
        }
        let role = *roles.get(member.role.as_str()).ok_or(Fault::Missing("role"))?;
        values.append(&mut params![space, member.user, role, member.joined_at]);
        done.added += 1;
    }
    let head = "INSERT INTO space_members (space_id, user_id, role_id, joined_at) VALUES";
    conn.insert_many(head, "(?,?,?,?)", values).await.map_err(|fault| fault.foreign("user"))?;
    Ok(done)
}

pub(super) async fn channel(
    conn: Conn<'_>,
    channel: &ImportedChannel,
    terms: ImportTerms,
) -> Result<(Placed<ChannelId>, Imported), Fault> {
    let sql = "SELECT id, name FROM channels WHERE id = ?";
    let existing = match (conn.one(sql, params![channel.id]).await?, &channel.direct_key) {
        (None, Some(key)) => {
            conn.one("SELECT id, name FROM channels WHERE direct_key = ?", params![key]).await?
        }
        (row, _) => row,
    };
    let placed = if let Some(row) = existing {
        let mut cells = Cells::new(&row);
        let (id, name) = (cells.take::<ChannelId>()?, cells.take()?);
        let own = origins::has_brought(conn, Named::Channel, terms.origin, id.as_uuid()).await?;
        Placed { id, name, present: true, own }
    } else {
        let name = match channel.space_id {
            Some(space) => free_name(conn, space, &channel.name).await?,
            None => channel.name.clone(),
        };
        Placed { id: channel.id, name, present: false, own: true }
    };
    let sql = "SELECT user_id FROM channel_members WHERE channel_id = ? AND user_id IN {in}";
    let users = channel.members.iter().map(|seat| seat.user);
    let new = strangers(conn, sql, placed.id.param(), users).await?;
    let seats = counted(new.len(), channel.members.len());
    if terms.dry_run || !(placed.own || terms.restore) {
        return Ok((placed, seats));
    }
    if !placed.present {
        add_channel(conn, channel, &placed.name).await?;
        origins::note(conn, Named::Channel, terms.origin, std::iter::once(channel.id.as_uuid())).await?;
    }
    channel_members(conn, placed.id, channel, new).await?;
    Ok((placed, seats))
}

/// How many are new of so many.
fn counted(new: usize, all: usize) -> Imported {
    let count = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
    Imported { added: count(new), present: count(all.saturating_sub(new)) }
}

async fn channel_members(
    conn: Conn<'_>,
    id: ChannelId,
    channel: &ImportedChannel,
    mut new: HashSet<UserId>,
) -> Result<(), Fault> {
    let roles =
        role_ids(conn, RoleScope::Channel, channel.members.iter().map(|seat| seat.role.as_str())).await?;
    let mut values = Vec::new();
    for seat in channel.members.iter().filter(|seat| new.remove(&seat.user)) {
        let role = *roles.get(seat.role.as_str()).ok_or(Fault::Missing("role"))?;
        values.append(&mut params![id, seat.user, role, seat.muted, seat.favourite, seat.joined_at]);
    }
    conn.insert_many(
        "INSERT INTO channel_members (channel_id, user_id, role_id, muted, favourite, joined_at, last_read_seq, imported) VALUES",
        "(?,?,?,?,?,?,0,true)",
        values,
    )
    .await
    .map_err(|fault| fault.foreign("user"))?;
    let sql = "UPDATE channels SET member_count = (SELECT COUNT(*) FROM channel_members WHERE channel_id = ?) WHERE id = ?";
    conn.run(sql, params![id, id]).await?;
    Ok(())
}

async fn add_channel(conn: Conn<'_>, channel: &ImportedChannel, name: &str) -> Result<(), Fault> {
    conn.run(
        "INSERT INTO channels (id, space_id, kind, name, name_folded, topic, archived, created_at, last_seq, main_count, \
         last_message_at, member_count, direct_key) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0, 0, NULL, 0, ?)",
        params![
            channel.id,
            channel.space_id,
            channel.kind.as_str(),
            name,
            fold_loosely(name),
            &channel.topic,
            channel.archived,
            channel.created_at,
            channel.direct_key.clone(),
        ],
    )
    .await
    .map_err(|fault| fault.foreign("space").unique("name"))?;
    Ok(())
}

async fn free_name(conn: Conn<'_>, space: SpaceId, name: &str) -> Result<String, Fault> {
    let mut candidate = name.to_owned();
    for number in 2..MOST_TRIED {
        let sql = "SELECT id FROM channels WHERE space_id = ? AND name = ?";
        if conn.one(sql, params![space, &candidate]).await?.is_none() {
            return Ok(candidate);
        }
        candidate = numbered(name, '-', number, MOST_NAME);
    }
    Err(Fault::Conflict("name"))
}
