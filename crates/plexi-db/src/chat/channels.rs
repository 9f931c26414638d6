use std::collections::HashMap;

use async_trait::async_trait;
use plexi_core::StoreError;
use plexi_core::{ChannelId, PermissionSet, RoleScope, SpaceId, Timestamp, UserId};
use plexi_messaging::event::{ChannelEvent, ChannelFacts, EventBody};
use plexi_messaging::model::{Channel, ChannelKind, MemberEntry, Membership};
use plexi_messaging::ports::{
    ChannelAccess, ChannelChange, ChannelFilter, ChannelStore, NewChannel, Removal, StorePage,
};
use sea_orm::{QueryResult, Value};

use super::events::append;
use super::members::{appoint, is_last, member_page, remove, set};
use super::reading::unread;
use crate::database::{Database, Engine, transaction};
use crate::fault::{Fault, Kind};
use crate::identity::{role_id, role_permissions};
use crate::sql::{Cells, Conn, Param, Question, Writes, fold_loosely, params, single};

const SELECT: &str = "SELECT c.id, c.space_id, c.kind, c.name, c.topic, c.archived, c.created_at, c.last_seq, \
    c.last_message_at, c.member_count, r.name, cm.last_read_seq, cm.muted, cm.favourite, cm.joined_at FROM channels c";
const VIEWER: &str = "LEFT JOIN channel_members cm ON cm.channel_id = c.id AND cm.user_id = ? \
    LEFT JOIN roles r ON r.id = cm.role_id";

/// What a change of a channel counts on. While it is held, nobody else changes the channel.
#[derive(Clone, Debug)]
pub(crate) struct Head {
    pub(crate) id: ChannelId,
    pub(crate) last_seq: i64,
    pub(crate) main_count: i64,
    pub(crate) last_message_at: Option<Timestamp>,
}

/// Writes what posting changes, in one statement where the engine has one for it.
pub(crate) fn save_heads(writes: &mut Writes, engine: Engine, heads: &[&Head]) {
    if engine == Engine::MariaDb || heads.len() == 1 {
        for head in heads {
            writes.one(
                "UPDATE channels SET last_seq = ?, main_count = ?, last_message_at = ? WHERE id = ?",
                params![head.last_seq, head.main_count, head.last_message_at, head.id],
            );
        }
        return;
    }
    writes.rows(
        "WITH saved (id, last_seq, main_count, last_message_at) AS (VALUES {rows}) \
         UPDATE channels SET last_seq = saved.last_seq, main_count = saved.main_count, \
         last_message_at = saved.last_message_at FROM saved WHERE saved.id = channels.id",
        "(?,?,?,?)",
        heads
            .iter()
            .flat_map(|head| params![head.id, head.last_seq, head.main_count, head.last_message_at])
            .collect(),
    );
}

/// The question that locks channels, always in the same order.
pub(crate) fn locked_heads(engine: Engine, mut ids: Vec<ChannelId>) -> Question {
    ids.sort_unstable();
    ids.dedup();
    let sql = format!(
        "SELECT id, last_seq, main_count, last_message_at FROM channels WHERE id IN ({{rows}}) ORDER BY id{}",
        engine.for_update()
    );
    Question { sql, row: "?", keys: ids.into_iter().map(Param::param).collect() }
}

/// The channels that [`locked_heads`] found; those that do not exist are left out.
pub(crate) fn heads(rows: &[QueryResult]) -> Result<Vec<Head>, Fault> {
    let heads = rows.iter().map(|row| {
        let mut cells = Cells::new(row);
        Ok(Head {
            id: cells.take()?,
            last_seq: cells.take()?,
            main_count: cells.take()?,
            last_message_at: cells.take()?,
        })
    });
    heads.collect()
}

/// Locks channels; those that do not exist are left out.
pub(crate) async fn lock_many(conn: Conn<'_>, ids: Vec<ChannelId>) -> Result<Vec<Head>, Fault> {
    let found = conn.ask(vec![locked_heads(conn.engine, ids)]).await?;
    heads(&found.into_iter().flatten().collect::<Vec<_>>())
}

/// Locks a channel. `Missing("channel")`.
pub(crate) async fn lock(conn: Conn<'_>, id: ChannelId) -> Result<Head, Fault> {
    lock_many(conn, vec![id]).await?.pop().ok_or(Fault::Missing("channel"))
}

pub(crate) fn kind_of(name: &str) -> Result<ChannelKind, Fault> {
    ChannelKind::parse(name).ok_or_else(|| Fault::Corrupt(format!("unknown kind of channel {name}")))
}

