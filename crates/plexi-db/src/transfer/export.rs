//! What an export reads, in pages by key.

use std::collections::HashMap;

use plexi_core::{ChannelId, MessageId, SpaceId, Timestamp, UserId};
use plexi_messaging::model::{Revision, Space};
use plexi_messaging::ports::{
    AccountKind, ExportedMessage, ImportedChannel, ImportedMember, ImportedSeat, ImportedUser, ReadTo,
};

use crate::chat::channels::kind_of;
use crate::chat::messages::view;
use crate::chat::spaces::space;
use crate::fault::Fault;
use crate::sql::{Cells, Conn, Param, params};

/// The most entries of a page.
const MOST: u32 = 10_000;

pub(super) async fn users(
    conn: Conn<'_>,
    after: Option<UserId>,
    limit: u32,
) -> Result<Vec<ImportedUser>, Fault> {
    let after = after.unwrap_or(UserId::from_uuid(uuid::Uuid::nil()));
    let sql = "SELECT u.id, u.name, u.display_name, u.status_text, u.kind, u.disabled, u.created_at, r.name, u.locale, u.theme \
               FROM users u JOIN roles r ON r.id = u.role_id WHERE u.id > ? ORDER BY u.id LIMIT ?";
    let rows = conn.all(sql, params![after, limit.clamp(1, MOST)]).await?;
    let users = rows.iter().map(|row| {
        let mut cells = Cells::new(row);
        Ok(ImportedUser {
            id: cells.take()?,
            name: cells.take()?,
            display_name: cells.take()?,
            status_text: cells.take()?,
            kind: AccountKind::parse(&cells.take::<String>()?)
                .ok_or_else(|| Fault::Corrupt(String::from("unknown kind of user")))?,
            disabled: cells.take()?,
            created_at: cells.take()?,
            role: cells.take()?,
            locale: cells.take()?,
            theme: cells.take()?,
        })
    });
    users.collect()
}

pub(super) async fn spaces(conn: Conn<'_>) -> Result<Vec<Space>, Fault> {
    let sql = "SELECT id, name, archived, created_at, NULL FROM spaces ORDER BY id";
    let sql = if conn.engine == crate::database::Engine::Postgres {
        sql.replace("NULL", "NULL::text")
    } else {
        sql.to_owned()
    };
    conn.all(&sql, Vec::new()).await?.iter().map(space).collect()
}

pub(super) async fn space_members(
    conn: Conn<'_>,
    space: SpaceId,
    after: Option<UserId>,
    limit: u32,
) -> Result<Vec<ImportedMember>, Fault> {
    let after = after.unwrap_or(UserId::from_uuid(uuid::Uuid::nil()));
    let sql = "SELECT sm.user_id, r.name, sm.joined_at FROM space_members sm JOIN roles r ON r.id = sm.role_id \
               WHERE sm.space_id = ? AND sm.user_id > ? ORDER BY sm.user_id LIMIT ?";
    let rows = conn.all(sql, params![space, after, limit.clamp(1, MOST)]).await?;
    let members = rows.iter().map(|row| {
        let mut cells = Cells::new(row);
        Ok(ImportedMember { user: cells.take()?, role: cells.take()?, joined_at: cells.take()? })
    });
    members.collect()
}

