//! A request whose body was not read to its end, because it was refused before: on HTTP/1 what is left of the body stands where the
//! next request would.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use axum::middleware::Next;
use axum::response::Response;
use bytes::Bytes;
use http::{HeaderValue, Request, Version, header};
use http_body_util::BodyExt as _;

/// Of what was not read, so many bytes are passed over to keep the connection.
const PASSED_OVER: usize = 64 * 1_024;
/// They get so long to come.
const WITHIN: Duration = Duration::from_secs(1);

/// Passes over what is left of a short body, and says `Connection: close` when the body is long or slow.
pub(crate) async fn close(request: Request<Body>, next: Next) -> Response {
    let own_framing = request.version() > Version::HTTP_11;
    if own_framing || http_body::Body::is_end_stream(request.body()) {
        return next.run(request).await;
    }
    // a client that waits to be told to go on must not be told so now
    let asks_first = request.headers().contains_key(header::EXPECT);
    let left = Arc::new(Mutex::new(Left::Unknown));
    let request = request.map(|body| Body::new(Watched { body: Some(body), left: Arc::clone(&left) }));
    let mut response = next.run(request).await;
    let left = std::mem::replace(&mut *left.lock().unwrap_or_else(PoisonError::into_inner), Left::Unknown);
    let at_its_end = match left {
        Left::Nothing => true,
        Left::Body(body) if !asks_first => {
            tokio::time::timeout(WITHIN, passed_over(body)).await.unwrap_or(false)
        }
        Left::Body(_) | Left::Unknown => false,
    };
    if !at_its_end {
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

/// Reads to the end; false when that is too far away.
async fn passed_over(mut body: Body) -> bool {
    let mut read = 0_usize;
    while let Some(frame) = body.frame().await {
        let Ok(frame) = frame else { return false };
        read = read.saturating_add(frame.data_ref().map_or(0, Bytes::len));
        if read > PASSED_OVER {
            return false;
        }
    }
    true
}

/// What the handlers left of a body.
enum Left {
    /// It failed, or somebody still has it.
    Unknown,
    /// It was read to its end.
    Nothing,
    /// This.
    Body(Body),
}

/// A body that says, when it is dropped, what is left of it.
struct Watched {
    body: Option<Body>,
    left: Arc<Mutex<Left>>,
}

impl Watched {
    fn tell(&self, left: Left) {
        *self.left.lock().unwrap_or_else(PoisonError::into_inner) = left;
    }
}

impl http_body::Body for Watched {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Bytes>, axum::Error>>> {
        let Some(body) = &mut self.body else { return Poll::Ready(None) };
        let polled = Pin::new(&mut *body).poll_frame(cx);
        match &polled {
            Poll::Ready(None) => {
                self.body = None;
                self.tell(Left::Nothing);
            }
            Poll::Ready(Some(Err(_))) => self.body = None,
            Poll::Ready(Some(Ok(_))) | Poll::Pending => {}
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(http_body::Body::is_end_stream)
    }

    fn size_hint(&self) -> http_body::SizeHint {
        self.body.as_ref().map_or_else(http_body::SizeHint::default, http_body::Body::size_hint)
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        if let Some(body) = self.body.take() {
            let ended = http_body::Body::is_end_stream(&body);
            self.tell(if ended { Left::Nothing } else { Left::Body(body) });
        }
    }
}
