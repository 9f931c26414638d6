//! Redis as the remote store and as the bus of invalidations; feature `redis`.
//!
//! [`Redis::run`] keeps the connections; without it, and while they are not there, every question fails at once, and the cache goes on alone.
//! Redis is trusted with nothing: it sees HMACs for names, sealed records and sealed messages, and what it answers is opened before it is believed.
//!
//! ```no_run
//! use std::sync::Arc;
//! use plexi_cache::redis::{Redis, RedisOptions};
//! use plexi_cache::{Cache, CacheConfig, CacheParts, Keyring};
//! use plexi_core::{Secret, SystemClock, SystemEntropy};
//! use tokio_util::sync::CancellationToken;
//!
//! # async fn start(master: Secret<[u8; 32]>) -> Result<(), Box<dyn std::error::Error>> {
//! let redis = Redis::new(RedisOptions::new("rediss://user:password@cache.example.org/".to_owned().into()))?;
//! let keys = Arc::new(Keyring::new(master)); // the same on all nodes
//! let parts = CacheParts {
//!     bus: Some(Arc::new(redis.clone())),
//!     remote: Some(Arc::new(redis.clone())),
//!     ..CacheParts::local(CacheConfig::default(), Arc::new(SystemClock), keys)
//! };
//! let cache = Cache::new(parts, &SystemEntropy::new())?;
//! redis.run(CancellationToken::new()).await; // beside everything else, for as long as the cache is used
//! # drop(cache);
//! # Ok(())
//! # }
//! ```

mod keeper;

use std::sync::{Arc, Weak};
use std::time::Duration;

use ::redis::aio::MultiplexedConnection;
use ::redis::{Client, RedisError, Script, TlsCertificates};
use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use plexi_core::Secret;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::bus::{BusError, InvalidationBus, Listener, LocalBus};
use crate::remote::{Held, LONGEST_RECORD, Name, Remote, RemoteError, Write};

/// How long fences are kept.
const FENCE: Duration = Duration::from_mins(10);
/// How long counters are kept after they were last raised; longer than any record.
const COUNTER: Duration = Duration::from_hours(24 * 400);
/// How long records are kept at most.
const LONGEST_KEPT: Duration = Duration::from_hours(24 * 365);

/// Stores a record unless the fence moved on, or moves it on.
const WRITE: &str = "
if ARGV[1] ~= '' then
  if (redis.call('GET', KEYS[2]) or '0') ~= ARGV[1] then return 0 end
else
  local time = redis.call('TIME')
  local now = math.max((tonumber(redis.call('GET', KEYS[2]) or '0') or 0) + 1, time[1] * 1000000 + time[2])
  redis.call('SET', KEYS[2], string.format('%.0f', now), 'PX', ARGV[4])
end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return 1";
/// Removes a record and moves its fence on: to the time, so that one that was forgotten never stands where it stood before.
const REMOVE: &str = "
local time = redis.call('TIME')
local now = math.max((tonumber(redis.call('GET', KEYS[2]) or '0') or 0) + 1, time[1] * 1000000 + time[2])
redis.call('SET', KEYS[2], string.format('%.0f', now), 'PX', ARGV[1])
redis.call('DEL', KEYS[1])
return 1";
/// Raises a counter above itself and above a number.
const RAISE: &str = "
local now = math.max(tonumber(redis.call('GET', KEYS[1]) or '0') or 0, tonumber(ARGV[1])) + 1
redis.call('SET', KEYS[1], string.format('%.0f', now), 'PX', ARGV[2])
return now";

/// Where Redis is.
pub struct RedisOptions {
    /// `redis://` or, with TLS, `rediss://`, with name and password where there are any.
    pub url: Secret<String>,
    /// The certificate authority of the server in PEM, when it is none that the system knows.
    pub authority: Option<Vec<u8>>,
    /// What the names of all records begin with.
    pub prefix: String,
}

impl RedisOptions {
    /// Redis at `url`, by the authorities that the system knows.
    pub fn new(url: Secret<String>) -> Self {
        Self { url, authority: None, prefix: "plexi-cache".to_owned() }
    }
}

