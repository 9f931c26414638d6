//! The reference page: lists the operations of the document, in files of its own that the strict policy allows.

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, header};

const PAGE: &str = include_str!("reference/page.html");
const SCRIPT: &str = include_str!("reference/reference.js");
const STYLE: &str = include_str!("reference/reference.css");

fn file(content_type: &'static str, text: &'static str) -> Response {
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(content_type)),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
    ];
    (headers, text).into_response()
}

/// `GET /api/v1/docs`
pub(crate) async fn page() -> Response {
    file("text/html; charset=utf-8", PAGE)
}

/// `GET /api/v1/docs/reference.js`
pub(crate) async fn script() -> Response {
    file("text/javascript; charset=utf-8", SCRIPT)
}

/// `GET /api/v1/docs/reference.css`
pub(crate) async fn style() -> Response {
    file("text/css; charset=utf-8", STYLE)
}
