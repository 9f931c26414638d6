//! Who asks: a bearer token or the session cookie.

use http::{HeaderMap, header};
use plexi_auth::{AuthError, Caller, Purpose};
use plexi_core::ErrorCode;

use crate::error::ApiError;
use crate::state::WebState;

/// The session cookie's name. The prefix makes browsers insist on `Secure`, `Path=/` and no `Domain`.
pub const COOKIE: &str = "__Host-plexi_session";

/// No proof of ours is longer, in bytes.
const MAX_PROOF: usize = 4_096;

/// A proof that came with a request.
pub(crate) enum Proof<'a> {
    /// `Authorization: Bearer`.
    Bearer(&'a str),
    /// The session cookie.
    Cookie(&'a str),
    /// An `Authorization` header that is no bearer token.
    Unreadable,
}

/// The proof of a request; a header wins over the cookie and is never overruled by it.
pub(crate) fn proof(headers: &HeaderMap) -> Option<Proof<'_>> {
    if let Some(value) = headers.get(header::AUTHORIZATION) {
        let token = value.to_str().ok().and_then(|text| text.split_once(' '));
        return Some(match token {
            Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => Proof::Bearer(token.trim()),
            _ => Proof::Unreadable,
        });
    }
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    cookies
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(name, value)| *name == COOKIE && !value.is_empty())
        .map(|(_, value)| Proof::Cookie(value))
}

/// The caller behind a proof. A token may be narrowed to some purposes by its holder.
pub(crate) async fn caller(
    web: &WebState,
    proof: Option<Proof<'_>>,
    purpose: Purpose,
) -> Result<Caller, ApiError> {
    match proof {
        None => Err(AuthError::Required.into()),
        Some(Proof::Bearer(token)) if token.len() <= MAX_PROOF => {
            Ok(web.auth.authenticate_bearer_for(token, purpose).await?)
        }
        Some(Proof::Cookie(cookie)) if cookie.len() <= MAX_PROOF => {
            Ok(web.auth.authenticate_cookie(cookie).await?)
        }
        Some(_) => Err(ApiError::new(ErrorCode::AuthTokenInvalid)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    #[test]
    fn the_cookie_is_found_among_others_and_loses_to_a_header() {
        let mut headers = HeaderMap::new();
        headers.insert(header::COOKIE, HeaderValue::from_static("a=b; __Host-plexi_session=xyz; c=d"));
        assert!(matches!(proof(&headers), Some(Proof::Cookie("xyz"))));
        headers.insert(header::AUTHORIZATION, HeaderValue::from_static("bearer  tok"));
        assert!(matches!(proof(&headers), Some(Proof::Bearer("tok"))));
        headers.insert(header::AUTHORIZATION, HeaderValue::from_static("Basic abc"));
        assert!(matches!(proof(&headers), Some(Proof::Unreadable)));
    }
}
