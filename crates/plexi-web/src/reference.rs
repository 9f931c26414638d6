//! The reference page: lists the operations of the document, in files of its own that the strict policy allows.

use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use plexi_cache::http::Etag;

use crate::caching::{self, DOCUMENTS, Kept};

const PAGE: &str = include_str!("reference/page.html");
const SCRIPT: &str = include_str!("reference/reference.js");
const STYLE: &str = include_str!("reference/reference.css");

fn file(request: &HeaderMap, content_type: &'static str, text: &'static str) -> Response {
    let tag = Etag::of(text.as_bytes());
    let mut response = if caching::is_known(request, &tag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        ([(header::CONTENT_TYPE, HeaderValue::from_static(content_type))], text).into_response()
    };
    caching::describe(Kept::Shared(DOCUMENTS), &tag, response.headers_mut());
    response
}

/// `GET /api/v1/docs`
pub(crate) async fn page(headers: HeaderMap) -> Response {
    file(&headers, "text/html; charset=utf-8", PAGE)
}

/// `GET /api/v1/docs/reference.js`
pub(crate) async fn script(headers: HeaderMap) -> Response {
    file(&headers, "text/javascript; charset=utf-8", SCRIPT)
}

/// `GET /api/v1/docs/reference.css`
pub(crate) async fn style(headers: HeaderMap) -> Response {
    file(&headers, "text/css; charset=utf-8", STYLE)
}
