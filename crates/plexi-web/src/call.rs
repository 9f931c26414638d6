//! One call of an operation: everything between the router and the handler, in the order of the stack.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{FromRequestParts, RawPathParams};
use axum::response::Response;
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, Method, Request, header};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use plexi_auth::Caller;
use plexi_core::{Actor, ErrorCode};
use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::address::ClientAddress;
use crate::conditional;
use crate::error::ApiError;
use crate::idempotency;
use crate::metrics::Step;
use crate::operations::{Access, Operation, Raw};
use crate::stack::authentication::{self, Proof};
use crate::stack::origin;
use crate::state::WebState;

/// No parameters, no body.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Nothing {}

/// What a handler may know of the request around its input.
#[derive(Clone, Debug)]
pub(crate) struct Context {
    pub address: ClientAddress,
    pub if_match: Option<String>,
    pub user_agent: Option<String>,
}

/// Who a handler is written for. Decides whether a session is needed at all.
pub(crate) trait Who: Sized + Send + 'static {
    const ACCESS: Access;

    fn from_caller(caller: Option<Caller>) -> Result<Self, ApiError>;
}

/// Anybody, signed in or not.
pub(crate) struct Anyone;

impl Who for Anyone {
    const ACCESS: Access = Access::Public;

    fn from_caller(_: Option<Caller>) -> Result<Self, ApiError> {
        Ok(Self)
    }
}

impl Who for Caller {
    const ACCESS: Access = Access::Session;

    fn from_caller(caller: Option<Caller>) -> Result<Self, ApiError> {
        caller.ok_or_else(|| ApiError::new(ErrorCode::AuthRequired))
    }
}

/// What a handler gets.
pub(crate) struct Call<W, P = Nothing, Q = Nothing, B = Nothing> {
    pub web: WebState,
    pub context: Context,
    pub who: W,
    pub path: P,
    pub query: Q,
    pub body: B,
    /// The piece of a file that came, where the operation takes one.
    pub octets: Bytes,
}

impl<W, P, Q, B> Call<W, P, Q, B>
where
    W: Who,
    P: DeserializeOwned,
    Q: DeserializeOwned,
    B: DeserializeOwned,
{
    /// Reads the typed parts; the contracts have been checked before.
    pub(crate) fn read(web: WebState, context: Context, raw: Raw) -> Result<Self, ApiError> {
        Ok(Self {
            web,
            context,
            who: W::from_caller(raw.who)?,
            path: typed(raw.path, "path")?,
            query: typed(raw.query, "query")?,
            body: typed(raw.body, "body")?,
            octets: raw.octets,
        })
    }
}

impl<P, Q, B> Call<Caller, P, Q, B> {
    /// Who asks.
    pub(crate) fn actor(&self) -> &Actor {
        &self.who.actor
    }
}

/// The text of serde's error names types and positions of the caller's own input, nothing of ours; still it goes to
/// the log only, for its words are not written for readers.
fn typed<T: DeserializeOwned>(value: Value, part: &'static str) -> Result<T, ApiError> {
    serde_json::from_value(value)
        .map_err(|error| ApiError::invalid(Vec::new()).field(part, "is not valid").because(error.to_string()))
}

/// Runs an operation: authentication, cross-site defence, authorisation, input, idempotency, handler, conditions.
pub(crate) async fn run(
    operation: Arc<Operation>,
    web: WebState,
    request: Request<Body>,
) -> Result<Response, ApiError> {
    let (mut parts, body) = request.into_parts();
    let mut lap = web.metrics.lap(Step::Authenticate);
    let proof = authentication::proof(&parts.headers);
    let by_cookie = matches!(proof, Some(Proof::Cookie(_)));
    if !operation.method.is_safe() {
        origin::check(&web.config(), &parts, by_cookie && operation.access != Access::Public)?;
    }
    let who = match operation.access {
        Access::Public => None,
        Access::Session | Access::System(_) => {
            Some(authentication::caller(&web, proof, operation.purpose()).await?)
        }
    };
    if let (Access::System(permission), Some(caller)) = (operation.access, &who) {
        caller.actor.require(permission)?;
    }
    lap.next(Step::Receive);
    let path = path_value(&operation, &mut parts).await?;
    let query = query_value(&operation, &parts)?;
    let context = context(&parts);
    let mut octets = Bytes::new();
    let mut bytes = Bytes::new();
    if operation.octets {
        octets = read_body(body, &parts.headers, operation.body_limit, is_octets).await?;
    } else if operation.body_contract.is_some() {
        bytes = read_body(body, &parts.headers, operation.body_limit, is_json).await?;
    }
    lap.next(Step::Idempotency);
    let claim = match (&who, operation.idempotent) {
        (Some(caller), true) => idempotency::claim(&web, &caller.actor, &parts, &bytes).await?,
        _ => idempotency::Claim::None,
    };
    let claim = match claim {
        idempotency::Claim::Replay(response) => return Ok(response),
        claim => claim,
    };
    lap.next(Step::Validate);
    let body = match &operation.body_contract {
        Some(contract) => {
            let value = parse_json(&bytes)?;
            let problems = contract.problems(&value);
            if !problems.is_empty() {
                return Err(ApiError::invalid(problems));
            }
            value
        }
        None => Value::Object(serde_json::Map::new()),
    };
    drop(bytes);
    lap.next(Step::Handle);
    let response = (operation.handler)(web.clone(), context, Raw { who, path, query, body, octets }).await?;
    lap.next(Step::Answer);
    let response = idempotency::keep(&web, claim, response).await?;
    if operation.method == Method::GET {
        return conditional::answer(&parts.headers, response).await;
    }
    Ok(response)
}

