//! Channels, direct conversations, their members, and one's own place in them.

use http::Method;
use plexi_auth::Caller;
use plexi_core::{MessageId, UserId};
use plexi_messaging::ChannelDraft;
use plexi_messaging::model::{Category, Channel, ChannelKind, Membership, Page};
use plexi_messaging::ports::{ChannelChange, ChannelFilter};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::input::{ChannelMemberPath, ChannelPath, Items, NamedPageQuery, SpacePath, page_limit};
use super::members::{self, Member};
use crate::answer::{Created, Done, Found};
use crate::call::{Call, Nothing};
use crate::conditional;
use crate::error::ApiError;
use crate::operations::Operation;

pub(crate) fn operations() -> Vec<Operation> {
    let mut rows = vec![
        Operation::new(
            Method::GET,
            "/spaces/{space_id}/channels",
            "channels.list",
            "List a space's channels",
            list,
        ),
        Operation::new(
            Method::POST,
            "/spaces/{space_id}/channels",
            "channels.create",
            "Make a channel",
            create,
        )
        .creates(),
        Operation::new(
            Method::POST,
            "/direct",
            "channels.direct",
            "Open a direct or group conversation",
            direct,
        )
        .creates(),
        Operation::new(Method::GET, "/channels/{channel_id}", "channels.get", "A channel", get),
        Operation::new(
            Method::PATCH,
            "/channels/{channel_id}",
            "channels.update",
            "Rename or archive a channel, set its topic",
            update,
        )
        .conditional(),
        Operation::new(
            Method::POST,
            "/channels/{channel_id}/join",
            "channels.join",
            "Join a public channel",
            join,
        ),
        Operation::new(
            Method::POST,
            "/channels/{channel_id}/leave",
            "channels.leave",
            "Leave a channel",
            leave,
        ),
    ];
    rows.extend([
        Operation::new(
            Method::GET,
            "/channels/{channel_id}/members",
            "channels.members",
            "List a channel's members",
            list_members,
        ),
        Operation::new(
            Method::PUT,
            "/channels/{channel_id}/members/{user_id}",
            "channels.set_member",
            "Add a member to a channel or change the role",
            set_member,
        ),
        Operation::new(
            Method::DELETE,
            "/channels/{channel_id}/members/{user_id}",
            "channels.remove_member",
            "Remove a member from a channel",
            remove_member,
        ),
    ]);
    rows.extend(own_place());
    rows
}

/// One's own place in channels: how far one has read, what one is writing, how they are shown.
fn own_place() -> [Operation; 6] {
    [
        Operation::new(
            Method::PUT,
            "/channels/{channel_id}/read",
            "channels.read",
            "Say how far one has read",
            read,
        ),
        Operation::new(
            Method::PUT,
            "/channels/{channel_id}/draft",
            "channels.set_draft",
            "Keep a draft",
            set_draft,
        ),
        Operation::new(
            Method::DELETE,
            "/channels/{channel_id}/draft",
            "channels.delete_draft",
            "Forget a draft",
            delete_draft,
        ),
        Operation::new(
            Method::PATCH,
            "/channels/{channel_id}/settings",
            "channels.settings",
            "Mute or favour a channel",
            settings,
        ),
        Operation::new(
            Method::GET,
            "/users/me/categories",
            "channels.categories",
            "The categories of one's sidebar",
            categories,
        ),
        Operation::new(
            Method::PUT,
            "/users/me/categories",
            "channels.set_categories",
            "Replace the categories of one's sidebar",
            set_categories,
        ),
    ]
}

/// Which channels of a space.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ChannelsQuery {
    /// Part of the name.
    #[serde(default)]
    #[schemars(with = "String", length(max = 64))]
    q: Option<String>,
    /// Only those one is in, or not in.
    #[serde(default)]
    #[schemars(with = "bool")]
    joined: Option<bool>,
    /// Archived ones too.
    #[serde(default)]
    archived: bool,
    /// The `next` of the page before.
    #[serde(default)]
    #[schemars(with = "String", length(min = 1, max = 512), regex(pattern = "^[A-Za-z0-9_-]+$"))]
    cursor: Option<String>,
    /// How many entries.
    #[serde(default = "page_limit")]
    #[schemars(range(min = 1, max = 200))]
    limit: u32,
}

