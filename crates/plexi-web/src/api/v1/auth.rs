//! Signing in and out, sessions, set-up, registration.

use std::collections::BTreeMap;

use http::{HeaderValue, Method};
use plexi_auth::model::{Me, Session, SignInMethod};
use plexi_auth::provider::{MAX_PARTS, Proof};
use plexi_auth::{Caller, NewCookie, NewPerson, SignedIn, Tokens, Transport};
use plexi_core::{Actor, ActorKind, Coded as _, FieldError, Secret, SpaceId, Timestamp};
use plexi_messaging::model::Page;
use plexi_messaging::ports::ChannelFilter;
use plexi_messaging::{FIRST_CHANNEL, MessagingError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::input::{Items, MethodPath, PageQuery, SessionPath};
use crate::answer::{Created, Done, Found, WithCookie};
use crate::call::{Anyone, Call, Nothing};
use crate::error::ApiError;
use crate::operations::{Class, Operation};
use crate::stack::authentication::COOKIE;
use crate::state::WebState;

pub(crate) fn operations() -> Vec<Operation> {
    let mut rows = vec![
        Operation::new(
            Method::POST,
            "/auth/sign-in",
            "auth.sign_in",
            "Sign in with name and password",
            sign_in,
        )
        .class(Class::Auth),
        Operation::new(
            Method::POST,
            "/auth/sign-in/{method}",
            "auth.sign_in_by",
            "Sign in by another method",
            sign_in_by,
        )
        .class(Class::Auth),
        Operation::new(Method::GET, "/auth/methods", "auth.methods", "The ways to sign in", methods),
        Operation::new(Method::POST, "/auth/refresh", "auth.refresh", "Exchange a refresh token", refresh)
            .class(Class::Auth),
        Operation::new(Method::POST, "/auth/sign-out", "auth.sign_out", "End this session", sign_out),
        Operation::new(
            Method::POST,
            "/auth/password",
            "auth.password",
            "Change one's password",
            change_password,
        )
        .class(Class::Auth),
        Operation::new(Method::GET, "/auth/sessions", "auth.sessions", "List one's sessions", sessions),
        Operation::new(
            Method::DELETE,
            "/auth/sessions/{session_id}",
            "auth.session_end",
            "End one of one's sessions",
            end_session,
        ),
        Operation::new(
            Method::DELETE,
            "/auth/sessions",
            "auth.sessions_end",
            "End one's other sessions",
            end_others,
        ),
        Operation::new(Method::GET, "/auth/setup", "auth.setup_state", "Whether set-up is open", setup_state),
        Operation::new(Method::POST, "/auth/setup", "auth.setup", "Make the first administrator", setup)
            .class(Class::Auth),
        Operation::new(Method::POST, "/auth/register", "auth.register", "Accept an invitation", register)
            .class(Class::Auth),
    ];
    rows.extend(super::invitations::operations());
    rows
}

/// How the session's proof is given.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum TransportInput {
    /// A cookie, for browsers.
    Cookie,
    /// Tokens, for everything else.
    #[default]
    Token,
}

impl From<TransportInput> for Transport {
    fn from(input: TransportInput) -> Self {
        match input {
            TransportInput::Cookie => Self::Cookie,
            TransportInput::Token => Self::Token,
        }
    }
}

/// Name and password.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct SignIn {
    /// The account's name.
    #[schemars(length(min = 1, max = 64))]
    name: String,
    /// The password.
    #[schemars(length(min = 1, max = 256))]
    password: Secret<String>,
    /// How the session's proof is given.
    #[serde(default)]
    transport: TransportInput,
    /// The name of the device.
    #[serde(default)]
    #[schemars(with = "String", length(max = 100))]
    device: Option<String>,
}

/// Who is signed in, and the proof when it is no cookie.
#[derive(Serialize, JsonSchema)]
struct SignedInAnswer {
    /// One's own account.
    user: Me,
    /// The session that began.
    session: Session,
    /// The access token; not with the transport `cookie`.
    #[serde(skip_serializing_if = "Option::is_none")]
    access_token: Option<String>,
    /// Until when the access token is valid.
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<Timestamp>,
    /// The refresh token; works once.
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
}

fn signed_in(web: &WebState, signed_in: SignedIn) -> (SignedInAnswer, Option<HeaderValue>) {
    let seconds = signed_in.session.expires_at.since(web.clock.now()).as_secs();
    let cookie = signed_in.cookie.as_ref().and_then(|secret| cookie(secret.expose(), seconds));
    let tokens = signed_in.tokens;
    let answer = SignedInAnswer {
        user: signed_in.me,
        session: signed_in.session,
        access_token: tokens.as_ref().map(|tokens| tokens.access_token.expose().clone()),
        expires_at: tokens.as_ref().map(|tokens| tokens.expires_at),
        refresh_token: tokens.as_ref().map(|tokens| tokens.refresh_token.expose().clone()),
    };
    (answer, cookie)
}

