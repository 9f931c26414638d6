//! From the port to the router: one task for each connection, bounded in number, in time to the first request and at the end.

mod bounded;
mod write_deadline;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::extract::ConnectInfo;
use axum::response::Response;
use hyper::body::Incoming;
use hyper::{Request, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use plexi_config::Live;
use plexi_messaging::PULSE;
use plexi_supervisor::TaskGroup;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;
use tower::Service as _;

use bounded::Bounded;
use write_deadline::WriteDeadline;

/// What every HTTP/2 connection that is spoken in the clear begins with (RFC 9113, section 3.4).
const HTTP2_PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Bounds of the listener.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListenerLimits {
    /// Connections at once; one more is closed unanswered.
    pub connections: usize,
    /// How long a request's header may take to arrive, the first one included.
    pub header_timeout: Duration,
    /// How long a write may wait without a byte being taken; then the connection ends.
    pub write_timeout: Duration,
    /// How long a request of HTTP/2 may take, until its answer is taken whole.
    pub stream_timeout: Duration,
}

/// Accepts connections and gives their requests to a router.
pub struct Listener {
    /// Held until the server stops, so that a loop that failed leaves nobody unheard: who knocks meanwhile waits for the next.
    socket: Mutex<Option<Arc<TcpListener>>>,
    limits: Live<ListenerLimits>,
    open: Arc<AtomicUsize>,
    router: Router,
    connections: TaskGroup,
    stop: CancellationToken,
}

impl Listener {
    /// Takes a bound socket, which is closed when `stop` is cancelled. The connections are tasks of `connections`, and counted in `open`. Limits that change count for
    /// connections that come later.
    pub fn new(
        socket: TcpListener,
        limits: Live<ListenerLimits>,
        router: Router,
        connections: TaskGroup,
        open: Arc<AtomicUsize>,
        stop: CancellationToken,
    ) -> Self {
        let socket = Mutex::new(Some(Arc::new(socket)));
        Self { socket, limits, open, router, connections, stop }
    }

    /// Accepts until the server stops or `halt` is cancelled; after the latter another call goes on. Open connections finish their present request when
    /// their group is told to stop. `beat` is called at least every [`PULSE`].
    pub async fn serve(&self, halt: CancellationToken, beat: impl Fn() + Send) {
        let socket = self.socket().clone();
        let Some(socket) = socket else { return };
        let mut limits = *self.limits.get();
        let mut server = Arc::new(builder(limits));
        let mut pulse = tokio::time::interval(PULSE);
        pulse.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let accepted = tokio::select! {
                accepted = socket.accept() => accepted,
                () = self.stop.cancelled() => break,
                () = halt.cancelled() => break,
                _ = pulse.tick() => {
                    beat();
                    continue;
                }
            };
            let (stream, peer) = match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    // out of file handles or a connection that died in the queue: others must not starve for it
                    tracing::warn!(%error, "accept failed");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    continue;
                }
            };
            let now = *self.limits.get();
            if now != limits {
                limits = now;
                server = Arc::new(builder(limits));
            }
            // only this loop adds to it
            if self.open.load(Ordering::Relaxed) >= limits.connections {
                tracing::warn!(limit = limits.connections, "connection refused, too many are open");
                continue;
            }
            let (server, router, soft) =
                (Arc::clone(&server), self.router.clone(), self.connections.stop_token());
            let open = Open::one(&self.open);
            self.connections.spawn(async move {
                let _open = open;
                connection(&server, stream, peer, router, &soft, limits).await;
            });
        }
        if self.stop.is_cancelled() {
            drop(socket);
            *self.socket() = None;
            // Nobody is let in any more, from now on; the loop itself ends when its supervisor comes to it.
            halt.cancelled().await;
        }
    }

    fn socket(&self) -> MutexGuard<'_, Option<Arc<TcpListener>>> {
        self.socket.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn builder(limits: ListenerLimits) -> auto::Builder<Bounded> {
    let mut builder = auto::Builder::new(Bounded { within: limits.stream_timeout });
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.header_timeout)
        .max_buf_size(64 * 1_024)
        .max_headers(100);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(100)
        .max_header_list_size(32 * 1_024)
        .keep_alive_interval(Duration::from_secs(30))
        .keep_alive_timeout(Duration::from_secs(20));
    builder
}

