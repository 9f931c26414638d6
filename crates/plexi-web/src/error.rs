//! One error answer for everything: what a handler, a middleware or the framework refuses becomes an [`ApiError`],
//! and one renderer turns it into the body of `docs/API.md`, which is also RFC 9457 problem details.

use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use plexi_core::{Coded, CorrelationId, ErrorCode, FieldError};
use schemars::JsonSchema;
use serde::Serialize;

/// A refusal or failure on its way to the client. The internal text goes to the log only.
#[derive(Clone, Debug)]
pub struct ApiError(Box<Refusal>);

#[derive(Clone, Debug)]
struct Refusal {
    code: ErrorCode,
    fields: Vec<FieldError>,
    retry_after: Option<u32>,
    internal: Option<String>,
    headers: HeaderMap,
}

impl ApiError {
    /// The bare code.
    pub fn new(code: ErrorCode) -> Self {
        let headers = HeaderMap::new();
        Self(Box::new(Refusal { code, fields: Vec::new(), retry_after: None, internal: None, headers }))
    }

    /// Input that the caller can mend.
    pub fn invalid(fields: Vec<FieldError>) -> Self {
        let mut error = Self::new(ErrorCode::ValidationInvalid);
        error.0.fields = fields;
        error
    }

    /// Says what is wrong with one field.
    #[must_use]
    pub fn field(mut self, field: impl Into<String>, problem: impl Into<String>) -> Self {
        self.0.fields.push(FieldError::new(field, problem));
        self
    }

    /// Adds text for the log.
    #[must_use]
    pub fn because(mut self, internal: impl Into<String>) -> Self {
        self.0.internal = Some(internal.into());
        self
    }

    /// Asks the client to wait so many seconds.
    #[must_use]
    pub fn after(mut self, seconds: u32) -> Self {
        self.0.retry_after = Some(seconds);
        self
    }

    /// Adds a header to the answer.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.0.headers.insert(name, value);
        self
    }

    /// The code.
    pub fn code(&self) -> ErrorCode {
        self.0.code
    }

    /// What the log should know, when there is something.
    pub(crate) fn internal(&self) -> Option<&str> {
        self.0.internal.as_deref()
    }

    /// The HTTP status.
    pub fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.code().status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// Whether something is broken here. A refusal to take more, which anybody can cause by asking often, is none.
    pub(crate) fn is_fault(&self) -> bool {
        let refused = matches!(
            self.code(),
            ErrorCode::NetworkOverloaded
                | ErrorCode::NetworkShuttingDown
                | ErrorCode::NetworkTimeout
                | ErrorCode::SystemUnsupported
        );
        self.status().is_server_error() && !refused
    }

    /// The body that clients read.
    pub fn body(&self, correlation: &CorrelationId) -> ErrorBody {
        let code = self.code();
        ErrorBody {
            kind: "about:blank",
            title: code.message(),
            status: code.status(),
            error_code: code,
            http_status: code.status(),
            message: code.message(),
            details: ErrorDetails { fields: self.0.fields.clone(), remedy: code.remedy() },
            correlation_id: correlation.as_str().to_owned(),
        }
    }
}

impl<E: Coded> From<E> for ApiError {
    fn from(error: E) -> Self {
        Self(Box::new(Refusal {
            code: error.code(),
            fields: error.fields(),
            retry_after: error.retry_after(),
            internal: Some(error.to_string()),
            headers: HeaderMap::new(),
        }))
    }
}

/// Leaves the body to the one renderer ([`render`]), which knows the correlation id.
impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// The body of every error answer.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "Error", description = "The body of every error answer; valid RFC 9457 problem details.")]
pub struct ErrorBody {
    /// Always `about:blank`.
    #[serde(rename = "type")]
    kind: &'static str,
    /// What happened.
    title: &'static str,
    /// The HTTP status.
    status: u16,
    /// The code of the catalogue.
    error_code: ErrorCode,
    /// The HTTP status.
    http_status: u16,
    /// What happened.
    message: &'static str,
    /// What to do about it.
    details: ErrorDetails,
    /// Joins this answer with the server's log.
    correlation_id: String,
}

/// What the caller can mend.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ErrorDetails {
    /// What is wrong with which field.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    fields: Vec<FieldError>,
    /// What to do.
    remedy: &'static str,
}

/// The one renderer of error answers.
pub(crate) fn render(error: &ApiError, correlation: &CorrelationId) -> Response {
    let body = serde_json::to_vec(&error.body(correlation)).unwrap_or_default();
    let mut response = (error.status(), body).into_response();
    let headers = response.headers_mut();
    headers.extend(error.0.headers.clone());
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Some(seconds) = error.0.retry_after {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    if error.code().status() == 401 {
        headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"plexichat\""));
    }
    response
}

/// What a bare status of the framework means in the catalogue.
pub(crate) fn of_status(status: StatusCode) -> ApiError {
    ApiError::new(match status.as_u16() {
        401 => ErrorCode::AuthRequired,
        403 => ErrorCode::AuthForbidden,
        404 => ErrorCode::ValidationNotFound,
        405 => ErrorCode::ValidationMethod,
        408 => ErrorCode::NetworkTimeout,
        412 => ErrorCode::ValidationPrecondition,
        413 => ErrorCode::ValidationTooLarge,
        415 => ErrorCode::ValidationMediaType,
        422 => ErrorCode::ValidationInvalid,
        501 => ErrorCode::SystemUnsupported,
        503 => ErrorCode::NetworkOverloaded,
        500..=599 => ErrorCode::SystemInternal,
        _ => ErrorCode::ValidationMalformed,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_broken_is_a_fault() {
        let faults: Vec<&str> = ErrorCode::ALL
            .iter()
            .filter(|code| ApiError::new(**code).is_fault())
            .map(|code| code.as_str())
            .collect();
        assert!(faults.contains(&"SYSTEM_INTERNAL") && faults.contains(&"STORAGE_UNAVAILABLE"), "{faults:?}");
        assert!(faults.iter().all(|code| !code.starts_with("NETWORK_")), "{faults:?}");
    }

    #[test]
    fn the_internal_text_never_reaches_the_body() {
        let error: ApiError = plexi_core::StoreError::Failed("SELECT secret FROM table".into()).into();
        let correlation = CorrelationId::accept("abc").unwrap();
        let body = serde_json::to_string(&error.body(&correlation)).unwrap();
        assert!(!body.contains("SELECT"), "{body}");
        assert!(body.contains(r#""error_code":"SYSTEM_INTERNAL""#) && body.contains("req-abc"), "{body}");
        assert_eq!(error.internal(), Some("store failed: SELECT secret FROM table"));
    }
}