fn channel(row: &QueryResult) -> Result<Channel, Fault> {
    let mut cells = Cells::new(row);
    let mut channel = Channel {
        id: cells.take()?,
        space_id: cells.take()?,
        kind: kind_of(&cells.take::<String>()?)?,
        name: cells.take()?,
        topic: cells.take()?,
        archived: cells.take()?,
        created_at: cells.take()?,
        last_seq: cells.take()?,
        last_message_at: cells.take()?,
        member_count: cells.take()?,
        user_ids: Vec::new(),
        membership: None,
        permissions: PermissionSet::EMPTY,
    };
    if let Some(role) = cells.take::<Option<String>>()? {
        channel.membership = Some(Membership {
            role,
            last_read_seq: cells.take()?,
            unread: 0,
            mentions: 0,
            muted: cells.take()?,
            favourite: cells.take()?,
            joined_at: cells.take()?,
        });
    }
    Ok(channel)
}

/// Reads channels, with what is unread and, for direct conversations, all their members: two statements more, not two for each.
async fn list(conn: Conn<'_>, rest: &str, values: Vec<Value>, viewer: UserId) -> Result<Vec<Channel>, Fault> {
    let rows = conn.all(&format!("{SELECT} {rest}"), values).await?;
    let mut channels = rows.iter().map(channel).collect::<Result<Vec<_>, _>>()?;

    let behind: Vec<(ChannelId, i64)> = channels
        .iter()
        .filter_map(|channel| {
            Some((channel.id, channel.membership.as_ref()?.last_read_seq, channel.last_seq))
        })
        .filter_map(|(id, read, last)| (read < last).then_some((id, read)))
        .collect();
    let counts: HashMap<_, _> = unread(conn, viewer, &behind).await?.into_iter().collect();

    let direct = channels
        .iter()
        .filter(|channel| channel.kind.is_direct())
        .map(|channel| channel.id.param())
        .collect();
    let sql = "SELECT channel_id, user_id FROM channel_members WHERE channel_id IN {in} ORDER BY channel_id, user_id";
    let mut people: HashMap<ChannelId, Vec<UserId>> = HashMap::new();
    for row in conn.all_in(sql, &[], direct, &[]).await? {
        let mut cells = Cells::new(&row);
        people.entry(cells.take()?).or_default().push(cells.take()?);
    }

    for channel in &mut channels {
        if let (Some(membership), Some((unread, mentions))) =
            (&mut channel.membership, counts.get(&channel.id))
        {
            membership.unread = *unread;
            membership.mentions = *mentions;
        }
        channel.user_ids = people.remove(&channel.id).unwrap_or_default();
    }
    Ok(channels)
}

async fn direct_by_key(conn: Conn<'_>, key: &str) -> Result<Option<ChannelId>, Fault> {
    let row = conn.one("SELECT id FROM channels WHERE direct_key = ?", params![key]).await?;
    row.as_ref().map(single).transpose()
}

/// Writes a channel and its members. `Conflict("name")`, `Missing("role")`, `Missing("user")`.
async fn insert(conn: Conn<'_>, channel: &NewChannel) -> Result<ChannelId, Fault> {
    if let Some(key) = &channel.direct_key
        && let Some(existing) = direct_by_key(conn, key).await?
    {
        return Ok(existing);
    }
    let count = i64::try_from(channel.members.len()).unwrap_or(i64::MAX);
    conn.run(
        "INSERT INTO channels (id, space_id, kind, name, name_folded, topic, archived, created_at, last_seq, main_count, \
         last_message_at, member_count, direct_key) VALUES (?, ?, ?, ?, ?, ?, false, ?, 0, 0, NULL, ?, ?)",
        params![
            channel.id,
            channel.space_id,
            channel.kind.as_str(),
            &channel.name,
            fold_loosely(&channel.name),
            &channel.topic,
            channel.created_at,
            count,
            channel.direct_key.clone(),
        ],
    )
    .await
    .map_err(|fault| fault.foreign("space"))?;
    let mut roles: HashMap<&str, _> = HashMap::new();
    let mut values = Vec::with_capacity(channel.members.len() * 4);
    for (user, role) in &channel.members {
        let role = match roles.get(role.as_str()) {
            Some(known) => *known,
            None => *roles.entry(role).or_insert(role_id(conn, RoleScope::Channel, role).await?),
        };
        values.append(&mut params![channel.id, *user, role, channel.created_at]);
    }
    conn.insert_many(
        "INSERT INTO channel_members (channel_id, user_id, role_id, last_read_seq, muted, favourite, imported, joined_at) VALUES",
        "(?, ?, ?, 0, false, false, false, ?)",
        values,
    )
    .await
    .map_err(|fault| fault.foreign("user"))?;
    Ok(channel.id)
}

