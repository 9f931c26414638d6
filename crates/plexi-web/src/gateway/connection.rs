//! One connection, from its hello to its goodbye. One task reads, works and writes; nothing of it is unbounded.

use std::pin::Pin;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket};
use futures_util::SinkExt as _;
use plexi_auth::{AuthError, Caller};
use plexi_core::{CorrelationId, ErrorCode};
use plexi_messaging::{CloseReason, ConnectionId, OutFrame, Outgoing};
use tokio::time::{Instant, Sleep};
use tokio_util::sync::CancellationToken;

use super::admission::Place;
use super::close::Closing;
use super::frames::{Authenticate, ClientFrame, Parsed, Ping, RequestId, ServerFrame, parse};
use super::lanes::Lanes;
use super::requests::{self, Client};
use super::{CONNECT, PACKING};
use crate::error::ApiError;
use crate::state::WebState;

/// In this time a connection must have said who it is.
const AUTHENTICATE_WITHIN: Duration = Duration::from_secs(10);
/// A client that takes nothing for so long is cut off.
const WRITE_WITHIN: Duration = Duration::from_secs(20);
/// The last words get so long to be taken.
const GOODBYE_WITHIN: Duration = Duration::from_secs(2);
/// Frames written with one flush.
const BATCH: usize = 64;
/// The capacity that an empty batch may keep.
const KEPT: usize = 8;

/// What the handshake found out.
pub(super) struct Arrival {
    /// Who it is, when the handshake said so, or why what it said does not count.
    pub caller: Result<Option<Arc<Caller>>, ApiError>,
    pub place: Place,
    pub correlation: CorrelationId,
    /// The client asked for compressed events, and gets them.
    pub packs: bool,
}

/// Serves a connection to its end.
pub(super) async fn serve(web: WebState, socket: WebSocket, arrival: Arrival) {
    let Arrival { caller, place, correlation, packs } = arrival;
    let id = web.messaging.hub().connection_id();
    tracing::debug!(connection = %id, correlation_id = %correlation, "web socket opened");
    let mut connection = Connection::new(web, socket, id, place, correlation, packs);
    // Boxed, so that an idle connection does not carry the states of work it does not do.
    let closing = match Box::pin(connection.open(caller)).await {
        Ok(client) => connection.run(&client).await,
        Err(closing) => closing,
    };
    tracing::debug!(connection = %id, closing = ?closing, "web socket closed");
    Box::pin(connection.goodbye(closing)).await;
}

struct Connection {
    web: WebState,
    socket: WebSocket,
    place: Place,
    correlation: CorrelationId,
    id: ConnectionId,
    packs: bool,
    heartbeat: Duration,
    last_heard: Instant,
    second: Instant,
    frames: u32,
    timer: Pin<Box<Sleep>>,
    /// Cancelled when the connection is to end.
    stop: CancellationToken,
}

impl Connection {
    fn new(
        web: WebState,
        socket: WebSocket,
        id: ConnectionId,
        place: Place,
        correlation: CorrelationId,
        packs: bool,
    ) -> Self {
        let heartbeat = Duration::from_secs(web.config().heartbeat_seconds.max(1).into());
        let now = Instant::now();
        let timer = Box::pin(tokio::time::sleep(AUTHENTICATE_WITHIN));
        Self {
            stop: web.sockets.stop_token(),
            web,
            socket,
            place,
            correlation,
            id,
            packs,
            heartbeat,
            last_heard: now,
            second: now,
            frames: 0,
            timer,
        }
    }

    /// Says hello, learns who it is, and connects to the hub.
    async fn open(&mut self, caller: Result<Option<Arc<Caller>>, ApiError>) -> Result<Arc<Client>, Closing> {
        let hello = ServerFrame::Hello {
            server: crate::SERVER_NAME,
            version: &self.web.version.clone(),
            heartbeat_seconds: self.web.config().heartbeat_seconds,
            authenticated: matches!(caller, Ok(Some(_))),
            connection_id: &self.id.to_string(),
            compress: self.packs.then_some(PACKING),
        };
        self.write(&hello).await?;
        let caller = match caller {
            Ok(caller) => caller,
            Err(error) => return Err(self.give_up(None, &error).await),
        };
        let known = caller.is_some();
        let (caller, request) = match caller {
            Some(caller) => (caller, None),
            None => self.authenticate().await?,
        };
        if !known && let Err(error) = self.place.known(caller.actor.user) {
            self.explain(request.as_ref(), &error).await?;
            return Err(Closing::Crowded);
        }
        let subscription = match self.web.messaging.connect(&caller.actor, self.id).await {
            Ok(subscription) => subscription,
            Err(error) => return Err(self.give_up(request.as_ref(), &error.into()).await),
        };
        let client = Arc::new(Client {
            web: self.web.clone(),
            user: caller.actor.user,
            session: caller.session,
            narrowing: Mutex::new(caller.narrowing.clone()),
            subscription,
            correlation: self.correlation.clone(),
        });
        // The session may have ended, and the key been revoked, between the proof and the registration; from here on both are told.
        let trusted =
            || if self.web.auth.trusts(&caller) { Ok(()) } else { Err(AuthError::TokenInvalid.into()) };
        if let Err(error) = client.caller().await.and_then(|_| trusted()) {
            return Err(self.give_up(request.as_ref(), &error).await);
        }
        client.answer(&ServerFrame::Ready {
            id: request.as_ref(),
            user_id: client.user,
            session_id: client.session,
        });
        Ok(client)
    }