/// The address of Redis, or its certificate authority, makes no sense.
#[derive(Clone, Debug, thiserror::Error)]
#[error("the address of Redis or its certificate authority makes no sense")]
pub struct RedisOptionsError;

/// A Redis server. Cheap to clone; all clones share their connections.
#[derive(Clone)]
pub struct Redis(Arc<Parts>);

struct Parts {
    client: Client,
    prefix: String,
    connection: watch::Sender<Option<MultiplexedConnection>>,
    listeners: LocalBus,
    write: Script,
    remove: Script,
    raise: Script,
}

impl Redis {
    /// A Redis server that is not connected yet.
    pub fn new(options: RedisOptions) -> Result<Self, RedisOptionsError> {
        let url = options.url.expose().as_str();
        // TLS needs one provider of cryptography in the process. An error says that it has one already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = match options.authority {
            Some(pem) => {
                Client::build_with_tls(url, TlsCertificates { client_tls: None, root_cert: Some(pem) })
            }
            None => Client::open(url),
        };
        Ok(Self(Arc::new(Parts {
            // Its own words may hold the password.
            client: client.map_err(|_| RedisOptionsError)?,
            prefix: options.prefix,
            connection: watch::Sender::new(None),
            listeners: LocalBus::new(),
            write: Script::new(WRITE),
            remove: Script::new(REMOVE),
            raise: Script::new(RAISE),
        })))
    }

    /// Keeps the connections until told to stop: one for questions, one on which invalidations are heard. After a loss all listeners
    /// are told that they may have missed some.
    pub async fn run(&self, stop: CancellationToken) {
        stop.run_until_cancelled(keeper::keep(&self.0)).await;
        self.0.connection.send_replace(None);
    }

    /// Whether it is connected.
    pub fn is_connected(&self) -> bool {
        self.0.connection.borrow().is_some()
    }

    /// Waits until it is connected.
    pub async fn connected(&self) {
        // infallible: the sender lives as long as this
        let _ = self.0.connection.subscribe().wait_for(Option::is_some).await;
    }
}

impl Parts {
    fn connection(&self) -> Result<MultiplexedConnection, RemoteError> {
        let connection = self.connection.borrow().clone();
        connection.ok_or_else(|| RemoteError::Away("not connected".to_owned()))
    }

    /// What went wrong; when the connection is gone, another is made.
    fn failure(&self, error: RedisError) -> RemoteError {
        if error.is_unrecoverable_error() {
            self.connection.send_replace(None);
        }
        // The words of the server itself stay out of the log: they may hold anything.
        let category = error.category().to_owned();
        let unread =
            matches!(error.kind(), ::redis::ErrorKind::UnexpectedReturnType | ::redis::ErrorKind::Parse);
        let refused = error.into_server_errors();
        let other_type = |errors: Arc<[(usize, ::redis::ServerError)]>| {
            errors.iter().any(|(_, error)| error.code() == "WRONGTYPE")
        };
        if unread || refused.is_some_and(other_type) {
            RemoteError::Nonsense(category)
        } else {
            RemoteError::Away(category)
        }
    }

    fn record(&self, name: &Name) -> String {
        self.key(name, 'v')
    }

    fn fence(&self, name: &Name) -> String {
        self.key(name, 'f')
    }

    fn counter(&self, name: &Name) -> String {
        self.key(name, 'c')
    }

    /// The braces keep record and fence on one node of a Redis cluster.
    fn key(&self, name: &Name, kind: char) -> String {
        format!("{}:{{{}}}:{kind}", self.prefix, URL_SAFE_NO_PAD.encode(name))
    }

    fn channel(&self) -> String {
        format!("{}:forget", self.prefix)
    }
}

