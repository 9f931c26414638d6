//! A whole server on stores in memory: makes an account and serves `http://127.0.0.1:8088` until it is stopped.
//!
//! `cargo run -p plexi-web --example serve --features test-util`
#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use plexi_auth::{Auth, AuthConfig, NewPerson, TokenKeys, Transport};
use plexi_core::{Clock, Entropy, IdSource, Secret, SystemClock, SystemEntropy};
use plexi_core_log::{LogConfig, LogReader};
use plexi_messaging::{ChannelDraft, Hub, HubConfig, Messaging, MessagingConfig, model::ChannelKind};
use plexi_supervisor::TaskGroup;
use plexi_web::{
    AlwaysReady, MemoryIdempotency, NoOperator, WebConfig, WebParts, WebState, router, watch_sessions,
};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let entropy: Arc<dyn Entropy> = Arc::new(SystemEntropy::new());
    let ids = IdSource::new(clock.clone(), entropy.clone());
    let identity = Arc::new(plexi_auth::memory::MemoryStore::new());
    let keys = TokenKeys::generate(&*entropy)?;
    let auth = Auth::new(identity, keys, ids.clone(), clock.clone(), entropy.clone(), AuthConfig::default())?;
    let chat = Arc::new(plexi_messaging::memory::MemoryStore::new());
    let hub = Hub::new(&HubConfig::default());
    let config = MessagingConfig::default();
    let messaging =
        Messaging::new(chat.clone(), chat.clone(), Vec::new(), hub.clone(), ids, clock.clone(), config);

    // A server has one database for both; these two stores have to be told of each account.
    let setup = auth.prepare().await?.ok_or("set-up is done")?;
    let password = "plum tree by the old canal";
    let person =
        NewPerson { name: "ada".into(), display_name: "Ada".into(), password: Secret::new(password.into()) };
    let ada = auth.set_up(setup.expose(), person, Transport::Token, None).await?;
    chat.add_user(ada.me.user.id, "ada", "Ada");
    let token = ada.tokens.ok_or("a program gets tokens")?.access_token;
    let actor = auth.authenticate_bearer(token.expose()).await?.actor;
    let stop = CancellationToken::new();
    let mut tasks = JoinSet::new();
    let (sender, halt) = (messaging.clone(), stop.clone());
    tasks.spawn(async move { sender.run_sender(halt, || {}).await });
    tasks.spawn(watch_sessions(auth.clone(), hub, stop.clone(), || {}));
    let space = messaging.create_space(&actor, "house").await?;
    let general = ChannelDraft { name: "general".into(), kind: ChannelKind::Public, topic: String::new() };
    messaging.create_channel(&actor, space.id, general).await?;

    let web = WebState::new(WebParts {
        auth,
        messaging,
        idempotency: Arc::new(MemoryIdempotency::default()),
        health: Arc::new(AlwaysReady),
        operator: Arc::new(NoOperator),
        configuration: Arc::new(plexi_web::NoConfiguration),
        transfers: Arc::new(plexi_web::NoTransfers),
        logs: LogReader::new(&LogConfig::default(), Path::new(".")),
        metric_sources: Vec::new(),
        fault_hooks: Vec::new(),
        ui: None,
        clock,
        entropy,
        config: WebConfig { public_url: "http://127.0.0.1:8088".into(), ..WebConfig::default() },
        version: env!("CARGO_PKG_VERSION").into(),
        sockets: TaskGroup::under("sockets", stop.clone()),
        stop,
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:8088").await?;
    println!("reference at http://127.0.0.1:8088/api/v1/docs");
    println!("try: curl -H 'Authorization: Bearer {}' http://127.0.0.1:8088/api/v1/sync", token.expose());
    axum::serve(listener, router(web).into_make_service_with_connect_info::<SocketAddr>()).await?;
    Ok(())
}