async fn list(call: Call<Caller, SpacePath, ChannelsQuery>) -> Result<Found<Page<Channel>>, ApiError> {
    let ChannelsQuery { q, joined, archived, cursor, limit } = call.query;
    let query = ChannelFilter { query: q, joined, archived, public: true, private: false };
    let (actor, space) = (&call.who.actor, call.path.space_id);
    Ok(Found(call.web.messaging.space_channels(actor, space, query, cursor.as_deref(), limit).await?))
}

/// Whom a channel of a space is for.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum NewChannelKind {
    /// Every member of the space can find and join it.
    Public,
    /// Only its members know it.
    Private,
}

/// A channel to be made.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct NewChannel {
    /// Its name: lower case, no spaces, unique in its space.
    #[schemars(length(min = 1, max = 64), regex(pattern = r"^\S+$"))]
    name: String,
    /// Whom it is for.
    kind: NewChannelKind,
    /// What it is about.
    #[serde(default)]
    #[schemars(length(max = 250))]
    topic: String,
}

async fn create(call: Call<Caller, SpacePath, Nothing, NewChannel>) -> Result<Created<Channel>, ApiError> {
    let NewChannel { name, kind, topic } = call.body;
    let kind = match kind {
        NewChannelKind::Public => ChannelKind::Public,
        NewChannelKind::Private => ChannelKind::Private,
    };
    let draft = ChannelDraft { name, kind, topic };
    Ok(Created(call.web.messaging.create_channel(&call.who.actor, call.path.space_id, draft).await?))
}

/// With whom.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Direct {
    /// The others.
    #[schemars(length(min = 1, max = 8))]
    user_ids: Vec<UserId>,
}

async fn direct(call: Call<Caller, Nothing, Nothing, Direct>) -> Result<Found<Channel>, ApiError> {
    Ok(Found(call.web.messaging.open_direct(&call.who.actor, call.body.user_ids).await?))
}

async fn get(call: Call<Caller, ChannelPath>) -> Result<Found<Channel>, ApiError> {
    Ok(Found(call.web.messaging.channel(call.actor(), call.path.channel_id).await?))
}

/// A change of a channel.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ChannelPatch {
    /// Its name.
    #[serde(default)]
    #[schemars(with = "String", length(min = 1, max = 64), regex(pattern = r"^\S+$"))]
    name: Option<String>,
    /// What it is about; empty removes it.
    #[serde(default)]
    #[schemars(with = "String", length(max = 250))]
    topic: Option<String>,
    /// Archive or restore.
    #[serde(default)]
    #[schemars(with = "bool")]
    archived: Option<bool>,
}

async fn update(call: Call<Caller, ChannelPath, Nothing, ChannelPatch>) -> Result<Found<Channel>, ApiError> {
    let ChannelPatch { name, topic, archived } = call.body;
    let (messaging, actor, id) = (&call.web.messaging, &call.who.actor, call.path.channel_id);
    let present = || async { Ok(messaging.channel(actor, id).await?) };
    let expected = conditional::expected(call.context.if_match.as_deref(), present).await?;
    let expected = expected.map(|channel: Channel| channel.last_seq);
    Ok(Found(messaging.update_channel(actor, id, ChannelChange { name, topic, archived, expected }).await?))
}

async fn join(call: Call<Caller, ChannelPath>) -> Result<Found<Channel>, ApiError> {
    Ok(Found(call.web.messaging.join(call.actor(), call.path.channel_id).await?))
}

async fn leave(call: Call<Caller, ChannelPath>) -> Result<Done, ApiError> {
    call.web.messaging.leave(call.actor(), call.path.channel_id).await?;
    Ok(Done)
}

async fn list_members(
    call: Call<Caller, ChannelPath, NamedPageQuery>,
) -> Result<Found<Page<Member>>, ApiError> {
    let NamedPageQuery { q, cursor, limit } = &call.query;
    let id = call.path.channel_id;
    let page =
        call.web.messaging.channel_members(call.actor(), id, q.as_deref(), cursor.as_deref(), *limit).await?;
    Ok(Found(members::page(&call.web, page).await?))
}

