//! Messages: windows of them, posting, editing, reactions, pins.

use http::Method;
use plexi_auth::Caller;
use plexi_core::{MessageId, Timestamp};
use plexi_messaging::MessageDraft;
use plexi_messaging::model::{Message, MessageWindow, Revision, ThreadEntry, ThreadState};
use plexi_messaging::ports::Slice;
use schemars::JsonSchema;
use serde::Deserialize;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::input::{ChannelPath, Items, MessagePath, page_limit};
use crate::answer::{Done, Found, Posted};
use crate::call::{Call, Nothing};
use crate::conditional;
use crate::error::ApiError;
use crate::operations::Operation;

pub(crate) fn operations() -> Vec<Operation> {
    let mut rows = vec![
        Operation::new(
            Method::GET,
            "/channels/{channel_id}/messages",
            "messages.window",
            "A stretch of a channel's messages",
            window,
        ),
        Operation::new(
            Method::POST,
            "/channels/{channel_id}/messages",
            "messages.post",
            "Post a message",
            post,
        )
        .creates(),
        Operation::new(
            Method::GET,
            "/channels/{channel_id}/pins",
            "messages.pins",
            "A channel's pinned messages",
            pins,
        ),
        Operation::new(Method::GET, "/messages/{message_id}", "messages.get", "A message", get),
        Operation::new(Method::PATCH, "/messages/{message_id}", "messages.edit", "Edit a message", edit)
            .conditional(),
        Operation::new(
            Method::DELETE,
            "/messages/{message_id}",
            "messages.delete",
            "Delete a message",
            delete,
        ),
        Operation::new(
            Method::GET,
            "/messages/{message_id}/history",
            "messages.history",
            "A message's former texts",
            history,
        ),
    ];
    let reaction = "/messages/{message_id}/reactions/{emoji}";
    rows.extend([
        Operation::new(
            Method::GET,
            "/messages/{message_id}/thread",
            "messages.thread",
            "The replies in a thread",
            thread,
        ),
        Operation::new(
            Method::PUT,
            "/messages/{message_id}/thread/read",
            "messages.read_thread",
            "Say how far one has read a thread",
            read_thread,
        ),
        Operation::new(Method::GET, "/threads", "messages.threads", "The threads one takes part in", threads),
        Operation::new(Method::PUT, reaction, "messages.react", "React to a message", react),
        Operation::new(Method::DELETE, reaction, "messages.unreact", "Take a reaction back", unreact),
        Operation::new(Method::PUT, "/messages/{message_id}/pin", "messages.pin", "Pin a message", pin),
        Operation::new(
            Method::DELETE,
            "/messages/{message_id}/pin",
            "messages.unpin",
            "Unpin a message",
            unpin,
        ),
    ]);
    rows
}

/// Which messages of a channel; the newest when nothing is said. At most one of `before`, `after`, `around`, `date`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct WindowQuery {
    /// Those before this position.
    #[serde(default)]
    #[schemars(with = "i64", range(min = 0, max = 1_125_899_906_842_623_i64))]
    before: Option<i64>,
    /// Those after this position.
    #[serde(default)]
    #[schemars(with = "i64", range(min = -1, max = 1_125_899_906_842_623_i64))]
    after: Option<i64>,
    /// Those on both sides of this position.
    #[serde(default)]
    #[schemars(with = "i64", range(min = 0, max = 1_125_899_906_842_623_i64))]
    around: Option<i64>,
    /// Those from this time on.
    #[serde(default)]
    #[schemars(with = "String", extend("format" = "date-time"), length(max = 64))]
    date: Option<String>,
    /// How many.
    #[serde(default = "page_limit")]
    #[schemars(range(min = 1, max = 200))]
    limit: u32,
}

fn slice(choices: [Option<Slice>; 4]) -> Result<Slice, ApiError> {
    let mut given = choices.into_iter().flatten();
    match (given.next(), given.next()) {
        (None, _) => Ok(Slice::Latest),
        (Some(slice), None) => Ok(slice),
        (Some(_), Some(_)) => Err(ApiError::invalid(Vec::new())
            .field("before", "only one of before, after, around, date can be given")),
    }
}

/// Any RFC 3339 time; those outside of 1970 to 9999 count as the nearest inside.
fn clamped(text: &str) -> Option<Timestamp> {
    let at = OffsetDateTime::parse(text, &Rfc3339).ok()?;
    let micros = (at.unix_timestamp_nanos() / 1_000).clamp(0, i128::from(i64::MAX));
    Some(Timestamp::from_micros(i64::try_from(micros).unwrap_or(i64::MAX)))
}

async fn window(call: Call<Caller, ChannelPath, WindowQuery>) -> Result<Found<MessageWindow>, ApiError> {
    let WindowQuery { before, after, around, date, limit } = &call.query;
    let date = date.as_deref().and_then(clamped).map(Slice::Date);
    let slice = slice([before.map(Slice::Before), after.map(Slice::After), around.map(Slice::Around), date])?;
    Ok(Found(call.web.messaging.window(call.actor(), call.path.channel_id, slice, *limit).await?))
}

