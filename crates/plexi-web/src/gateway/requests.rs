//! What a connected client asks for, one call of a service each. Answers go through the connection's queue, so that
//! they keep their place among the events.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};

use plexi_auth::{Caller, Narrowing, Purpose};
use plexi_core::{CorrelationId, ErrorCode, SessionId, UserId};
use plexi_messaging::{CloseReason, MessageDraft, OutFrame, PresenceState, Subscription};

use super::CONNECT;
use super::frames::{
    Authenticate, ClientFrame, OwnPresence, Ping, Presence, Read, RequestId, Resume, Send, ServerFrame,
    SubscribePresence, Typing,
};
use super::lanes::{Lane, Lanes};
use crate::error::ApiError;
use crate::state::WebState;

/// What the frames do, by the names of the operations of REST that do the same.
const POST: Purpose = Purpose::write("messages.post");
const MARK_READ: Purpose = Purpose::write("channels.read");
const READ_MESSAGES: Purpose = Purpose::read("messages.window");
const LOOK_AT_USERS: Purpose = Purpose::read("users.lookup");

/// A connection that has said who it is; shared with the requests at work.
pub(super) struct Client {
    pub web: WebState,
    pub user: UserId,
    pub session: SessionId,
    /// What the holder added to the token by which the connection was proved last.
    pub narrowing: Mutex<Narrowing>,
    pub subscription: Subscription,
    pub correlation: CorrelationId,
}

impl Client {
    /// The caller as it is now: roles change and sessions end while a connection lives.
    pub(super) async fn caller(&self) -> Result<Caller, ApiError> {
        Ok(self.web.auth.recheck(self.user, self.session).await?)
    }

    /// The caller as it is now, when the token by which it is known may be used for this now.
    async fn caller_for(&self, purpose: Purpose) -> Result<Caller, ApiError> {
        let caller = self.caller().await?;
        self.permits(purpose)?;
        Ok(caller)
    }

    /// Whether the token by which the connection is known may be used for this now.
    pub(super) fn permits(&self, purpose: Purpose) -> Result<(), ApiError> {
        let narrowing = self.narrowing.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Ok(self.web.auth.permits(&narrowing, purpose)?)
    }

    /// Whether the connection may still be used. A new proof is always welcome.
    pub(super) fn admits(&self, frame: &ClientFrame) -> Result<(), ApiError> {
        if matches!(frame, ClientFrame::Authenticate(_)) { Ok(()) } else { self.permits(CONNECT) }
    }

    /// Puts an answer into the queue.
    pub(super) fn answer(&self, frame: &ServerFrame<'_>) {
        if let Some(frame) = encoded(frame) {
            self.subscription.push(&frame);
        }
    }

    /// Answers with an error; what only the log may know goes there.
    pub(super) fn refuse(&self, id: Option<&RequestId>, error: &ApiError) {
        log(error, &self.correlation);
        let body = error.body(&self.correlation);
        let frame = ServerFrame::Error { id, error: &body };
        if error.code() != ErrorCode::AuthSessionEnded {
            return self.answer(&frame);
        }
        if let Ok(text) = frame.text() {
            self.subscription.close_saying(CloseReason::SessionEnded, OutFrame::text(text));
        }
    }
}

/// A frame as it waits in the queue.
fn encoded(frame: &ServerFrame<'_>) -> Option<OutFrame> {
    let text =
        frame.text().inspect_err(|error| tracing::error!(error = error.internal(), "frame not written"));
    Some(OutFrame::text(text.ok()?))
}

/// Says in the log what a client is not told.
pub(super) fn log(error: &ApiError, correlation: &CorrelationId) {
    let internal = error.internal().unwrap_or_default();
    if error.is_fault() {
        tracing::error!(correlation_id = %correlation, error_code = %error.code(), error = internal, "frame failed");
    } else {
        tracing::debug!(correlation_id = %correlation, error_code = %error.code(), error = internal, "frame refused");
    }
}

/// Starts what a frame asks for.
pub(super) fn start(client: &Arc<Client>, lanes: &mut Lanes, frame: ClientFrame) {
    let client = Arc::clone(client);
    match frame {
        ClientFrame::Send(send) => {
            lanes.start_after(Lane::Channel(send.channel_id), async move { post(&client, send).await });
        }
        ClientFrame::Ping(Ping { id }) => client.answer(&ServerFrame::Pong { id: &id }),
        ClientFrame::Typing(typing) => lanes.start(async move { tell_typing(&client, typing).await }),
        ClientFrame::Read(read) => lanes.start(async move { mark_read(&client, read).await }),
        ClientFrame::Resume(resume) => lanes.start(async move { catch_up(&client, resume).await }),
        // Allowed to whoever may have a connection.
        ClientFrame::Presence(Presence { state, .. }) => {
            let state = match state {
                OwnPresence::Online => PresenceState::Online,
                OwnPresence::Away => PresenceState::Away,
            };
            client.web.messaging.set_presence(&client.subscription, state);
        }
        ClientFrame::SubscribePresence(subscribe) => {
            lanes.start_after(Lane::Presence, async move { subscribe_presence(&client, subscribe).await });
        }
        ClientFrame::Authenticate(again) => {
            lanes.start(async move { authenticate_again(&client, again).await });
        }
    }
}