fn context(parts: &Parts) -> Context {
    let text = |name: header::HeaderName| parts.headers.get(name).and_then(|value| value.to_str().ok());
    Context {
        address: parts.extensions.get::<ClientAddress>().copied().unwrap_or_default(),
        if_match: text(header::IF_MATCH).map(str::to_owned),
        user_agent: text(header::USER_AGENT).map(|agent| agent.chars().take(100).collect()),
    }
}

async fn path_value(operation: &Operation, parts: &mut Parts) -> Result<Value, ApiError> {
    let params = RawPathParams::from_request_parts(parts, &()).await.map_err(|error| {
        ApiError::new(ErrorCode::ValidationMalformed).field("path", "is not UTF-8").because(error.to_string())
    })?;
    let pairs: Vec<(String, String)> = params.iter().map(|(k, v)| (k.to_owned(), v.to_owned())).collect();
    operation.path_contract.read_text(&pairs).map_err(ApiError::invalid)
}

fn query_value(operation: &Operation, parts: &Parts) -> Result<Value, ApiError> {
    let pairs = read_query(parts.uri.query().unwrap_or_default()).ok_or_else(|| {
        ApiError::new(ErrorCode::ValidationMalformed).field("query", "is not percent-encoded UTF-8")
    })?;
    operation.query_contract.read_text(&pairs).map_err(ApiError::invalid)
}

/// Reads `a=b&c=d`, strictly UTF-8, at most 64 pairs.
pub(crate) fn read_query(query: &str) -> Option<Vec<(String, String)>> {
    let pairs: Vec<&str> = query.split('&').filter(|pair| !pair.is_empty()).collect();
    if pairs.len() > 64 {
        return None;
    }
    let read = |pair: &&str| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        Some((decode(name)?, decode(value)?))
    };
    pairs.iter().map(read).collect()
}

fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digit =
                    |byte: Option<u8>| char::from(byte?).to_digit(16).and_then(|d| u8::try_from(d).ok());
                digit(rest.next())? << 4 | digit(rest.next())?
            }
            plain => plain,
        });
    }
    String::from_utf8(bytes).ok()
}

async fn read_body(
    body: Body,
    headers: &HeaderMap,
    limit: usize,
    is_taken: fn(&str) -> bool,
) -> Result<Bytes, ApiError> {
    let media_type =
        headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !is_taken(media_type) {
        return Err(ApiError::new(ErrorCode::ValidationMediaType));
    }
    let too_large = || {
        ApiError::new(ErrorCode::ValidationTooLarge).field("body", format!("must be at most {limit} bytes"))
    };
    let announced =
        headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|length| length > limit) {
        return Err(too_large());
    }
    match Limited::new(body, limit).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(too_large()),
        Err(error) => Err(ApiError::new(ErrorCode::ValidationMalformed)
            .field("body", "did not arrive whole")
            .because(error.to_string())),
    }
}

fn is_octets(media_type: &str) -> bool {
    media_type.eq_ignore_ascii_case("application/octet-stream")
}

/// `application/json`, with no other character set than UTF-8.
fn is_json(media_type: &str) -> bool {
    let mut parts = media_type.split(';').map(str::trim);
    let essence = parts.next().unwrap_or_default();
    essence.eq_ignore_ascii_case("application/json")
        && parts.all(|parameter| {
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            !name.trim().eq_ignore_ascii_case("charset")
                || value.trim().trim_matches('"').eq_ignore_ascii_case("utf-8")
        })
}

fn parse_json(bytes: &[u8]) -> Result<Value, ApiError> {
    crate::json_text::parse(bytes).map_err(|error| {
        let problem = format!(
            "is not JSON in UTF-8 that names each member once (line {}, column {})",
            error.line(),
            error.column()
        );
        ApiError::new(ErrorCode::ValidationMalformed).field("body", problem).because(error.to_string())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_are_read_strictly() {
        let read = read_query("q=a+b%20%C3%A9&limit=5&flag").unwrap();
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(read, [pair("q", "a b \u{e9}"), pair("limit", "5"), pair("flag", "")]);
        for bad in ["q=%", "q=%4", "q=%zz", "q=%ff", "q=%C3"] {
            assert_eq!(read_query(bad), None, "{bad}");
        }
    }

    #[test]
    fn only_json_in_utf_8_is_taken() {
        for good in
            ["application/json", "Application/JSON; charset=UTF-8", "application/json;charset=\"utf-8\""]
        {
            assert!(is_json(good), "{good}");
        }
        for bad in ["", "text/plain", "application/json; charset=latin1", "application/jsonx", "text/json"] {
            assert!(!is_json(bad), "{bad}");
        }
    }
}
