//! What a handler gives back. The type says which statuses and which schema, so the OpenAPI document cannot differ.

use axum::Extension;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use plexi_messaging::model::Message;
use schemars::{JsonSchema, SchemaGenerator};
use serde::Serialize;

use crate::caching::{self, Kept};
use crate::idempotency::Shown;
use crate::operations::AnswerDoc;

/// An answer of a handler.
pub(crate) trait Answer: Send + 'static {
    /// How the OpenAPI document describes it.
    const DOC: AnswerDoc;

    /// Writes it.
    fn render(self) -> Response;
}

/// 200 with a JSON body.
pub(crate) struct Found<T>(pub T);

/// 201 with a JSON body.
pub(crate) struct Created<T>(pub T);

/// A message: 201 when it was posted now, 200 when it was there. Under the request's key is kept which one it is and not what it
/// says, so that a deleted text is not kept there.
pub(crate) struct Posted {
    pub message: Message,
    pub fresh: bool,
}

/// 204.
pub(crate) struct Done;

/// 200 with a JSON document that is written already, and the same for everybody.
pub(crate) struct Document(pub bytes::Bytes);

/// 200 with a piece of a file.
pub(crate) struct Octets(pub bytes::Bytes);

/// 200 with an archive that is to be saved under a name.
pub(crate) struct Archive {
    pub name: &'static str,
    pub bytes: bytes::Bytes,
}

/// An answer that sets or clears a cookie.
pub(crate) struct WithCookie<A> {
    pub answer: A,
    pub cookie: Option<HeaderValue>,
}

pub(crate) fn json(status: StatusCode, body: &impl Serialize) -> Response {
    match serde_json::to_vec(body) {
        Ok(body) => (status, [(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))], body)
            .into_response(),
        Err(error) => crate::error::ApiError::new(plexi_core::ErrorCode::SystemInternal)
            .because(error.to_string())
            .into_response(),
    }
}

const fn doc<T: JsonSchema>(statuses: &'static [u16]) -> AnswerDoc {
    AnswerDoc { statuses, media_type: "application/json", schema: Some(SchemaGenerator::subschema_for::<T>) }
}

impl<T: Serialize + JsonSchema + Send + 'static> Answer for Found<T> {
    const DOC: AnswerDoc = doc::<T>(&[200]);

    fn render(self) -> Response {
        json(StatusCode::OK, &self.0)
    }
}

impl<T: Serialize + JsonSchema + Send + 'static> Answer for Created<T> {
    const DOC: AnswerDoc = doc::<T>(&[201]);

    fn render(self) -> Response {
        json(StatusCode::CREATED, &self.0)
    }
}

impl Answer for Posted {
    const DOC: AnswerDoc = doc::<Message>(&[200, 201]);

    fn render(self) -> Response {
        let mut response = json(if self.fresh { StatusCode::CREATED } else { StatusCode::OK }, &self.message);
        response.extensions_mut().insert(Shown(self.message.id));
        response
    }
}

impl Answer for Done {
    const DOC: AnswerDoc = AnswerDoc { statuses: &[204], media_type: "application/json", schema: None };

    fn render(self) -> Response {
        StatusCode::NO_CONTENT.into_response()
    }
}

impl Answer for Document {
    const DOC: AnswerDoc = AnswerDoc {
        statuses: &[200],
        media_type: "application/json",
        schema: Some(SchemaGenerator::subschema_for::<serde_json::Map<String, serde_json::Value>>),
    };

    fn render(self) -> Response {
        let kept = Extension(Kept::Shared(caching::DOCUMENTS));
        let media_type = HeaderValue::from_static("application/json");
        (kept, [(header::CONTENT_TYPE, media_type)], self.0).into_response()
    }
}

impl Answer for Octets {
    const DOC: AnswerDoc = AnswerDoc {
        statuses: &[200],
        media_type: "application/octet-stream",
        schema: Some(|_| schemars::json_schema!({"type": "string", "format": "binary"})),
    };

    fn render(self) -> Response {
        let media_type = HeaderValue::from_static("application/octet-stream");
        (Extension(Kept::ByNobody), [(header::CONTENT_TYPE, media_type)], self.0).into_response()
    }
}

impl Answer for Archive {
    const DOC: AnswerDoc = AnswerDoc {
        statuses: &[200],
        media_type: "application/zip",
        schema: Some(|_| schemars::json_schema!({"type": "string", "format": "binary"})),
    };

    fn render(self) -> Response {
        let mut response = self.bytes.into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/zip"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Ok(saved) = HeaderValue::from_str(&format!("attachment; filename=\"{}\"", self.name)) {
            headers.insert(header::CONTENT_DISPOSITION, saved);
        }
        response
    }
}

impl<A: Answer> Answer for WithCookie<A> {
    const DOC: AnswerDoc = A::DOC;

    fn render(self) -> Response {
        let mut response = self.answer.render();
        if let Some(cookie) = self.cookie {
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
        response
    }
}