pub(super) async fn channels(
    conn: Conn<'_>,
    after: Option<ChannelId>,
    limit: u32,
) -> Result<Vec<ImportedChannel>, Fault> {
    let after = after.unwrap_or(ChannelId::from_uuid(uuid::Uuid::nil()));
    let sql = "SELECT id, space_id, kind, name, topic, archived, created_at, direct_key FROM channels \
               WHERE id > ? ORDER BY id LIMIT ?";
    let rows = conn.all(sql, params![after, limit.clamp(1, MOST)]).await?;
    let mut channels = Vec::with_capacity(rows.len());
    for row in &rows {
        let mut cells = Cells::new(row);
        channels.push(ImportedChannel {
            id: cells.take()?,
            space_id: cells.take()?,
            kind: kind_of(&cells.take::<String>()?)?,
            name: cells.take()?,
            topic: cells.take()?,
            archived: cells.take()?,
            created_at: cells.take()?,
            members: Vec::new(),
            direct_key: cells.take()?,
        });
    }
    // What is read is said by the last message before the mark, since numbers are those of one server.
    let sql = "SELECT cm.channel_id, cm.user_id, r.name, cm.joined_at, cm.muted, cm.favourite, \
               (SELECT m.id FROM messages m WHERE m.message_key = (SELECT e.message_key FROM channel_events e \
               WHERE e.channel_id = cm.channel_id AND e.seq <= cm.last_read_seq AND e.kind = 'message_posted' \
               ORDER BY e.seq DESC LIMIT 1)) \
               FROM channel_members cm JOIN roles r ON r.id = cm.role_id \
               WHERE cm.channel_id IN {in} ORDER BY cm.channel_id, cm.user_id";
    let ids = channels.iter().map(|channel| channel.id.param()).collect();
    let mut members: HashMap<ChannelId, Vec<ImportedSeat>> = HashMap::new();
    for row in conn.all_in(sql, &[], ids, &[]).await? {
        let mut cells = Cells::new(&row);
        members.entry(cells.take()?).or_default().push(ImportedSeat {
            user: cells.take()?,
            role: cells.take()?,
            joined_at: cells.take()?,
            muted: cells.take()?,
            favourite: cells.take()?,
            read: cells.take::<Option<MessageId>>()?.map_or(ReadTo::Nothing, ReadTo::Message),
        });
    }
    for channel in &mut channels {
        channel.members = members.remove(&channel.id).unwrap_or_default();
    }
    Ok(channels)
}

type Reacted = (String, UserId, Timestamp);

pub(super) async fn messages(
    conn: Conn<'_>,
    channel: ChannelId,
    after: Option<MessageId>,
    limit: u32,
) -> Result<Vec<ExportedMessage>, Fault> {
    let after = after.map_or(-1, |id| id.key().0);
    let from = "FROM messages m WHERE m.channel_id = ? AND m.message_key > ? ORDER BY m.message_key LIMIT ?";
    let stored = view::rows(conn, from, params![channel, after, limit.clamp(1, MOST)]).await?;
    let keys: Vec<i64> = stored.iter().map(|one| one.key).collect();
    let reacted: Vec<i64> = stored.iter().filter(|one| one.has_reactions).map(|one| one.key).collect();
    let edited: Vec<i64> =
        stored.iter().filter(|one| one.message.edited_at.is_some()).map(|one| one.key).collect();
    let mut reactions = reactions(conn, &reacted).await?;
    let mut history = revisions(conn, &edited).await?;
    let extras: Vec<_> = stored.iter().map(|one| (one.pinned, one.message.client_id.clone())).collect();
    let messages = view::complete(conn, stored, None).await?;
    let exported =
        messages.into_iter().zip(extras).zip(keys).map(|((mut message, (pinned, client)), key)| {
            message.client_id = client;
            ExportedMessage {
                message,
                history: history.remove(&key).unwrap_or_default(),
                reactions: reactions.remove(&key).unwrap_or_default(),
                pinned: pinned.map(|(at, by)| (by, at)),
            }
        });
    Ok(exported.collect())
}

async fn reactions(conn: Conn<'_>, keys: &[i64]) -> Result<HashMap<i64, Vec<Reacted>>, Fault> {
    let sql = "SELECT message_key, emoji, user_id, reacted_at FROM reactions WHERE message_key IN {in} \
               ORDER BY message_key, reacted_at, emoji, user_id";
    let mut found: HashMap<i64, Vec<Reacted>> = HashMap::new();
    for row in conn.all_in(sql, &[], keys.iter().map(|key| key.param()).collect(), &[]).await? {
        let mut cells = Cells::new(&row);
        found.entry(cells.take()?).or_default().push((cells.take()?, cells.take()?, cells.take()?));
    }
    Ok(found)
}

async fn revisions(conn: Conn<'_>, keys: &[i64]) -> Result<HashMap<i64, Vec<Revision>>, Fault> {
    let sql = "SELECT message_key, body, replaced_at FROM message_revisions WHERE message_key IN {in} \
               ORDER BY message_key, revision DESC";
    let mut found: HashMap<i64, Vec<Revision>> = HashMap::new();
    for row in conn.all_in(sql, &[], keys.iter().map(|key| key.param()).collect(), &[]).await? {
        let mut cells = Cells::new(&row);
        let key = cells.take()?;
        found.entry(key).or_default().push(Revision { text: cells.take()?, at: cells.take()? });
    }
    Ok(found)
}