#[async_trait]
impl Remote for Redis {
    async fn read(&self, name: &Name, counters: &[Name]) -> Result<Held, RemoteError> {
        let parts = &self.0;
        let mut connection = parts.connection()?;
        let mut pipe = ::redis::pipe();
        // A bounded part of it: whatever somebody put there, no more than this comes over the wire.
        pipe.cmd("GETRANGE").arg(parts.record(name)).arg(0).arg(LONGEST_RECORD - 1);
        pipe.cmd("GET").arg(parts.fence(name));
        for counter in counters {
            pipe.cmd("GET").arg(parts.counter(counter));
        }
        let mut answers: Vec<Option<Vec<u8>>> =
            pipe.query_async(&mut connection).await.map_err(|error| parts.failure(error))?;
        if answers.len() != counters.len() + 2 {
            return Err(RemoteError::Nonsense("another number of answers".to_owned()));
        }
        let counters = answers.split_off(2).into_iter().map(number).collect::<Result<_, _>>()?;
        let fence = number(answers.pop().flatten())?;
        let record = answers.pop().flatten().filter(|record| !record.is_empty());
        Ok(Held { record, fence, counters })
    }

    async fn counters(&self, names: &[Name]) -> Result<Vec<u64>, RemoteError> {
        let parts = &self.0;
        let mut connection = parts.connection()?;
        let mut pipe = ::redis::pipe();
        for name in names {
            pipe.cmd("GET").arg(parts.counter(name));
        }
        let answers: Vec<Option<Vec<u8>>> =
            pipe.query_async(&mut connection).await.map_err(|error| parts.failure(error))?;
        answers.into_iter().map(number).collect()
    }

    async fn write(&self, write: Write<'_>) -> Result<bool, RemoteError> {
        let parts = &self.0;
        let mut connection = parts.connection()?;
        let fence = write.fence.map(|fence| fence.to_string()).unwrap_or_default();
        let mut script = parts.write.prepare_invoke();
        script.key(parts.record(write.name)).key(parts.fence(write.name));
        script.arg(fence).arg(write.record).arg(millis(write.keep.min(LONGEST_KEPT))).arg(millis(FENCE));
        let stored: u8 = script.invoke_async(&mut connection).await.map_err(|error| parts.failure(error))?;
        Ok(stored == 1)
    }

    async fn remove(&self, name: &Name) -> Result<(), RemoteError> {
        let parts = &self.0;
        let mut connection = parts.connection()?;
        let mut script = parts.remove.key(parts.record(name));
        script.key(parts.fence(name)).arg(millis(FENCE));
        script.invoke_async::<()>(&mut connection).await.map_err(|error| parts.failure(error))
    }

    async fn raise(&self, counter: &Name, above: u64) -> Result<u64, RemoteError> {
        let parts = &self.0;
        let mut connection = parts.connection()?;
        let mut script = parts.raise.key(parts.counter(counter));
        script.arg(above).arg(millis(COUNTER));
        script.invoke_async(&mut connection).await.map_err(|error| parts.failure(error))
    }
}

#[async_trait]
impl InvalidationBus for Redis {
    fn attach(&self, listener: Weak<dyn Listener>) {
        self.0.listeners.attach(listener);
    }

    async fn publish(&self, message: &[u8]) -> Result<(), BusError> {
        /// Who waits to have something forgotten waits so long for the others to be told.
        const PATIENCE: Duration = Duration::from_millis(100);
        let parts = &self.0;
        let mut connection = parts.connection().map_err(|error| BusError(error.to_string()))?;
        let mut publish = ::redis::cmd("PUBLISH");
        publish.arg(parts.channel()).arg(message);
        let told = tokio::time::timeout(PATIENCE, publish.query_async::<()>(&mut connection)).await;
        match told {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(BusError(parts.failure(error).to_string())),
            Err(_) => Err(BusError("no answer in time".to_owned())),
        }
    }
}

/// A counter as Redis holds it.
fn number(text: Option<Vec<u8>>) -> Result<u64, RemoteError> {
    let Some(text) = text else { return Ok(0) };
    std::str::from_utf8(&text)
        .ok()
        .and_then(|text| text.parse().ok())
        .ok_or_else(|| RemoteError::Nonsense("a counter that is no number".to_owned()))
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX).max(1)
}
