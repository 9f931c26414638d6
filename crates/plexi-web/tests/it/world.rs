//! A small workspace: a space with a public channel and a message in it, a private channel, and people in all positions.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use biscuit_auth::{BlockBuilder, UnverifiedBiscuit};
use bytes::Bytes;
use http::{HeaderMap, Method, Request, header};
use http_body_util::BodyExt as _;
use plexi_auth::ports::AccountStore as _;
use plexi_auth::provider::{Attempt, AuthProvider, Verified};
use plexi_auth::{Auth, AuthConfig, AuthError, NewPerson, SetupToken, TokenKeys, Transport};
use plexi_cache::{Cache, CacheConfig};
use plexi_core::{
    Actor, ChannelId, Entropy, IdSource, InvitationId, ManualClock, MessageId, PermissionSet, RoleId,
    RoleScope, Secret, SeededEntropy, SessionId, SpaceId, Timestamp, UserId,
};
use plexi_core_log::{LogConfig, LogReader};
use plexi_messaging::model::ChannelKind;
use plexi_messaging::{ChannelDraft, Hub, HubConfig, MessageDraft, Messaging, MessagingConfig};
use plexi_supervisor::TaskGroup;
use plexi_web::{
    AlwaysReady, FaultHook, MemoryIdempotency, NoConfiguration, NoOperator, UiAsset, UiAssets, WebConfig,
    WebParts, WebState, router,
};
use serde_json::Value;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

pub const PASSWORD: &str = "seven quiet otters play chess";
pub const HOST: &str = "localhost:8080";

/// Somebody with a token and a cookie.
#[derive(Clone)]
pub struct Person {
    pub id: UserId,
    pub actor: Actor,
    pub session: SessionId,
    pub token: String,
    pub cookie: String,
}

pub struct World {
    pub router: Router,
    pub web: WebState,
    pub auth: Auth,
    pub messaging: Messaging,
    pub identity: Arc<plexi_auth::memory::MemoryStore>,
    pub clock: Arc<ManualClock>,
    pub stop: CancellationToken,
    pub root: Person,
    pub member: Person,
    pub stranger: Person,
    pub other: Person,
    pub space: SpaceId,
    pub general: ChannelId,
    pub private: ChannelId,
    pub message: MessageId,
    pub secret_message: MessageId,
    pub role: RoleId,
    pub invitation: InvitationId,
    tasks: JoinSet<()>,
}

/// A server without anybody.
pub struct Server {
    pub router: Router,
    pub web: WebState,
    pub auth: Auth,
    pub messaging: Messaging,
    pub chat: Arc<plexi_messaging::memory::MemoryStore>,
    pub identity: Arc<plexi_auth::memory::MemoryStore>,
    pub clock: Arc<ManualClock>,
    pub stop: CancellationToken,
    pub setup: SetupToken,
    pub tasks: JoinSet<()>,
}

#[derive(Default)]
pub struct Options {
    pub web: WebConfig,
    pub hub: HubConfig,
    pub fault_hooks: Vec<Arc<dyn FaultHook>>,
    /// The folder that `logs` lies in; none when nothing was logged.
    pub data: Option<PathBuf>,
}

/// A second way to sign in: whoever shows the badge `badge of NAME` is NAME.
struct Badges {
    store: Arc<plexi_auth::memory::MemoryStore>,
}

#[async_trait::async_trait]
impl AuthProvider for Badges {
    fn method(&self) -> &'static str {
        "badge"
    }

    fn asks_for(&self) -> &'static [&'static str] {
        &["badge"]
    }

    async fn verify(&self, attempt: &Attempt) -> Result<Verified, AuthError> {
        let badge = attempt.proof.part("badge").ok_or(AuthError::InvalidCredentials)?;
        let name = badge.expose().strip_prefix("badge of ").ok_or(AuthError::InvalidCredentials)?;
        let (account, _) = self.store.account_by_name(name).await?.ok_or(AuthError::InvalidCredentials)?;
        Ok(Verified { account })
    }
}

/// A web client of three files, one of which breaks.
struct Ui;

impl UiAssets for Ui {
    fn find(&self, path: &str) -> Option<UiAsset> {
        assert!(path != "panic", "the secret of the house");
        (path == "assets/index-3f2a.js").then(|| UiAsset {
            content_type: "text/javascript; charset=utf-8",
            etag: "abc".into(),
            immutable: true,
            identity: Bytes::from_static(b"plain"),
            brotli: Some(Bytes::from_static(b"brotli")),
            gzip: Some(Bytes::from_static(b"gzip")),
        })
    }

