//! Users, spaces and channels that an import brings.

use std::collections::{HashMap, HashSet};

use plexi_core::{ChannelId, RoleId, RoleScope, SpaceId, Timestamp, UserId};
use plexi_messaging::model::Space;
use plexi_messaging::ports::{Imported, ImportedChannel, ImportedUser};

use crate::chat::spaces;
use crate::fault::Fault;
use crate::identity::role_id;
use crate::sql::{Conn, Param, fold, fold_loosely, params, single};

/// The most characters of a channel's name.
const MOST_NAME: usize = 64;
/// Names tried before giving up.
const MOST_SUFFIX: u32 = 100_000;

pub(super) async fn users(conn: Conn<'_>, users: &[ImportedUser]) -> Result<Imported, Fault> {
    let ids = users.iter().map(|user| user.id.param()).collect();
    let rows = conn.all_in("SELECT id FROM users WHERE id IN {in}", &[], ids, &[]).await?;
    let mut present = rows.iter().map(single).collect::<Result<HashSet<UserId>, _>>()?;
    let names = users.iter().map(|user| user.name.as_str().param()).collect();
    let rows = conn.all_in("SELECT name FROM users WHERE name IN {in}", &[], names, &[]).await?;
    let mut taken = rows.iter().map(single).collect::<Result<HashSet<String>, _>>()?;
    let role = role_id(conn, RoleScope::System, "member").await?;

    let mut done = Imported::default();
    let mut values = Vec::new();
    for user in users {
        if !present.insert(user.id) {
            done.present += 1;
            continue;
        }
        let name = free_name(conn, &user.name, &mut taken).await?;
        let kind = if user.bot { "bot" } else { "imported" };
        values.append(&mut params![
            user.id,
            name,
            &user.display_name,
            fold_loosely(&user.display_name),
            kind,
            user.disabled,
            user.created_at,
            role,
        ]);
        done.added += 1;
    }
    conn.insert_many(
        "INSERT INTO users (id, name, display_name, display_name_folded, kind, disabled, created_at, role_id, \
         skeleton, status_text, password_hash, locale, theme, epoch) VALUES",
        "(?,?,?,?,?,?,?,?,NULL,'',NULL,'en','system',0)",
        values,
    )
    .await?;
    Ok(done)
}

/// The name, or the first of `name-2`, `name-3` ... that is free. It is taken then.
async fn free_name(conn: Conn<'_>, name: &str, taken: &mut HashSet<String>) -> Result<String, Fault> {
    if taken.insert(name.to_owned()) {
        return Ok(name.to_owned());
    }
    for number in 2..MOST_SUFFIX {
        let candidate = format!("{name}-{number}");
        if taken.contains(&candidate) {
            continue;
        }
        let there = conn.one("SELECT id FROM users WHERE name = ?", params![&candidate]).await?;
        taken.insert(candidate.clone());
        if there.is_none() {
            return Ok(candidate);
        }
    }
    Err(Fault::Conflict("name"))
}

pub(super) async fn space(conn: Conn<'_>, space: &Space) -> Result<SpaceId, Fault> {
    let sql = "SELECT id FROM spaces WHERE id = ? OR name_folded = ? ORDER BY CASE WHEN id = ? THEN 0 ELSE 1 END LIMIT 1";
    if let Some(row) = conn.one(sql, params![space.id, fold(&space.name), space.id]).await? {
        return single(&row);
    }
    spaces::insert(conn, space).await?;
    Ok(space.id)
}

/// The ids of roles by name; an unknown name is `member`.
async fn roles(
    conn: Conn<'_>,
    scope: RoleScope,
    wanted: &[(UserId, String)],
) -> Result<HashMap<String, RoleId>, Fault> {
    let member = role_id(conn, scope, "member").await?;
    let mut found = HashMap::new();
    for (_, name) in wanted {
        if !found.contains_key(name) {
            let id = match role_id(conn, scope, name).await {
                Err(Fault::Missing(_)) => member,
                other => other?,
            };
            found.insert(name.clone(), id);
        }
    }
    Ok(found)
}