/// The role of a member.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct MemberInput {
    /// The name of a channel role, `member` when absent.
    #[serde(default)]
    #[schemars(with = "String", length(min = 1, max = 32))]
    role: Option<String>,
}

async fn set_member(
    call: Call<Caller, ChannelMemberPath, Nothing, MemberInput>,
) -> Result<Found<Member>, ApiError> {
    let ChannelMemberPath { channel_id, user_id } = call.path;
    let role = call.body.role.as_deref();
    let entry = call.web.messaging.set_channel_member(&call.who.actor, channel_id, user_id, role).await?;
    Ok(Found(members::one(&call.web, entry).await?))
}

async fn remove_member(call: Call<Caller, ChannelMemberPath>) -> Result<Done, ApiError> {
    let ChannelMemberPath { channel_id, user_id } = call.path;
    call.web.messaging.remove_channel_member(call.actor(), channel_id, user_id).await?;
    Ok(Done)
}

/// How far one has read.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ReadInput {
    /// Up to which event.
    #[schemars(range(min = 0, max = 1_125_899_906_842_623_i64))]
    seq: i64,
    /// Back, too.
    #[serde(default)]
    force: bool,
}

/// How far one has read now.
#[derive(Serialize, JsonSchema)]
struct ReadMark {
    /// Up to which event.
    last_read_seq: i64,
}

async fn read(call: Call<Caller, ChannelPath, Nothing, ReadInput>) -> Result<Found<ReadMark>, ApiError> {
    let ReadInput { seq, force } = call.body;
    let state = call.web.messaging.mark_read(&call.who.actor, call.path.channel_id, seq, force).await?;
    Ok(Found(ReadMark { last_read_seq: state.last_read_seq }))
}

/// The categories of a sidebar, in order.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct CategoriesInput {
    /// All of them.
    #[schemars(length(max = 50))]
    items: Vec<Category>,
}

async fn categories(call: Call<Caller>) -> Result<Found<Items<Category>>, ApiError> {
    Ok(Found(Items { items: call.web.messaging.categories(call.actor()).await? }))
}

async fn set_categories(
    call: Call<Caller, Nothing, Nothing, CategoriesInput>,
) -> Result<Found<Items<Category>>, ApiError> {
    let items = call.web.messaging.set_categories(&call.who.actor, call.body.items).await?;
    Ok(Found(Items { items }))
}

/// Text that is not sent yet.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct DraftInput {
    /// The text.
    #[schemars(length(min = 1, max = 40_000))]
    text: String,
    /// For which thread of the channel; none or null: for its main line.
    #[serde(default)]
    thread_id: Option<MessageId>,
}

async fn set_draft(call: Call<Caller, ChannelPath, Nothing, DraftInput>) -> Result<Done, ApiError> {
    let DraftInput { text, thread_id } = call.body;
    call.web.messaging.set_draft(&call.who.actor, call.path.channel_id, thread_id, Some(&text)).await?;
    Ok(Done)
}

/// Which draft of a channel.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct DraftQuery {
    /// Of which thread; none: of the main line.
    #[serde(default)]
    #[schemars(with = "MessageId")]
    thread_id: Option<MessageId>,
}

async fn delete_draft(call: Call<Caller, ChannelPath, DraftQuery>) -> Result<Done, ApiError> {
    call.web.messaging.set_draft(call.actor(), call.path.channel_id, call.query.thread_id, None).await?;
    Ok(Done)
}

/// One's own settings of a channel.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct SettingsPatch {
    /// No unread mark, no notification.
    #[serde(default)]
    #[schemars(with = "bool")]
    muted: Option<bool>,
    /// Shown on top.
    #[serde(default)]
    #[schemars(with = "bool")]
    favourite: Option<bool>,
}

async fn settings(
    call: Call<Caller, ChannelPath, Nothing, SettingsPatch>,
) -> Result<Found<Membership>, ApiError> {
    let SettingsPatch { muted, favourite } = call.body;
    let id = call.path.channel_id;
    Ok(Found(call.web.messaging.set_channel_settings(&call.who.actor, id, muted, favourite).await?))
}