/// The session cookie, for so many seconds; 0 removes it.
fn cookie(value: &str, seconds: u64) -> Option<HeaderValue> {
    let text = format!("{COOKIE}={value}; Path=/; Max-Age={seconds}; Secure; HttpOnly; SameSite=Lax");
    let mut header = HeaderValue::from_str(&text).ok()?;
    header.set_sensitive(true);
    Some(header)
}

async fn sign_in(
    call: Call<Anyone, Nothing, Nothing, SignIn>,
) -> Result<WithCookie<Found<SignedInAnswer>>, ApiError> {
    let SignIn { name, password, transport, device } = call.body;
    let device = device.or(call.context.user_agent);
    let peer = call.context.address.client;
    let signed = call.web.auth.sign_in(&name, password, transport.into(), device, peer).await?;
    let (answer, cookie) = signed_in(&call.web, signed);
    Ok(WithCookie { answer: Found(answer), cookie })
}

/// What a method asks for.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct SignInBy {
    /// The parts that the method asks for, by their names.
    #[schemars(extend("maxProperties" = MAX_PARTS))]
    proof: BTreeMap<String, Secret<String>>,
    /// How the session's proof is given.
    #[serde(default)]
    transport: TransportInput,
    /// The name of the device.
    #[serde(default)]
    #[schemars(with = "String", length(max = 100))]
    device: Option<String>,
}

async fn sign_in_by(
    call: Call<Anyone, MethodPath, Nothing, SignInBy>,
) -> Result<WithCookie<Found<SignedInAnswer>>, ApiError> {
    let SignInBy { proof, transport, device } = call.body;
    let device = device.or(call.context.user_agent);
    let (method, peer) = (&call.path.method, call.context.address.client);
    let signed = call.web.auth.sign_in_by(method, Proof::new(proof), transport.into(), device, peer).await?;
    let (answer, cookie) = signed_in(&call.web, signed);
    Ok(WithCookie { answer: Found(answer), cookie })
}

async fn methods(call: Call<Anyone>) -> Result<Found<Items<SignInMethod>>, ApiError> {
    Ok(Found(Items { items: call.web.auth.sign_in_methods() }))
}

/// A refresh token.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Refresh {
    /// The refresh token that was given last.
    #[schemars(length(min = 1, max = 512))]
    refresh_token: Secret<String>,
}

/// New tokens.
#[derive(Serialize, JsonSchema)]
struct TokensAnswer {
    /// The access token.
    access_token: String,
    /// Until when it is valid.
    expires_at: Timestamp,
    /// The next refresh token.
    refresh_token: String,
}

impl From<Tokens> for TokensAnswer {
    fn from(tokens: Tokens) -> Self {
        Self {
            access_token: tokens.access_token.expose().clone(),
            expires_at: tokens.expires_at,
            refresh_token: tokens.refresh_token.expose().clone(),
        }
    }
}

async fn refresh(call: Call<Anyone, Nothing, Nothing, Refresh>) -> Result<Found<TokensAnswer>, ApiError> {
    let tokens = call.web.auth.refresh(call.body.refresh_token.expose()).await?;
    Ok(Found(tokens.into()))
}

async fn sign_out(call: Call<Caller>) -> Result<WithCookie<Done>, ApiError> {
    call.web.auth.sign_out(&call.who).await?;
    Ok(WithCookie { answer: Done, cookie: cookie("", 0) })
}

/// A change of one's password.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct PasswordChange {
    /// The present password.
    #[schemars(length(min = 1, max = 256))]
    current: Secret<String>,
    /// The new one, not a common or guessable one.
    #[schemars(length(min = 8, max = 256))]
    new: Secret<String>,
}

async fn change_password(
    call: Call<Caller, Nothing, Nothing, PasswordChange>,
) -> Result<WithCookie<Done>, ApiError> {
    let renewed = call.web.auth.change_password(&call.who, call.body.current, call.body.new).await?;
    let now = call.web.clock.now();
    let header = |new: NewCookie| cookie(new.value.expose(), new.expires_at.since(now).as_secs());
    Ok(WithCookie { answer: Done, cookie: renewed.and_then(header) })
}

async fn sessions(call: Call<Caller, Nothing, PageQuery>) -> Result<Found<Page<Session>>, ApiError> {
    let PageQuery { cursor, limit } = &call.query;
    Ok(Found(call.web.auth.sessions(&call.who, cursor.as_deref(), *limit).await?))
}

async fn end_session(call: Call<Caller, SessionPath>) -> Result<Done, ApiError> {
    call.web.auth.end_session(&call.who, call.path.session_id).await?;
    Ok(Done)
}

async fn end_others(call: Call<Caller>) -> Result<Done, ApiError> {
    call.web.auth.end_other_sessions(&call.who).await?;
    Ok(Done)
}