async fn post(client: &Client, send: Send) {
    let Send { id, channel_id, text, client_id, thread_id, reply_to } = send;
    let draft = MessageDraft { channel_id, text, client_id: Some(client_id), thread_id, reply_to };
    let posted = async {
        let caller = client.caller_for(POST).await?;
        Ok(client.web.messaging.post(&caller.actor, draft).await?)
    };
    match posted.await {
        Ok(receipt) => {
            client.web.metrics.sends.fetch_add(1, Ordering::Relaxed);
            let (message, duplicate) = (&receipt.message, receipt.duplicate);
            client.answer(&ServerFrame::Ack { id: &id, message, duplicate });
        }
        Err(error) => client.refuse(Some(&id), &error),
    }
}

async fn subscribe_presence(client: &Client, subscribe: SubscribePresence) {
    let SubscribePresence { id, user_ids } = subscribe;
    let subscribed = async {
        client.permits(LOOK_AT_USERS)?;
        let caller = client.caller().await?;
        let seen = client.web.auth.seen(&caller.actor, user_ids).await?;
        let answer = |states: &BTreeMap<_, _>| encoded(&ServerFrame::Presence { id: &id, states });
        Ok(client.web.messaging.subscribe_presence(&client.subscription, &seen, answer)?)
    };
    if let Err(error) = subscribed.await {
        client.refuse(Some(&id), &error);
    }
}

async fn tell_typing(client: &Client, typing: Typing) {
    let Typing { channel_id, thread_id, .. } = typing;
    let told = async {
        let caller = client.caller_for(POST).await?;
        client.web.messaging.typing(&caller.actor, &client.subscription, channel_id, thread_id).await?;
        Ok::<(), ApiError>(())
    };
    // Nobody waits for an answer to it.
    if let Err(error) = told.await {
        log(&error, &client.correlation);
    }
}

async fn mark_read(client: &Client, read: Read) {
    let Read { id, channel_id, seq } = read;
    let marked = async {
        let caller = client.caller_for(MARK_READ).await?;
        client.web.messaging.mark_read(&caller.actor, channel_id, seq, false).await?;
        Ok(())
    };
    match marked.await {
        Ok(()) => client.answer(&ServerFrame::Ok { id: &id }),
        Err(error) => client.refuse(Some(&id), &error),
    }
}

async fn catch_up(client: &Client, resume: Resume) {
    let Resume { id, positions } = resume;
    let caught = async {
        let caller = client.caller_for(READ_MESSAGES).await?;
        let caught = client.web.messaging.resume(&caller.actor, &client.subscription, &positions).await?;
        let text = ServerFrame::Resumed { id: &id, heads: &caught.heads }.text()?;
        caught.answer(&OutFrame::text(text));
        Ok(())
    };
    match caught.await {
        Ok(()) => {}
        Err(error) => client.refuse(Some(&id), &error),
    }
}

/// A further proof of the same session is welcome, for instance with a fresh token, and counts from then on instead of
/// the former one. One that is refused, or of another session, leaves the connection as it was.
async fn authenticate_again(client: &Client, again: Authenticate) {
    let Authenticate { id, token } = again;
    match client.web.auth.authenticate_bearer_for(token.expose(), CONNECT).await {
        Ok(caller) if caller.session == client.session => {
            *client.narrowing.lock().unwrap_or_else(PoisonError::into_inner) = caller.narrowing;
            client.answer(&ServerFrame::Ready {
                id: Some(&id),
                user_id: client.user,
                session_id: client.session,
            });
        }
        Ok(_) => {
            let problem = "belongs to another session than this connection";
            client.refuse(Some(&id), &ApiError::invalid(Vec::new()).field("token", problem));
        }
        Err(error) => {
            let error = ApiError::from(error);
            log(&error, &client.correlation);
            client.answer(&ServerFrame::Error { id: Some(&id), error: &error.body(&client.correlation) });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_needs_of_a_token_what_its_operation_needs() {
        let operations = crate::operations::table();
        for purpose in [POST, MARK_READ, READ_MESSAGES, LOOK_AT_USERS] {
            assert!(operations.iter().any(|operation| operation.purpose() == purpose), "{purpose:?}");
        }
    }
}