    /// Waits for the `authenticate` frame.
    async fn authenticate(&mut self) -> Result<(Arc<Caller>, Option<RequestId>), Closing> {
        loop {
            let message = tokio::select! {
                message = self.socket.recv() => message,
                () = self.timer.as_mut() => return Err(Closing::Unauthenticated),
                () = self.stop.cancelled() => return Err(Closing::Restart),
            };
            match self.hear(message)? {
                None => {}
                Some(Parsed::Malformed) => return Err(Closing::Malformed),
                Some(Parsed::Frame(ClientFrame::Ping(Ping { id }))) => {
                    self.write(&ServerFrame::Pong { id: &id }).await?;
                }
                Some(Parsed::Frame(ClientFrame::Authenticate(Authenticate { id, token }))) => {
                    return match self.web.auth.authenticate_bearer_for(token.expose(), CONNECT).await {
                        Ok(caller) => Ok((Arc::new(caller), Some(id))),
                        Err(error) => Err(self.give_up(Some(&id), &error.into()).await),
                    };
                }
                Some(Parsed::Frame(frame)) => {
                    self.explain(frame.id(), &ApiError::new(ErrorCode::AuthRequired)).await?;
                    return Err(Closing::Unauthenticated);
                }
                Some(Parsed::Wrong(id, error)) => self.explain(id.as_ref(), &error).await?,
            }
        }
    }

    /// Reads, works and writes until the end.
    async fn run(&mut self, client: &Arc<Client>) -> Closing {
        let mut lanes = Lanes::default();
        let mut batch: Vec<Outgoing> = Vec::new();
        let stop = self.stop.clone();
        // One for all rounds: taking its place among those who wait for the stop is work that all connections share a lock for.
        let mut stopped = std::pin::pin!(stop.cancelled());
        let mut stopping = false;
        self.timer.as_mut().reset(Instant::now() + self.heartbeat);
        loop {
            tokio::select! {
                _ = client.subscription.receive(&mut batch, BATCH) => {
                    // What waited is for who may still hear it.
                    if let Err(error) = client.permits(CONNECT) {
                        return Box::pin(self.give_up(None, &error)).await;
                    }
                    if let Some(closing) = self.send(&mut batch).await {
                        return closing;
                    }
                }
                () = lanes.done(), if !lanes.is_idle() => {}
                message = self.socket.recv(), if !lanes.is_full() => match self.hear(message) {
                    Err(closing) => return closing,
                    Ok(None) => {}
                    Ok(Some(Parsed::Malformed)) => return Closing::Malformed,
                    Ok(Some(Parsed::Wrong(id, error))) => client.refuse(id.as_ref(), &error),
                    Ok(Some(Parsed::Frame(frame))) => match client.admits(&frame) {
                        Ok(()) => requests::start(client, &mut lanes, frame),
                        Err(error) => return Box::pin(self.give_up(frame.id(), &error)).await,
                    },
                },
                () = self.timer.as_mut() => {
                    if let Some(closing) = self.beat(client).await {
                        return closing;
                    }
                }
                () = stopped.as_mut(), if !stopping => {
                    stopping = true;
                    client.subscription.close(CloseReason::Restart);
                }
            }
        }
    }

    /// What a message from the socket is; `None` when it is none of ours.
    fn hear(&mut self, message: Option<Result<Message, axum::Error>>) -> Result<Option<Parsed>, Closing> {
        let now = Instant::now();
        self.last_heard = now;
        if now.duration_since(self.second) >= Duration::from_secs(1) {
            self.second = now;
            self.frames = 0;
        }
        self.frames += 1;
        if self.frames > self.web.config().max_frames_per_second {
            return Err(Closing::Flood);
        }
        match message {
            Some(Ok(Message::Text(text))) => {
                self.web.metrics.frames_in.fetch_add(1, Ordering::Relaxed);
                Ok(Some(parse(&text)))
            }
            Some(Ok(Message::Binary(_))) => Err(Closing::Malformed),
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => Ok(None),
            Some(Ok(Message::Close(_))) | None => Err(Closing::Gone),
            Some(Err(error)) => Err(broken(&error)),
        }
    }