    fn index(&self) -> UiAsset {
        UiAsset {
            content_type: "text/html; charset=utf-8",
            etag: "page".into(),
            immutable: false,
            identity: Bytes::from_static(b"<!doctype html>"),
            brotli: None,
            gzip: None,
        }
    }
}

pub async fn world() -> World {
    world_with(Options::default()).await
}

/// A server before its first start.
pub async fn server(options: Options) -> Server {
    let clock = Arc::new(ManualClock::new(Timestamp::from_seconds(1_800_000_000)));
    let entropy: Arc<dyn Entropy> = Arc::new(SeededEntropy::new(7));
    let ids = IdSource::new(clock.clone(), entropy.clone());
    let chat = Arc::new(plexi_messaging::memory::MemoryStore::new());
    let keys = TokenKeys::generate(&*entropy).unwrap();
    let store = Arc::new(plexi_auth::memory::MemoryStore::new());
    let builder =
        Auth::builder(store.clone(), keys, ids.clone(), clock.clone(), entropy.clone(), AuthConfig::quick());
    let auth = builder.provider(Arc::new(Badges { store: store.clone() })).build().unwrap();
    let hub = Hub::new(&options.hub);
    let config = MessagingConfig { hub: options.hub, ..MessagingConfig::default() };
    let messaging = Messaging::new(
        chat.clone(),
        chat.clone(),
        Vec::new(),
        hub.clone(),
        ids.clone(),
        clock.clone(),
        config,
    );
    let cache = Cache::ephemeral(CacheConfig::default(), clock.clone(), &*entropy).unwrap();
    auth.remember_in(&cache).unwrap();
    messaging.remember_in(&cache).unwrap();
    let stop = CancellationToken::new();
    let mut tasks = JoinSet::new();
    let (sender, halt) = (messaging.clone(), CancellationToken::new());
    tasks.spawn(async move { sender.run_sender(halt, || {}).await });
    tasks.spawn(plexi_web::watch_sessions(auth.clone(), hub.clone(), CancellationToken::new(), || {}));

    let web = WebState::new(WebParts {
        auth: auth.clone(),
        messaging: messaging.clone(),
        idempotency: Arc::new(MemoryIdempotency::default()),
        health: Arc::new(AlwaysReady),
        operator: Arc::new(NoOperator),
        configuration: Arc::new(NoConfiguration),
        transfers: Arc::new(plexi_web::NoTransfers),
        logs: LogReader::new(&LogConfig::default(), options.data.as_deref().unwrap_or(Path::new("/nowhere"))),
        metric_sources: Vec::new(),
        fault_hooks: options.fault_hooks,
        ui: Some(Arc::new(Ui)),
        clock: clock.clone(),
        entropy,
        config: options.web,
        version: "0.1.0".into(),
        stop: stop.clone(),
        sockets: TaskGroup::under("sockets", stop.clone()),
    });
    let setup = auth.prepare().await.unwrap().unwrap();
    Server {
        router: router(web.clone()),
        web,
        auth,
        messaging,
        chat,
        identity: store,
        clock,
        stop,
        setup,
        tasks,
    }
}

pub async fn world_with(options: Options) -> World {
    let Server { router, web, auth, messaging, chat, identity, clock, stop, setup, tasks } =
        server(options).await;
    let first = auth.set_up(setup.expose(), person("root"), Transport::Token, None).await.unwrap();
    chat.add_user(first.me.user.id, "root", "root");
    let root = signed_in(&auth, "root").await;
    let mut people = Vec::new();
    for name in ["mira", "stefan", "olga"] {
        let user = auth.create_user(&root.actor, person(name), None).await.unwrap();
        chat.add_user(user.id, name, name);
        people.push(signed_in(&auth, name).await);
    }
    let [member, stranger, other]: [Person; 3] = people.try_into().ok().unwrap();

    let space = messaging.create_space(&root.actor, "house").await.unwrap().id;
    for one in [&member, &other] {
        messaging.set_space_member(&root.actor, space, one.id, "member").await.unwrap();
    }
    let draft = |name: &str, kind| ChannelDraft { name: name.into(), kind, topic: String::new() };
    let general =
        messaging.create_channel(&root.actor, space, draft("general", ChannelKind::Public)).await.unwrap().id;
    messaging.join(&member.actor, general).await.unwrap();
    let private = messaging
        .create_channel(&other.actor, space, draft("hidden", ChannelKind::Private))
        .await
        .unwrap()
        .id;
    let post = async |who: &Person, channel_id, text: &str| {
        let draft =
            MessageDraft { channel_id, text: text.into(), client_id: None, thread_id: None, reply_to: None };
        messaging.post(&who.actor, draft).await.unwrap().message.id
    };
    let message = post(&member, general, "hello house").await;
    let secret_message = post(&other, private, "nobody else").await;
    let role =
        auth.create_role(&root.actor, "helper", RoleScope::Channel, PermissionSet::EMPTY).await.unwrap().id;
    let invited = auth.create_invitation(&root.actor, space, "member", 5, 24).await.unwrap();

    World {
        router,
        web,
        auth,
        messaging,
        identity,
        clock,
        stop,
        root,
        member,
        stranger,
        other,
        space,
        general,
        private,
        message,
        secret_message,
        role,
        invitation: invited.0.id,
        tasks,
    }
}

