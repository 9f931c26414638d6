//! Everything a client needs to start.

use std::collections::{BTreeMap, BTreeSet};

use http::Method;
use plexi_auth::Caller;
use plexi_auth::model::{Me, User};
use plexi_core::UserId;
use plexi_messaging::PresenceState;
use plexi_messaging::model::{Category, Channel, Draft, Space, ThreadState};
use schemars::JsonSchema;
use serde::Serialize;

use super::members;
use crate::answer::Found;
use crate::call::Call;
use crate::error::ApiError;
use crate::operations::Operation;

pub(crate) fn operations() -> Vec<Operation> {
    vec![Operation::new(Method::GET, "/sync", "sync.get", "Everything a client needs to start", sync)]
}

/// Everything a client needs to start.
#[derive(Serialize, JsonSchema)]
struct Sync {
    /// One's own account.
    me: Me,
    /// One's spaces.
    spaces: Vec<Space>,
    /// All of one's channels.
    channels: Vec<Channel>,
    /// What one has not sent yet.
    drafts: Vec<Draft>,
    /// The categories of one's sidebar.
    categories: Vec<Category>,
    /// The threads with unread replies that one takes part in.
    threads: Vec<ThreadState>,
    /// Those named in direct and group conversations.
    users: Vec<User>,
    /// Those of them who are there.
    presence: BTreeMap<UserId, PresenceState>,
    /// What to know of the server.
    server: ServerFacts,
}

/// What to know of the server.
#[derive(Serialize, JsonSchema)]
struct ServerFacts {
    /// The version that runs.
    version: String,
    /// The longest message in characters.
    max_message_length: u32,
    /// Seconds between heartbeats of a WebSocket.
    heartbeat_seconds: u32,
}

async fn sync(call: Call<Caller>) -> Result<Found<Sync>, ApiError> {
    let (web, actor) = (&call.web, &call.who.actor);
    let me = web.auth.me(&call.who).await?;
    let spaces = web.messaging.all_spaces(actor).await?;
    let channels = web.messaging.my_channels(actor).await?;
    let drafts = web.messaging.drafts(actor).await?;
    let categories = web.messaging.categories(actor).await?;
    let threads = web.messaging.unread_threads(actor).await?;
    let named: BTreeSet<UserId> =
        channels.iter().flat_map(|channel| channel.user_ids.iter().copied()).collect();
    let named: Vec<UserId> = named.into_iter().collect();
    let users = members::lookup(web, &named).await?;
    let mut presence = web.messaging.hub().presence(&named);
    presence.retain(|_, state| *state != PresenceState::Offline);
    let server = ServerFacts {
        version: web.version.clone(),
        max_message_length: web.config().max_message_length,
        heartbeat_seconds: web.config().heartbeat_seconds,
    };
    Ok(Found(Sync { me, spaces, channels, drafts, categories, threads, users, presence, server }))
}