async fn connection(
    server: &auto::Builder<Bounded>,
    stream: TcpStream,
    peer: SocketAddr,
    router: Router,
    soft: &CancellationToken,
    limits: ListenerLimits,
) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "no delay not set");
    }
    tokio::select! {
        spoken = tokio::time::timeout(limits.header_timeout, version_is_known(&stream)) => match spoken {
            Ok(true) => {}
            Ok(false) | Err(_) => return,
        },
        // it asked for nothing yet: there is nothing to finish
        () = soft.cancelled() => return,
    }
    let service = service_fn(move |mut request: Request<Incoming>| {
        let mut router = router.clone();
        async move {
            request.extensions_mut().insert(ConnectInfo(peer));
            let answer: Result<Response, Infallible> = router.call(request).await;
            answer
        }
    });
    let stream = TokioIo::new(WriteDeadline::new(stream, limits.write_timeout));
    let serving = server.serve_connection_with_upgrades(stream, service);
    let mut serving = std::pin::pin!(serving);
    let mut finishing = false;
    loop {
        tokio::select! {
            ended = serving.as_mut() => {
                if let Err(error) = ended {
                    tracing::debug!(%error, "connection ended early");
                }
                return;
            }
            () = soft.cancelled(), if !finishing => {
                finishing = true;
                serving.as_mut().graceful_shutdown();
            }
        }
    }
}

/// Waits until it can be told which HTTP is spoken; false when the peer closes first. The server library has no time limit for this step.
async fn version_is_known(stream: &TcpStream) -> bool {
    let mut first = [0_u8; HTTP2_PREFACE.len()];
    loop {
        match stream.peek(&mut first).await {
            Ok(0) | Err(_) => return false,
            Ok(n) if n == first.len() || first[..n] != HTTP2_PREFACE[..n] => return true,
            // the rest of the preface is under way: the socket stays readable meanwhile, so look again a little later
            Ok(_) => tokio::time::sleep(Duration::from_millis(5)).await,
        }
    }
}

/// Counts a connection while it lives.
struct Open(Arc<AtomicUsize>);

impl Open {
    fn one(count: &Arc<AtomicUsize>) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(count))
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncWriteExt as _;
    use tokio::task::JoinSet;

    use super::*;

    const LIMITS: ListenerLimits = ListenerLimits {
        connections: 16,
        header_timeout: Duration::from_secs(30),
        write_timeout: Duration::from_millis(200),
        stream_timeout: Duration::from_secs(30),
    };

    #[tokio::test]
    async fn who_asks_and_never_reads_is_cut_off() {
        let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = socket.local_addr().unwrap();
        // more than the buffers of both ends take
        let router =
            Router::new().route("/", axum::routing::get(|| async { vec![b'x'; 64 * 1_024 * 1_024] }));
        let (connections, open) = (TaskGroup::new("connections"), Arc::<AtomicUsize>::default());
        let listener = Listener::new(
            socket,
            Live::fixed(LIMITS),
            router,
            connections,
            open.clone(),
            CancellationToken::new(),
        );
        let mut tasks = JoinSet::new();
        tasks.spawn(async move { listener.serve(CancellationToken::new(), || {}).await });
        let mut idle = TcpStream::connect(address).await.unwrap();
        let mut greedy = TcpStream::connect(address).await.unwrap();
        idle.write_all(b"G").await.unwrap();
        greedy.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
        let until = async |wanted: usize| {
            let reached = async {
                while open.load(Ordering::Relaxed) != wanted {
                    tokio::task::yield_now().await;
                }
            };
            tokio::time::timeout(Duration::from_secs(20), reached).await.expect("the connection stays");
        };
        until(2).await;
        until(1).await;
        idle.write_all(b"ET / HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
        idle.readable().await.unwrap();
        drop((idle, greedy));
        until(0).await;
    }
}