pub fn person(name: &str) -> NewPerson {
    NewPerson { name: name.into(), display_name: name.into(), password: Secret::new(PASSWORD.into()) }
}

async fn signed_in(auth: &Auth, name: &str) -> Person {
    let password = || Secret::new(PASSWORD.to_owned());
    let by_token = auth.sign_in(name, password(), Transport::Token, None, None).await.unwrap();
    let by_cookie = auth.sign_in(name, password(), Transport::Cookie, None, None).await.unwrap();
    let token = by_token.tokens.unwrap().access_token.expose().clone();
    let caller = auth.authenticate_bearer(&token).await.unwrap();
    Person {
        id: caller.actor.user,
        session: caller.session,
        actor: caller.actor,
        token,
        cookie: format!("{}={}", plexi_web::COOKIE, by_cookie.cookie.unwrap().expose()),
    }
}

/// The token with a block of checks that its holder added to it.
pub fn narrowed(token: &str, checks: &str) -> String {
    let bytes = URL_SAFE_NO_PAD.decode(token).unwrap();
    let block = BlockBuilder::new().code(checks).unwrap();
    let token = UnverifiedBiscuit::from(bytes).unwrap().append(block).unwrap();
    URL_SAFE_NO_PAD.encode(token.to_vec().unwrap())
}

/// An answer, read whole.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: HeaderMap,
    pub bytes: Bytes,
}

impl Reply {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or(Value::Null)
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub fn code(&self) -> String {
        self.json()["error_code"].as_str().unwrap_or_default().to_owned()
    }

    /// The answer is an error in the one shape of the catalogue.
    pub fn assert_error_shape(&self, what: &str) {
        let body = self.json();
        assert_eq!(self.header("content-type"), "application/problem+json", "{what}: {}", self.text());
        assert_eq!(body["status"], self.status, "{what}");
        assert_eq!(body["http_status"], self.status, "{what}");
        assert_eq!(body["correlation_id"], self.header("x-correlation-id"), "{what}");
        assert!(body["details"]["remedy"].is_string() && body["message"].is_string(), "{what}");
        let known = plexi_core::ErrorCode::ALL.iter().any(|code| code.as_str() == self.code());
        assert!(known, "{what}: {}", self.text());
    }
}

/// The answer of a server.
pub async fn send(router: &Router, request: Request<Body>) -> Reply {
    let response = router.clone().oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let bytes = body.collect().await.unwrap().to_bytes();
    Reply { status: parts.status.as_u16(), headers: parts.headers, bytes }
}

impl World {
    pub async fn send(&self, request: Request<Body>) -> Reply {
        send(&self.router, request).await
    }

    pub async fn call(&self, who: Option<&Person>, method: Method, path: &str, body: &Value) -> Reply {
        self.send(request(who, method, path, body)).await
    }

    pub async fn get(&self, who: &Person, path: &str) -> Reply {
        self.call(Some(who), Method::GET, path, &Value::Null).await
    }

    pub async fn post(&self, who: &Person, path: &str, body: &Value) -> Reply {
        self.call(Some(who), Method::POST, path, body).await
    }

    /// Serves on a free port of this machine.
    pub async fn listen(&mut self) -> SocketAddr {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let service = self.router.clone().into_make_service_with_connect_info::<SocketAddr>();
        self.tasks.spawn(async move { axum::serve(listener, service).await.unwrap() });
        address
    }
}

/// A request to `/api/v1` and `path`, with a token; a body unless it is null.
pub fn request(who: Option<&Person>, method: Method, path: &str, body: &Value) -> Request<Body> {
    let mut builder =
        Request::builder().method(method).uri(format!("/api/v1{path}")).header(header::HOST, HOST);
    if let Some(person) = who {
        builder = builder.header(header::AUTHORIZATION, format!("Bearer {}", person.token));
    }
    if body.is_null() {
        return builder.body(Body::empty()).unwrap();
    }
    builder.header(header::CONTENT_TYPE, "application/json").body(Body::from(body.to_string())).unwrap()
}

pub fn plain(path: &str) -> http::request::Builder {
    Request::builder().uri(path).header(header::HOST, HOST)
}