    /// Writes what waits with one flush.
    async fn send(&mut self, batch: &mut Vec<Outgoing>) -> Option<Closing> {
        let mut closing = None;
        let mut count = 0;
        let written = tokio::time::timeout(WRITE_WITHIN, async {
            for outgoing in batch.drain(..) {
                match outgoing {
                    Outgoing::Frame(frame) => {
                        let Some(message) = message(frame, self.packs) else { continue };
                        count += 1;
                        self.socket.feed(message).await?;
                    }
                    Outgoing::Close(reason) => closing = Some(Closing::from(reason)),
                }
            }
            self.socket.flush().await
        });
        let written = written.await;
        self.web.metrics.frames_out.fetch_add(count, Ordering::Relaxed);
        if batch.capacity() > KEPT {
            *batch = Vec::new();
        }
        match written {
            Ok(Ok(())) => closing,
            Ok(Err(_)) => Some(Closing::Gone),
            Err(_) => Some(Closing::Slow),
        }
    }

    /// Pings; ends a connection that was silent for two beats, or that nobody may have any more.
    async fn beat(&mut self, client: &Client) -> Option<Closing> {
        let now = Instant::now();
        if now.duration_since(self.last_heard) >= self.heartbeat * 2 {
            return Some(Closing::Silent);
        }
        self.timer.as_mut().reset(now + self.heartbeat);
        let known = client.caller().await.and_then(|caller| client.permits(CONNECT).map(|()| caller));
        match known {
            Ok(caller) => client.subscription.set_sees_everybody(caller.actor.sees_everybody()),
            // A store that cannot be asked is no reason to end it.
            Err(error) if error.status().is_server_error() => {}
            Err(error) => return Some(Box::pin(self.give_up(None, &error)).await),
        }
        let pinged = self.socket.send(Message::Ping(bytes::Bytes::new()));
        match tokio::time::timeout(WRITE_WITHIN, pinged).await {
            Ok(Ok(())) => None,
            Ok(Err(_)) => Some(Closing::Gone),
            Err(_) => Some(Closing::Slow),
        }
    }

    /// Says what is wrong.
    async fn explain(&mut self, id: Option<&RequestId>, error: &ApiError) -> Result<(), Closing> {
        requests::log(error, &self.correlation);
        let body = error.body(&self.correlation);
        self.write(&ServerFrame::Error { id, error: &body }).await
    }

    /// Says what is wrong, and how the connection ends because of it.
    async fn give_up(&mut self, id: Option<&RequestId>, error: &ApiError) -> Closing {
        match self.explain(id, error).await {
            Ok(()) => Closing::after(error),
            Err(closing) => closing,
        }
    }

    async fn write(&mut self, frame: &ServerFrame<'_>) -> Result<(), Closing> {
        let Ok(text) = frame.text() else { return Err(Closing::Policy) };
        self.web.metrics.frames_out.fetch_add(1, Ordering::Relaxed);
        match tokio::time::timeout(WRITE_WITHIN, self.socket.send(Message::text(text))).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(Closing::Gone),
            Err(_) => Err(Closing::Slow),
        }
    }

    /// Says why and closes.
    async fn goodbye(mut self, closing: Closing) {
        if closing == Closing::Slow {
            self.web.metrics.slow_consumers.fetch_add(1, Ordering::Relaxed);
        }
        let Some(code) = closing.code() else { return };
        let goodbye = ServerFrame::Goodbye { reason: closing.reason() }.text().unwrap_or_default();
        let last_words = async {
            self.socket.feed(Message::text(goodbye)).await?;
            let frame = CloseFrame { code, reason: Utf8Bytes::from_static(closing.reason()) };
            self.socket.send(Message::Close(Some(frame))).await?;
            // Reading on until the client has closed, so that the system does not cut off what it has not read yet.
            while let Some(Ok(_)) = self.socket.recv().await {}
            Ok::<(), axum::Error>(())
        };
        if tokio::time::timeout(GOODBYE_WITHIN, last_words).await.is_err() {
            tracing::debug!(connection = %self.id, "last words not taken");
        }
    }
}

/// A frame as it is written: binary when it is packed, or else the text it always was.
fn message(frame: OutFrame, packs: bool) -> Option<Message> {
    match packs.then(|| frame.packed()).flatten() {
        Some(packed) => Some(Message::Binary(packed)),
        None => Utf8Bytes::try_from(frame.into_json()).ok().map(Message::Text),
    }
}

/// What an error of the protocol below our frames means.
fn broken(error: &axum::Error) -> Closing {
    // The library's error type is not exported; its words are the only thing to tell them apart by.
    let text = error.to_string();
    if text.contains("too long") || text.contains("too big") || text.contains("Space limit exceeded") {
        Closing::TooBig
    } else if text.to_ascii_lowercase().contains("utf-8") {
        Closing::Malformed
    } else {
        Closing::Gone
    }
}