#[async_trait]
impl ChannelStore for Database {
    async fn create_channel(&self, channel: &NewChannel) -> Result<ChannelId, StoreError> {
        let made = async { transaction!(self, conn, { insert(conn, channel).await }) }.await;
        match (made, &channel.direct_key) {
            // Somebody else opened the same conversation in between.
            (Err(fault), Some(key)) if fault.kind() == Kind::Unique => {
                let existing = direct_by_key(self.read(), key).await?;
                Ok(existing.ok_or(Fault::Conflict("name"))?)
            }
            (made, _) => Ok(made.map_err(|fault| fault.unique("name"))?),
        }
    }

    async fn channel(&self, id: ChannelId, viewer: UserId) -> Result<Option<Channel>, StoreError> {
        let rest = format!("{VIEWER} WHERE c.id = ?");
        Ok(list(self.read(), &rest, params![viewer, id], viewer).await?.pop())
    }

    async fn channels_of(&self, user: UserId) -> Result<Vec<Channel>, StoreError> {
        let rest = "JOIN channel_members cm ON cm.channel_id = c.id JOIN roles r ON r.id = cm.role_id \
                    WHERE cm.user_id = ? AND c.archived = false ORDER BY c.name, c.id LIMIT 2000";
        Ok(list(self.read(), rest, params![user], user).await?)
    }

    async fn heads_of(&self, user: UserId) -> Result<Vec<(ChannelId, i64)>, StoreError> {
        let sql = "SELECT c.id, c.last_seq FROM channel_members cm JOIN channels c ON c.id = cm.channel_id \
                   JOIN roles r ON r.id = cm.role_id \
                   LEFT JOIN space_members sm ON sm.space_id = c.space_id AND sm.user_id = cm.user_id \
                   LEFT JOIN roles sr ON sr.id = sm.role_id \
                   JOIN users u ON u.id = cm.user_id JOIN roles ur ON ur.id = u.role_id \
                   WHERE cm.user_id = ? AND (r.grants_read OR sr.grants_read \
                   OR (ur.grants_read AND c.space_id IS NOT NULL)) LIMIT 5000";
        let rows = self.read().all(sql, params![user]).await?;
        let heads = rows.iter().map(|row| {
            let mut cells = Cells::new(row);
            Ok((cells.take()?, cells.take()?))
        });
        Ok(heads.collect::<Result<_, Fault>>()?)
    }

    async fn space_channels(
        &self,
        space: SpaceId,
        viewer: UserId,
        filter: &ChannelFilter,
        page: StorePage,
    ) -> Result<Vec<Channel>, StoreError> {
        let mut rest = format!("{VIEWER} WHERE c.space_id = ?");
        let mut values = params![viewer, space];
        rest.push_str(match filter.joined {
            Some(true) => " AND cm.user_id IS NOT NULL",
            Some(false) => " AND cm.user_id IS NULL",
            None => "",
        });
        rest.push_str(if filter.private {
            ""
        } else if filter.public {
            " AND (c.kind = 'public' OR cm.user_id IS NOT NULL)"
        } else {
            " AND cm.user_id IS NOT NULL"
        });
        if !filter.archived {
            rest.push_str(" AND c.archived = false");
        }
        if let Some(query) = filter.query.as_deref().filter(|query| !query.is_empty()) {
            rest.push_str(match self.engine() {
                Engine::Postgres => " AND strpos(c.name_folded, ?) > 0",
                Engine::Sqlite | Engine::MariaDb => " AND instr(c.name_folded, ?) > 0",
            });
            values.push(fold_loosely(query).param());
        }
        if let Some(after) = page.after.as_deref() {
            rest.push_str(" AND c.name > ?");
            values.push(after.param());
        }
        rest.push_str(" ORDER BY c.name LIMIT ?");
        values.push(page.limit.clamp(1, 1_000).param());
        Ok(list(self.read(), &rest, values, viewer).await?)
    }

    async fn channel_access(&self, id: ChannelId, user: UserId) -> Result<Option<ChannelAccess>, StoreError> {
        let sql = "SELECT c.space_id, c.kind, c.archived, s.archived, sr.permissions, cr.permissions, ur.grants_read FROM channels c \
                   LEFT JOIN spaces s ON s.id = c.space_id \
                   LEFT JOIN space_members sm ON sm.space_id = c.space_id AND sm.user_id = ? \
                   LEFT JOIN roles sr ON sr.id = sm.role_id \
                   LEFT JOIN channel_members cm ON cm.channel_id = c.id AND cm.user_id = ? \
                   LEFT JOIN roles cr ON cr.id = cm.role_id \
                   LEFT JOIN users u ON u.id = ? LEFT JOIN roles ur ON ur.id = u.role_id WHERE c.id = ?";
        let Some(row) = self.read().one(sql, params![user, user, user, id]).await? else { return Ok(None) };
        let mut cells = Cells::new(&row);
        let space_id = cells.take()?;
        let kind = kind_of(&cells.take::<String>()?)?;
        let archived: bool = cells.take()?;
        let space_archived: Option<bool> = cells.take()?;
        let space: Option<String> = cells.take()?;
        let member: Option<String> = cells.take()?;
        let system_reads: Option<bool> = cells.take()?;
        Ok(Some(ChannelAccess {
            channel_id: id,
            space_id,
            kind,
            archived,
            space_archived: space_archived.unwrap_or(false),
            space: space.as_deref().map(role_permissions),
            member: member.as_deref().map(role_permissions),
            system_reads: system_reads.unwrap_or(false),
        }))
    }