/// Whether the first administrator can still be made.
#[derive(Serialize, JsonSchema)]
struct SetupState {
    /// It can.
    open: bool,
}

async fn setup_state(call: Call<Anyone>) -> Result<Found<SetupState>, ApiError> {
    Ok(Found(SetupState { open: call.web.auth.setup_open().await? }))
}

/// The first administrator and the first space.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Setup {
    /// The token of the link that the server printed.
    #[schemars(length(min = 1, max = 128))]
    token: Secret<String>,
    /// The account's name.
    #[schemars(length(min = 1, max = 32))]
    name: String,
    /// The name shown.
    #[schemars(length(min = 1, max = 64))]
    display_name: String,
    /// The password.
    #[schemars(length(min = 8, max = 256))]
    password: Secret<String>,
    /// The name of the first space.
    #[schemars(length(min = 1, max = 64))]
    space_name: String,
    /// How the session's proof is given.
    #[serde(default)]
    transport: TransportInput,
    /// The name of the device.
    #[serde(default)]
    #[schemars(with = "String", length(max = 100))]
    device: Option<String>,
}

async fn setup(
    call: Call<Anyone, Nothing, Nothing, Setup>,
) -> Result<WithCookie<Created<SignedInAnswer>>, ApiError> {
    let Setup { token, name, display_name, password, space_name, transport, device } = call.body;
    let web = call.web;
    // only who holds the token learns which spaces are there
    web.auth.check_setup(token.expose()).await?;
    // set-up closes with the account: what can be refused is refused before
    web.messaging.check_space_name(&space_name).await.map_err(|error| in_field(error, "space_name"))?;
    let person = NewPerson { name, display_name, password };
    let device = device.or(call.context.user_agent);
    let signed = web.auth.set_up(token.expose(), person, transport.into(), device).await?;
    let actor = actor_of(&signed);
    if let Err(error) = web.messaging.first_space(&actor, &space_name).await {
        // the administrator is made and can make the space as well; without this session nobody could
        tracing::error!(%error, "first space not made, the administrator can make it");
    }
    let (answer, cookie) = signed_in(&web, signed);
    Ok(WithCookie { answer: Created(answer), cookie })
}

/// Who has just signed in.
fn actor_of(signed: &SignedIn) -> Actor {
    Actor {
        user: signed.me.user.id,
        session: Some(signed.session.id),
        kind: ActorKind::User,
        system: signed.me.permissions,
    }
}

/// An error in `name` of a part, as one in a field of the whole.
fn in_field(error: MessagingError, field: &str) -> ApiError {
    let problems = error.fields();
    if problems.is_empty() {
        return error.into();
    }
    let problems = problems.into_iter();
    ApiError::invalid(problems.map(|wrong| FieldError::new(field, wrong.problem)).collect())
}

/// Nobody arrives in an empty room: who may join the space's first channel is in it from the beginning.
async fn join_first_channel(web: &WebState, actor: &Actor, space: SpaceId) -> Result<(), MessagingError> {
    let filter =
        ChannelFilter { query: Some(FIRST_CHANNEL.into()), joined: Some(false), ..ChannelFilter::default() };
    let page = web.messaging.space_channels(actor, space, filter, None, 50).await?;
    let first = page.items.into_iter().find(|channel| channel.name == FIRST_CHANNEL && !channel.archived);
    if let Some(first) = first {
        web.messaging.join(actor, first.id).await?;
    }
    Ok(())
}

/// An account made by invitation.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Register {
    /// The invitation's code.
    #[schemars(length(min = 1, max = 128))]
    code: Secret<String>,
    /// The account's name.
    #[schemars(length(min = 1, max = 32))]
    name: String,
    /// The name shown.
    #[schemars(length(min = 1, max = 64))]
    display_name: String,
    /// The password.
    #[schemars(length(min = 8, max = 256))]
    password: Secret<String>,
    /// How the session's proof is given.
    #[serde(default)]
    transport: TransportInput,
    /// The name of the device.
    #[serde(default)]
    #[schemars(with = "String", length(max = 100))]
    device: Option<String>,
}

async fn register(
    call: Call<Anyone, Nothing, Nothing, Register>,
) -> Result<WithCookie<Created<SignedInAnswer>>, ApiError> {
    let Register { code, name, display_name, password, transport, device } = call.body;
    let person = NewPerson { name, display_name, password };
    let device = device.or(call.context.user_agent);
    let web = call.web;
    let space = super::invitations::open(&web, code.expose()).await?.space_id;
    let signed = web.auth.register(code.expose(), person, transport.into(), device).await?;
    if let Err(error) = join_first_channel(&web, &actor_of(&signed), space).await {
        // they can join by hand; without this session they would not even be in
        tracing::warn!(%error, "first channel not joined");
    }
    let (answer, cookie) = signed_in(&web, signed);
    Ok(WithCookie { answer: Created(answer), cookie })
}