/// Those of `wanted` that are no members yet, each once, with the id of the role.
async fn strangers(
    conn: Conn<'_>,
    sql: &str,
    owner: sea_orm::Value,
    scope: RoleScope,
    wanted: &[(UserId, String)],
) -> Result<Vec<(UserId, RoleId)>, Fault> {
    let roles = roles(conn, scope, wanted).await?;
    let ids = wanted.iter().map(|(user, _)| user.param()).collect();
    let rows = conn.all_in(sql, &[owner], ids, &[]).await?;
    let mut present = rows.iter().map(single).collect::<Result<HashSet<UserId>, _>>()?;
    let new = wanted.iter().filter(|(user, _)| present.insert(*user));
    Ok(new.filter_map(|(user, role)| Some((*user, *roles.get(role)?))).collect())
}

pub(super) async fn space_members(
    conn: Conn<'_>,
    space: SpaceId,
    wanted: &[(UserId, String)],
    at: Timestamp,
) -> Result<Imported, Fault> {
    let sql = "SELECT user_id FROM space_members WHERE space_id = ? AND user_id IN {in}";
    let new = strangers(conn, sql, space.param(), RoleScope::Space, wanted).await?;
    let values = new.iter().flat_map(|(user, role)| params![space, *user, *role, at]).collect();
    let head = "INSERT INTO space_members (space_id, user_id, role_id, joined_at) VALUES";
    conn.insert_many(head, "(?,?,?,?)", values).await.map_err(|fault| fault.foreign("user"))?;
    Ok(counted(wanted.len(), new.len()))
}

fn counted(wanted: usize, new: usize) -> Imported {
    let count = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
    Imported { added: count(new), present: count(wanted - new) }
}

pub(super) async fn channel(conn: Conn<'_>, channel: &ImportedChannel) -> Result<ChannelId, Fault> {
    let existing = match conn.one("SELECT id FROM channels WHERE id = ?", params![channel.id]).await? {
        Some(row) => Some(row),
        None => match &channel.direct_key {
            Some(key) => conn.one("SELECT id FROM channels WHERE direct_key = ?", params![key]).await?,
            None => None,
        },
    };
    let id = if let Some(row) = existing { single(&row)? } else { add_channel(conn, channel).await? };

    let sql = "SELECT user_id FROM channel_members WHERE channel_id = ? AND user_id IN {in}";
    let new = strangers(conn, sql, id.param(), RoleScope::Channel, &channel.members).await?;
    let values = new.iter().flat_map(|(user, role)| params![id, *user, *role, channel.created_at]).collect();
    conn.insert_many(
        "INSERT INTO channel_members (channel_id, user_id, role_id, last_read_seq, muted, favourite, imported, joined_at) VALUES",
        "(?,?,?,0,false,false,true,?)",
        values,
    )
    .await
    .map_err(|fault| fault.foreign("user"))?;
    let sql = "UPDATE channels SET member_count = (SELECT COUNT(*) FROM channel_members WHERE channel_id = ?) WHERE id = ?";
    conn.run(sql, params![id, id]).await?;
    Ok(id)
}

async fn add_channel(conn: Conn<'_>, channel: &ImportedChannel) -> Result<ChannelId, Fault> {
    let name = match channel.space_id {
        Some(space) => free_channel_name(conn, space, &channel.name).await?,
        None => channel.name.clone(),
    };
    conn.run(
        "INSERT INTO channels (id, space_id, kind, name, name_folded, topic, archived, created_at, last_seq, main_count, \
         last_message_at, member_count, direct_key) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0, 0, NULL, 0, ?)",
        params![
            channel.id,
            channel.space_id,
            channel.kind.as_str(),
            &name,
            fold_loosely(&name),
            &channel.topic,
            channel.archived,
            channel.created_at,
            channel.direct_key.clone(),
        ],
    )
    .await
    .map_err(|fault| fault.foreign("space"))?;
    Ok(channel.id)
}

async fn free_channel_name(conn: Conn<'_>, space: SpaceId, name: &str) -> Result<String, Fault> {
    let mut candidate = name.to_owned();
    for number in 2..MOST_SUFFIX {
        let sql = "SELECT id FROM channels WHERE space_id = ? AND name = ?";
        if conn.one(sql, params![space, &candidate]).await?.is_none() {
            return Ok(candidate);
        }
        let suffix = format!("-{number}");
        candidate = name.chars().take(MOST_NAME - suffix.len()).collect::<String>() + &suffix;
    }
    Err(Fault::Conflict("name"))
}
