//! The API of a running server, as a script would use it.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use plexi_core::{Clock as _, Entropy as _, FieldError, Secret, SystemClock, SystemEntropy, Timestamp};
use reqwest::{Method, RequestBuilder, StatusCode, Url};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::args::Global;
use crate::credentials::{Credentials, Kept};
use crate::exit::{CliError, Exit};

/// The largest page of a list.
const PAGE: &str = "200";

/// A running server.
pub(crate) struct Remote {
    http: reqwest::Client,
    base: Url,
    token: Mutex<Option<Secret<String>>>,
    /// Whose tokens these are, when they are those that `plexi sign-in` keeps: they are renewed when they run out.
    kept: Option<Keeper>,
}

/// Where tokens are kept.
struct Keeper(Option<PathBuf>);

/// The tokens of a session.
#[derive(serde::Deserialize)]
struct Tokens {
    access_token: String,
    expires_at: Timestamp,
    refresh_token: String,
}

/// A page of a list.
#[derive(serde::Deserialize)]
struct Page<T> {
    items: Vec<T>,
    #[serde(default)]
    next: Option<String>,
}

impl Remote {
    /// The server at `address`, without signing in.
    pub(crate) fn anonymous(address: &str) -> Result<Self, CliError> {
        let base =
            Url::parse(address).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
        let base = base.ok_or_else(|| {
            CliError::usage(format!("{address} is no address of a server"))
                .remedy("Give one such as https://chat.example.org.")
        })?;
        // Its TLS is ring's. An error says that this is so already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder()
            .user_agent(concat!("plexi/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(Duration::from_secs(10))
            .timeout(Duration::from_mins(1))
            .build()
            .map_err(|error| CliError::failure(format!("the HTTP client could not start: {error}")))?;
        Ok(Self { http, base, token: Mutex::default(), kept: None })
    }

    /// The server of `--server`, signed in by the given token or by the kept ones.
    pub(crate) async fn signed_in(address: &str, global: &Global) -> Result<Self, CliError> {
        let mut remote = Self::anonymous(address)?;
        if let Some(token) = &global.token {
            remote.use_token(token.clone());
            return Ok(remote);
        }
        let mut credentials = Credentials::open(global.credentials.clone())?;
        let key = remote.key();
        let Some(kept) = credentials.get(&key).cloned() else {
            return Err(CliError::new(Exit::Refused, format!("you are not signed in to {key}"))
                .remedy(format!("Run `plexi sign-in --server {key}`, or set PLEXICHAT_TOKEN.")));
        };
        let token = remote.token_of(&mut credentials, kept, false).await?;
        remote.use_token(token);
        remote.kept = Some(Keeper(global.credentials.clone()));
        Ok(remote)
    }

    fn use_token(&self, token: String) {
        *self.token.lock().unwrap_or_else(PoisonError::into_inner) = Some(Secret::new(token));
    }

    fn token(&self) -> Option<Secret<String>> {
        self.token.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The kept token, or a new one when it was refused or is about to expire.
    async fn token_of(
        &self,
        credentials: &mut Credentials,
        kept: Kept,
        is_refused: bool,
    ) -> Result<String, CliError> {
        if is_refused || kept.expires_at <= SystemClock.now().plus(Duration::from_secs(30)) {
            self.refresh(credentials, kept).await
        } else {
            Ok(kept.access_token)
        }
    }

    /// New tokens for kept ones, which are kept instead. Those that the server refuses are forgotten.
    async fn refresh(&self, credentials: &mut Credentials, kept: Kept) -> Result<String, CliError> {
        let key = self.key();
        let request = self.http.post(format!("{key}/api/v1/auth/refresh"));
        let request = request.json(&json!({ "refresh_token": kept.refresh_token }));
        let tokens: Tokens = match self.once(request, None).await {
            Ok(answer) => serde_json::from_slice(&answer)?,
            Err(error) if error.exit == Exit::Refused => {
                credentials.set(&key, None)?;
                return Err(error.remedy(format!("Run `plexi sign-in --server {key}` again.")));
            }
            Err(error) => return Err(error),
        };
        let access = tokens.access_token.clone();
        credentials.set(&key, Some(tokens.keep(kept.name)))?;
        Ok(access)
    }

    /// Takes another token than the `refused` one: that which another run of `plexi` got meanwhile, or a new one. `false` when there is none
    /// to be had.
    async fn renew(&self, refused: Option<&Secret<String>>) -> Result<bool, CliError> {
        let Some(Keeper(path)) = &self.kept else { return Ok(false) };
        let mut credentials = Credentials::open(path.clone())?;
        let Some(kept) = credentials.get(&self.key()).cloned() else { return Ok(false) };
        let is_refused = refused.is_some_and(|refused| *refused.expose() == kept.access_token);
        let token = self.token_of(&mut credentials, kept, is_refused).await?;
        self.use_token(token);
        Ok(true)
    }

    /// Signs in and keeps the tokens.
    pub(crate) async fn sign_in(
        &mut self,
        name: &str,
        password: &Secret<String>,
        global: &Global,
    ) -> Result<Value, CliError> {
        let body =
            json!({ "name": name, "password": password.expose(), "transport": "token", "device": "plexi" });
        let answer: Value = self.call(Method::POST, "auth/sign-in", &[], Some(&body)).await?;
        self.keep(&answer, global)
    }

    /// Keeps the tokens of an answer that signed in, and returns its user.
    pub(crate) fn keep(&mut self, answer: &Value, global: &Global) -> Result<Value, CliError> {
        let tokens: Tokens = serde_json::from_value(answer.clone())?;
        let user = answer.get("user").cloned().unwrap_or_default();
        let name = user.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
        self.use_token(tokens.access_token.clone());
        Credentials::open(global.credentials.clone())?.set(&self.key(), Some(tokens.keep(name)))?;
        Ok(user)
    }

    /// Ends the session and forgets its tokens, also when the server does not know it any more.
    pub(crate) async fn sign_out(&self, global: &Global) -> Result<(), CliError> {
        let ended = self.send(Method::POST, "auth/sign-out", &[], None).await;
        Credentials::open(global.credentials.clone())?.set(&self.key(), None)?;
        match ended {
            Ok(_) => Ok(()),
            Err(error) if error.exit == Exit::Refused => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// The address as it is kept and shown.
    pub(crate) fn key(&self) -> String {
        self.base.as_str().trim_end_matches('/').to_owned()
    }

    /// Whether what is sent can be read on the way.
    pub(crate) fn in_the_clear(&self) -> bool {
        let host = self.base.host_str().unwrap_or_default().trim_matches(['[', ']']);
        let here = host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback());
        self.base.scheme() == "http" && !here
    }

    /// `GET` of one object.
    pub(crate) async fn get<T: DeserializeOwned>(
        &self,
        path: &str,
        query: &[(&str, &str)],
    ) -> Result<T, CliError> {
        self.call(Method::GET, path, query, None).await
    }

    /// `GET` of a list, page by page, at most `limit` entries.
    pub(crate) async fn list<T: DeserializeOwned>(
        &self,
        path: &str,
        query: &[(&str, &str)],
        limit: usize,
    ) -> Result<Vec<T>, CliError> {
        let mut found = Vec::new();
        let mut cursor: Option<String> = None;
        loop {
            let mut query = query.to_vec();
            query.push(("limit", PAGE));
            if let Some(cursor) = &cursor {
                query.push(("cursor", cursor));
            }
            let page: Page<T> = self.get(path, &query).await?;
            let empty = page.items.is_empty();
            found.extend(page.items);
            cursor = page.next;
            if empty || cursor.is_none() || found.len() >= limit {
                found.truncate(limit);
                return Ok(found);
            }
        }
    }

    /// A list that comes whole.
    pub(crate) async fn all<T: DeserializeOwned>(
        &self,
        path: &str,
        query: &[(&str, &str)],
    ) -> Result<Vec<T>, CliError> {
        let page: Page<T> = self.get(path, query).await?;
        Ok(page.items)
    }

    /// A request with a body that answers an object.
    pub(crate) async fn change<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T, CliError> {
        self.call(method, path, &[], Some(&serde_json::to_value(body)?)).await
    }

    /// `POST` of what is answered by nothing.
    pub(crate) async fn order(&self, path: &str, body: &impl Serialize) -> Result<(), CliError> {
        self.send(Method::POST, path, &[], Some(&serde_json::to_value(body)?)).await.map(drop)
    }

    /// `DELETE`.
    pub(crate) async fn delete(&self, path: &str) -> Result<(), CliError> {
        self.send(Method::DELETE, path, &[], None).await.map(drop)
    }

    /// Brings a piece of a file.
    pub(crate) async fn put_octets(&self, path: &str, offset: u64, piece: Vec<u8>) -> Result<(), CliError> {
        let request = self.octets(Method::PUT, path, offset);
        let request = request.header("Content-Type", "application/octet-stream").body(piece);
        self.answer(request).await.map(drop)
    }

    /// Takes a piece of a file.
    pub(crate) async fn get_octets(&self, path: &str, offset: u64) -> Result<Vec<u8>, CliError> {
        self.answer(self.octets(Method::GET, path, offset)).await
    }

    /// What is answered, byte for byte.
    pub(crate) async fn get_bytes(&self, path: &str) -> Result<Vec<u8>, CliError> {
        self.send(Method::GET, path, &[], None).await
    }

    fn octets(&self, method: Method, path: &str, offset: u64) -> RequestBuilder {
        let address = format!("{}/api/v1/{path}", self.key());
        self.http.request(method, address).query(&[("offset", offset)])
    }

    /// Whether the server is ready, and its report.
    pub(crate) async fn ready(&self) -> Result<(bool, Value), CliError> {
        let unreachable = |error: reqwest::Error| self.unreachable(&error);
        let answer =
            self.http.get(format!("{}/health/ready", self.key())).send().await.map_err(unreachable)?;
        let ready = answer.status().is_success();
        let body = answer.bytes().await.map_err(unreachable)?;
        Ok((ready, serde_json::from_slice(&body).unwrap_or_default()))
    }

    fn unreachable(&self, error: &reqwest::Error) -> CliError {
        CliError::new(Exit::Unavailable, format!("{} cannot be reached: {}", self.key(), root_cause(error)))
            .remedy("Check the address, and that the server is running.")
    }

    async fn call<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        query: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Result<T, CliError> {
        let bytes = self.send(method, path, query, body).await?;
        serde_json::from_slice(&bytes).map_err(|error| {
            CliError::failure(format!("the answer of {} is not understood: {error}", self.key()))
                .remedy("Use a plexi of the same version as the server.")
        })
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        query: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Result<Vec<u8>, CliError> {
        let address = format!("{}/api/v1/{path}", self.key());
        let mut request = self.http.request(method.clone(), address).query(query);
        if method == Method::POST {
            request = request.header("Idempotency-Key", idempotency_key()?);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        self.answer(request).await
    }

    /// The answer to a request. A token that has run out, or counts no more, is renewed once: a command may take hours, and the server may
    /// have changed its key.
    async fn answer(&self, request: RequestBuilder) -> Result<Vec<u8>, CliError> {
        let (again, token) = (request.try_clone(), self.token());
        match (self.once(request, token.as_ref()).await, again) {
            (Err(error), Some(again)) if is_outdated(&error) => {
                if !self.renew(token.as_ref()).await? {
                    return Err(error);
                }
                self.once(again, self.token().as_ref()).await
            }
            (answer, _) => answer,
        }
    }

    async fn once(
        &self,
        mut request: RequestBuilder,
        token: Option<&Secret<String>>,
    ) -> Result<Vec<u8>, CliError> {
        if let Some(token) = token {
            request = request.bearer_auth(token.expose());
        }
        let unreachable = |error: reqwest::Error| self.unreachable(&error);
        let answer = request.send().await.map_err(unreachable)?;
        let status = answer.status();
        let body = answer.bytes().await.map_err(unreachable)?;
        if status.is_success() { Ok(body.to_vec()) } else { Err(refusal(status, &body)) }
    }
}

impl Tokens {
    fn keep(self, name: String) -> Kept {
        Kept {
            name,
            access_token: self.access_token,
            expires_at: self.expires_at,
            refresh_token: self.refresh_token,
        }
    }
}

/// Whether another token may help.
fn is_outdated(error: &CliError) -> bool {
    matches!(error.code.as_deref(), Some("AUTH_TOKEN_EXPIRED" | "AUTH_TOKEN_INVALID"))
}

/// The error object of the API as an error of ours.
fn refusal(status: StatusCode, body: &[u8]) -> CliError {
    let told: Value = serde_json::from_slice(body).unwrap_or_default();
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let message = text(&told["message"]).unwrap_or_else(|| format!("the server answered {status}"));
    let mut error = CliError::new(Exit::of_status(status.as_u16()), message);
    error.code = text(&told["error_code"]).map(Into::into);
    // the fields are printed below it: in a terminal there are no `details` to see
    error.remedy = text(&told["details"]["remedy"]).filter(|remedy| !remedy.contains("`details`"));
    error.correlation_id = text(&told["correlation_id"]).map(Into::into);
    error.fields =
        serde_json::from_value::<Vec<FieldError>>(told["details"]["fields"].clone()).unwrap_or_default();
    error
}

/// A name as one part of a path; those that would be more than one are no names.
pub(crate) fn segment(name: &str) -> Result<&str, CliError> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    if !name.is_empty() && name.bytes().all(plain) && !name.starts_with('.') {
        Ok(name)
    } else {
        Err(CliError::usage(format!("{name} is no name")))
    }
}

fn root_cause(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}

fn idempotency_key() -> Result<String, CliError> {
    use std::fmt::Write as _;
    let mut bytes = [0_u8; 16];
    SystemEntropy::new().fill(&mut bytes)?;
    Ok(bytes.iter().fold(String::new(), |mut text, byte| {
        // infallible: writing to a String
        let _ = write!(text, "{byte:02x}");
        text
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_of_the_api_keeps_its_code_remedy_fields_and_correlation() {
        let body = br#"{"error_code":"VALIDATION_INVALID","message":"Something is not valid.","details":{"remedy":"See `details` for each field.",
            "fields":[{"field":"name","problem":"is empty"}]},"correlation_id":"req-1"}"#;
        let error = refusal(StatusCode::UNPROCESSABLE_ENTITY, body);
        assert_eq!((error.exit, error.code.as_deref()), (Exit::Failure, Some("VALIDATION_INVALID")));
        assert_eq!(error.fields, [FieldError::new("name", "is empty")]);
        assert_eq!(error.remedy, None, "the fields are printed, there is nothing else to see");
        assert_eq!(error.correlation_id.as_deref(), Some("req-1"));
        assert_eq!(refusal(StatusCode::BAD_GATEWAY, b"<html>").exit, Exit::Unavailable);
    }

    #[test]
    fn only_web_addresses_are_servers() {
        for bad in ["chat.example.org", "ftp://chat.example.org", ""] {
            assert!(Remote::anonymous(bad).is_err(), "{bad}");
        }
        assert_eq!(Remote::anonymous("https://chat.example.org/").unwrap().key(), "https://chat.example.org");
    }
}