/// A message to be posted.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct NewMessage {
    /// `CommonMark`.
    #[schemars(length(min = 1, max = 40_000))]
    text: String,
    /// One's own key of it: posting twice with the same makes one message.
    #[serde(default)]
    #[schemars(length(min = 1, max = 64))]
    client_id: Option<String>,
    /// The thread to reply in: the id of its first message.
    #[serde(default)]
    thread_id: Option<MessageId>,
    /// The message it answers.
    #[serde(default)]
    reply_to: Option<MessageId>,
}

async fn post(call: Call<Caller, ChannelPath, Nothing, NewMessage>) -> Result<Posted, ApiError> {
    let NewMessage { text, client_id, thread_id, reply_to } = call.body;
    let draft = MessageDraft { channel_id: call.path.channel_id, text, client_id, thread_id, reply_to };
    let receipt = call.web.messaging.post(&call.who.actor, draft).await?;
    Ok(Posted { message: receipt.message, fresh: !receipt.duplicate })
}

async fn pins(call: Call<Caller, ChannelPath>) -> Result<Found<Items<Message>>, ApiError> {
    let items = call.web.messaging.pins(call.actor(), call.path.channel_id).await?;
    Ok(Found(Items { items }))
}

async fn get(call: Call<Caller, MessagePath>) -> Result<Found<Message>, ApiError> {
    Ok(Found(call.web.messaging.message(call.actor(), call.path.message_id).await?))
}

/// A message's new text.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct MessagePatch {
    /// `CommonMark`.
    #[schemars(length(min = 1, max = 40_000))]
    text: String,
}

async fn edit(call: Call<Caller, MessagePath, Nothing, MessagePatch>) -> Result<Found<Message>, ApiError> {
    let (messaging, actor, id) = (&call.web.messaging, &call.who.actor, call.path.message_id);
    let present = || async { Ok(messaging.message(actor, id).await?) };
    let expected = conditional::expected(call.context.if_match.as_deref(), present).await?;
    let expected = expected.map(|message: Message| message.edited_at);
    Ok(Found(messaging.edit(actor, id, &call.body.text, expected).await?))
}

async fn delete(call: Call<Caller, MessagePath>) -> Result<Done, ApiError> {
    call.web.messaging.delete(call.actor(), call.path.message_id).await?;
    Ok(Done)
}

async fn history(call: Call<Caller, MessagePath>) -> Result<Found<Items<Revision>>, ApiError> {
    let items = call.web.messaging.history(call.actor(), call.path.message_id).await?;
    Ok(Found(Items { items }))
}

/// Which replies of a thread; the newest when nothing is said. At most one of `before` and `after`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ThreadQuery {
    /// Those before this position in the thread.
    #[serde(default)]
    #[schemars(with = "i64", range(min = 0, max = 1_125_899_906_842_623_i64))]
    before: Option<i64>,
    /// Those after this position in the thread.
    #[serde(default)]
    #[schemars(with = "i64", range(min = -1, max = 1_125_899_906_842_623_i64))]
    after: Option<i64>,
    /// How many.
    #[serde(default = "page_limit")]
    #[schemars(range(min = 1, max = 200))]
    limit: u32,
}

async fn thread(call: Call<Caller, MessagePath, ThreadQuery>) -> Result<Found<MessageWindow>, ApiError> {
    let ThreadQuery { before, after, limit } = call.query;
    let slice = slice([before.map(Slice::Before), after.map(Slice::After), None, None])?;
    Ok(Found(call.web.messaging.thread(call.actor(), call.path.message_id, slice, limit).await?))
}

/// How far one has read a thread.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ThreadReadInput {
    /// The position of the last reply that was read.
    #[schemars(range(min = 0, max = 1_125_899_906_842_623_i64))]
    position: i64,
}

async fn read_thread(
    call: Call<Caller, MessagePath, Nothing, ThreadReadInput>,
) -> Result<Found<ThreadState>, ApiError> {
    let position = call.body.position;
    Ok(Found(call.web.messaging.mark_thread_read(&call.who.actor, call.path.message_id, position).await?))
}

async fn threads(call: Call<Caller>) -> Result<Found<Items<ThreadEntry>>, ApiError> {
    Ok(Found(Items { items: call.web.messaging.threads(call.actor()).await? }))
}

/// A reaction to a message.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ReactionPath {
    message_id: MessageId,
    /// An emoji, or a name such as `:shipit:`.
    #[schemars(length(min = 1, max = 32), regex(pattern = r"^\S+$"))]
    emoji: String,
}

async fn react(call: Call<Caller, ReactionPath>) -> Result<Done, ApiError> {
    call.web.messaging.react(call.actor(), call.path.message_id, &call.path.emoji).await?;
    Ok(Done)
}

async fn unreact(call: Call<Caller, ReactionPath>) -> Result<Done, ApiError> {
    call.web.messaging.unreact(call.actor(), call.path.message_id, &call.path.emoji).await?;
    Ok(Done)
}

async fn pin(call: Call<Caller, MessagePath>) -> Result<Done, ApiError> {
    call.web.messaging.pin(call.actor(), call.path.message_id).await?;
    Ok(Done)
}

async fn unpin(call: Call<Caller, MessagePath>) -> Result<Done, ApiError> {
    call.web.messaging.unpin(call.actor(), call.path.message_id).await?;
    Ok(Done)
}
