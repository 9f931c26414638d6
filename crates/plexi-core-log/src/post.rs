//! Bodies handed to one address over HTTP.

use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use plexi_core::{FieldError, Secret};
use ureq::Agent;
use ureq::tls::{RootCerts, TlsConfig};

use crate::error::LogError;

/// The most that is read of an answer.
const ANSWER: u64 = 64 * 1024;

/// What a receiver said to a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Posted {
    /// It took it; the text of its answer, as far as it could be read.
    Taken(String),
    /// What is wrong with the body stays wrong, however often it is sent.
    Refused,
}

/// Posts bodies to one address. Follows no redirects, uses no proxy, checks TLS against the system's certificates, and blocks while it waits.
pub struct HttpPost {
    agent: Agent,
    address: String,
    authorization: Option<Secret<String>>,
}

impl HttpPost {
    /// To `address`, with the header `Authorization` that the file holds. One post may take as long as `within`.
    pub fn new(address: &str, authorization_file: Option<&Path>, within: Duration) -> Result<Self, LogError> {
        let tls = TlsConfig::builder()
            .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .root_certs(RootCerts::PlatformVerifier)
            .build();
        let config = Agent::config_builder()
            .timeout_global(Some(within))
            .http_status_as_error(false)
            // what is configured is where bodies go, and nowhere else
            .max_redirects(0)
            .proxy(None)
            .tls_config(tls)
            .build();
        let authorization = match authorization_file {
            Some(path) => {
                let text = fs::read_to_string(path).map_err(LogError::io("read", path))?;
                Some(Secret::new(text.trim().to_owned()))
            }
            None => None,
        };
        Ok(Self { agent: config.into(), address: address.to_owned(), authorization })
    }

    /// What is wrong with such settings, by the key `address` or `authorization_file`; empty when nothing is.
    pub fn problems(address: &str, authorized: bool) -> Vec<FieldError> {
        let problem = crate::config::url_problem(address, authorized);
        problem.map(|(key, problem)| FieldError::new(key, problem)).into_iter().collect()
    }

    /// Hands a body over. An error when it may be taken later.
    pub fn post(&self, media_type: &str, body: &[u8]) -> io::Result<Posted> {
        let mut request = self.agent.post(&self.address).content_type(media_type);
        if let Some(authorization) = &self.authorization {
            request = request.header("authorization", authorization.expose());
        }
        let mut answer = request.send(body).map_err(io::Error::other)?;
        let status = answer.status();
        match status.as_u16() {
            200..=299 => {
                // an answer that cannot be read says nothing against the body
                let text = answer.body_mut().with_config().limit(ANSWER).read_to_string();
                Ok(Posted::Taken(text.unwrap_or_default()))
            }
            400 | 413 | 415 | 422 => Ok(Posted::Refused),
            other => Err(io::Error::other(format!("the receiver answered {other}"))),
        }
    }
}
