//! The built web client, as files that this crate is handed.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, header};
use plexi_cache::http::Etag;
use plexi_core::ErrorCode;

use crate::caching::{self, CLIENT, Kept};
use crate::error::ApiError;
use crate::state::WebState;

/// A file of the web client.
#[derive(Clone, Debug)]
pub struct UiAsset {
    /// Its content type.
    pub content_type: &'static str,
    /// What tells its content from any other, such as a hash of it.
    pub etag: String,
    /// Its name holds the hash of its content: it never changes.
    pub immutable: bool,
    /// As it is.
    pub identity: Bytes,
    /// Compressed with Brotli.
    pub brotli: Option<Bytes>,
    /// Compressed with gzip.
    pub gzip: Option<Bytes>,
}

/// The files of the web client.
pub trait UiAssets: Send + Sync + 'static {
    /// A file by its path without the leading slash: `assets/index-3f2a.js`.
    fn find(&self, path: &str) -> Option<UiAsset>;

    /// The page that the client starts from.
    fn index(&self) -> UiAsset;
}

/// Serves what no route took: a file of the client, or its page to whoever asks for a page.
pub(crate) async fn fallback(State(web): State<WebState>, request: Request<axum::body::Body>) -> Response {
    let path = request.uri().path().trim_start_matches('/');
    let reserved =
        ["api", "health", "metrics", ".well-known"].contains(&path.split('/').next().unwrap_or_default());
    let found = web.ui.as_deref().filter(|_| !reserved).and_then(|ui| {
        let wants_page = || accepts(request.headers(), "text/html").then(|| ui.index());
        if path.is_empty() { Some(ui.index()) } else { ui.find(path).or_else(wants_page) }
    });
    let Some(asset) = found else {
        return ApiError::new(ErrorCode::ValidationNotFound).into_response();
    };
    if request.method() != Method::GET && request.method() != Method::HEAD {
        let allow = HeaderValue::from_static("GET, HEAD");
        return ApiError::new(ErrorCode::ValidationMethod).header(header::ALLOW, allow).into_response();
    }
    serve(request.headers(), asset)
}

fn serve(request: &HeaderMap, asset: UiAsset) -> Response {
    let kept = if asset.immutable { Kept::ForEver(CLIENT) } else { Kept::Shared(CLIENT) };
    let (body, encoding) = match (asset.brotli, asset.gzip) {
        (Some(brotli), _) if encoding_allowed(request, "br") => (brotli, Some("br")),
        (_, Some(gzip)) if encoding_allowed(request, "gzip") => (gzip, Some("gzip")),
        _ => (asset.identity, None),
    };
    // The tag of an encoding differs from that of the plain file, as strong tags must.
    let tag = Etag::of_parts(&[asset.etag.as_bytes(), encoding.unwrap_or_default().as_bytes()]);
    let fresh = caching::is_known(request, &tag);
    let mut response =
        if fresh { StatusCode::NOT_MODIFIED.into_response() } else { (StatusCode::OK, body).into_response() };
    let headers = response.headers_mut();
    headers.remove(header::CONTENT_TYPE);
    if !fresh {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(asset.content_type));
        if let Some(encoding) = encoding {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
        }
    }
    caching::describe(kept, &tag, headers);
    response
}

/// Whether the client names a media type itself; `*/*` of scripts does not count.
fn accepts(headers: &HeaderMap, media_type: &str) -> bool {
    let lists = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    lists.flat_map(|list| list.split(',')).any(|one| {
        let name = one.split(';').next().unwrap_or_default().trim();
        name.eq_ignore_ascii_case(media_type) && !refused(one)
    })
}

fn encoding_allowed(headers: &HeaderMap, encoding: &str) -> bool {
    let lists = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    lists.flat_map(|list| list.split(',')).any(|one| {
        let name = one.split(';').next().unwrap_or_default().trim();
        name.eq_ignore_ascii_case(encoding) && !refused(one)
    })
}

/// `;q=0`
fn refused(entry: &str) -> bool {
    let weight = entry.split(';').skip(1).find_map(|p| p.trim().strip_prefix("q="));
    weight.is_some_and(|weight| weight.trim().parse::<f32>().is_ok_and(|weight| weight <= 0.0))
}