    async fn update_channel(
        &self,
        id: ChannelId,
        change: &ChannelChange,
        at: Timestamp,
    ) -> Result<Option<ChannelEvent>, StoreError> {
        Ok(transaction!(self, conn, {
            let mut head = lock(conn, id).await?;
            if change.expected.is_some_and(|expected| expected != head.last_seq) {
                return Err(Fault::Conflict("changed"));
            }
            let row =
                conn.one("SELECT name, topic, archived FROM channels WHERE id = ?", params![id]).await?;
            let row = row.ok_or(Fault::Missing("channel"))?;
            let mut cells = Cells::new(&row);
            let before =
                ChannelFacts { id, name: cells.take()?, topic: cells.take()?, archived: cells.take()? };
            let mut facts = before.clone();
            facts.name = change.name.clone().unwrap_or(facts.name);
            facts.topic = change.topic.clone().unwrap_or(facts.topic);
            facts.archived = change.archived.unwrap_or(facts.archived);
            if facts == before {
                return Ok(None);
            }
            conn.run(
                "UPDATE channels SET name = ?, name_folded = ?, topic = ?, archived = ? WHERE id = ?",
                params![&facts.name, fold_loosely(&facts.name), &facts.topic, facts.archived, id],
            )
            .await
            .map_err(|fault| fault.unique("name"))?;
            append(conn, &mut head, at, EventBody::ChannelUpdated { channel: facts }).await.map(Some)
        })?)
    }

    async fn channel_members(
        &self,
        id: ChannelId,
        prefix: Option<&str>,
        page: StorePage,
    ) -> Result<Vec<MemberEntry>, StoreError> {
        Ok(member_page(self.read(), "channel_members", "channel_id", id.param(), prefix, &page).await?)
    }

    async fn set_channel_member(
        &self,
        id: ChannelId,
        user: UserId,
        role: &str,
        at: Timestamp,
    ) -> Result<(MemberEntry, Option<ChannelEvent>), StoreError> {
        Ok(transaction!(self, conn, {
            let mut head = lock(conn, id).await?;
            set(conn, &mut head, user, role, at).await
        })?)
    }

    async fn remove_channel_member(
        &self,
        id: ChannelId,
        user: UserId,
        at: Timestamp,
    ) -> Result<Option<Removal>, StoreError> {
        Ok(transaction!(self, conn, {
            let mut head = lock(conn, id).await?;
            if is_last(conn, id, user).await? {
                return Err(Fault::Conflict("last_member"));
            }
            remove(conn, &mut head, user, at).await
        })?)
    }

    async fn hand_over(&self, user: UserId) -> Result<Vec<(ChannelId, UserId)>, StoreError> {
        Ok(transaction!(self, conn, {
            let sql = "SELECT c.id FROM channels c JOIN channel_members cm ON cm.channel_id = c.id \
                       WHERE cm.user_id = ? AND c.kind = 'private'";
            let rows = conn.all(sql, params![user]).await?;
            let channels = rows.iter().map(single).collect::<Result<Vec<_>, _>>()?;
            let mut heirs = Vec::new();
            for head in lock_many(conn, channels).await? {
                heirs.extend(appoint(conn, head.id).await?.map(|heir| (head.id, heir)));
            }
            Ok(heirs)
        })?)
    }

    async fn set_channel_settings(
        &self,
        id: ChannelId,
        user: UserId,
        muted: Option<bool>,
        favourite: Option<bool>,
    ) -> Result<(), StoreError> {
        Ok(transaction!(self, conn, {
            let lock = conn.engine.for_update();
            let sql = format!(
                "SELECT muted, favourite FROM channel_members WHERE channel_id = ? AND user_id = ?{lock}"
            );
            let row = conn.one(&sql, params![id, user]).await?.ok_or(Fault::Missing("member"))?;
            let mut cells = Cells::new(&row);
            let (old_muted, old_favourite): (bool, bool) = (cells.take()?, cells.take()?);
            conn.run(
                "UPDATE channel_members SET muted = ?, favourite = ? WHERE channel_id = ? AND user_id = ?",
                params![muted.unwrap_or(old_muted), favourite.unwrap_or(old_favourite), id, user],
            )
            .await?;
            Ok(())
        })?)
    }
}
