//! The frames of the socket, as they are read and written.

use std::collections::{BTreeMap, HashMap};

use plexi_core::{ChannelId, ErrorCode, MessageId, Secret, SessionId, UserId};
use plexi_messaging::PresenceState;
use plexi_messaging::model::Message;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::contract::Contract;
use crate::error::{ApiError, ErrorBody};

/// The number or text by which a client knows the answer to its request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub(super) enum RequestId {
    Number(serde_json::Number),
    Text(#[schemars(length(max = 64))] String),
}

impl RequestId {
    fn is_short(&self) -> bool {
        match self {
            Self::Number(number) => number.to_string().len() <= 64,
            Self::Text(text) => text.chars().count() <= 64,
        }
    }
}

/// A frame from the client.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum ClientFrame {
    Authenticate(Authenticate),
    Resume(Resume),
    Send(Send),
    Typing(Typing),
    Read(Read),
    Presence(Presence),
    SubscribePresence(SubscribePresence),
    Ping(Ping),
}

macro_rules! frames {
    ($($name:ident { $($(#[$meta:meta])* $field:ident: $type:ty),* $(,)? })*) => {$(
        #[derive(Debug, Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields)]
        pub(super) struct $name { $($(#[$meta])* pub $field: $type),* }
    )*};
}

frames! {
    Authenticate {
        id: RequestId,
        #[schemars(length(min = 1, max = 4_096))] token: Secret<String>,
    }
    Resume {
        id: RequestId,
        #[schemars(extend("maxProperties" = 5_000))] positions: HashMap<ChannelId, i64>,
    }
    Send {
        id: RequestId,
        channel_id: ChannelId,
        #[schemars(length(min = 1, max = 40_000))] text: String,
        #[schemars(length(min = 1, max = 64))] client_id: String,
        #[serde(default)] thread_id: Option<MessageId>,
        #[serde(default)] reply_to: Option<MessageId>,
    }
    Typing {
        #[serde(default)] id: Option<RequestId>,
        channel_id: ChannelId,
        #[serde(default)] thread_id: Option<MessageId>,
    }
    Read {
        id: RequestId,
        channel_id: ChannelId,
        #[schemars(range(min = 0))] seq: i64,
    }
    Presence {
        #[serde(default)] id: Option<RequestId>,
        state: OwnPresence,
    }
    SubscribePresence {
        id: RequestId,
        #[schemars(length(max = 500))] user_ids: Vec<UserId>,
    }
    Ping {
        id: RequestId,
    }
}

impl ClientFrame {
    /// What its answer is known by.
    pub(super) fn id(&self) -> Option<&RequestId> {
        match self {
            Self::Authenticate(Authenticate { id, .. })
            | Self::Resume(Resume { id, .. })
            | Self::Send(Send { id, .. })
            | Self::Read(Read { id, .. })
            | Self::SubscribePresence(SubscribePresence { id, .. })
            | Self::Ping(Ping { id }) => Some(id),
            Self::Typing(Typing { id, .. }) | Self::Presence(Presence { id, .. }) => id.as_ref(),
        }
    }
}

/// What one can say of oneself.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum OwnPresence {
    Online,
    Away,
}

/// What became of a frame's text.
pub(super) enum Parsed {
    /// A frame.
    Frame(ClientFrame),
    /// A frame of a known form that is not right; the client is told why.
    Wrong(Option<RequestId>, ApiError),
    /// No frame at all.
    Malformed,
}

/// How many channels one `resume` may name.
const MAX_POSITIONS: usize = 5_000;

/// Reads a frame.
pub(super) fn parse(text: &str) -> Parsed {
    match serde_json::from_str::<ClientFrame>(text) {
        Ok(frame) => match out_of_bounds(&frame) {
            None => Parsed::Frame(frame),
            Some(field) => {
                let error = ApiError::invalid(Vec::new()).field(field, "is out of bounds");
                Parsed::Wrong(frame.id().filter(|id| id.is_short()).cloned(), error)
            }
        },
        Err(_) => explain(text),
    }
}

/// Bounds that no service checks again.
fn out_of_bounds(frame: &ClientFrame) -> Option<&'static str> {
    if frame.id().is_some_and(|id| !id.is_short()) {
        return Some("id");
    }
    match frame {
        ClientFrame::Resume(Resume { positions, .. }) if positions.len() > MAX_POSITIONS => Some("positions"),
        ClientFrame::Resume(Resume { positions, .. }) if positions.values().any(|seq| *seq < 0) => {
            Some("positions")
        }
        ClientFrame::Read(Read { seq, .. }) if *seq < 0 => Some("seq"),
        ClientFrame::SubscribePresence(SubscribePresence { user_ids, .. }) if user_ids.len() > 500 => {
            Some("user_ids")
        }
        _ => None,
    }
}

/// Finds out what is wrong with a frame, slowly: only bad frames come here.
fn explain(text: &str) -> Parsed {
    let Ok(Value::Object(mut object)) = serde_json::from_str::<Value>(text) else { return Parsed::Malformed };
    let Some(Value::String(kind)) = object.remove("type") else { return Parsed::Malformed };
    let id = object.get("id").and_then(|id| serde_json::from_value::<RequestId>(id.clone()).ok());
    let contract = match kind.as_str() {
        "authenticate" => Contract::of::<Authenticate>(),
        "resume" => Contract::of::<Resume>(),
        "send" => Contract::of::<Send>(),
        "typing" => Contract::of::<Typing>(),
        "read" => Contract::of::<Read>(),
        "presence" => Contract::of::<Presence>(),
        "subscribe_presence" => Contract::of::<SubscribePresence>(),
        "ping" => Contract::of::<Ping>(),
        _ => {
            let error = ApiError::invalid(Vec::new()).field("type", "is not known here");
            return Parsed::Wrong(id.filter(RequestId::is_short), error);
        }
    };
    let mut problems = contract.problems(&Value::Object(object));
    if problems.is_empty() {
        problems.push(plexi_core::FieldError::new("frame", "is not valid"));
    }
    Parsed::Wrong(id.filter(RequestId::is_short), ApiError::invalid(problems))
}

/// A frame to the client that this crate writes; events and the like come from messaging, encoded already.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum ServerFrame<'a> {
    Hello {
        server: &'static str,
        version: &'a str,
        heartbeat_seconds: u32,
        authenticated: bool,
        connection_id: &'a str,
        /// How longer events are compressed, when they are.
        #[serde(skip_serializing_if = "Option::is_none")]
        compress: Option<&'static str>,
    },
    Ready {
        #[serde(skip_serializing_if = "Option::is_none")]
        id: Option<&'a RequestId>,
        user_id: UserId,
        session_id: SessionId,
    },
    Ack {
        id: &'a RequestId,
        message: &'a Message,
        duplicate: bool,
    },
    Ok {
        id: &'a RequestId,
    },
    Error {
        #[serde(skip_serializing_if = "Option::is_none")]
        id: Option<&'a RequestId>,
        error: &'a ErrorBody,
    },
    Resumed {
        id: &'a RequestId,
        heads: &'a BTreeMap<ChannelId, i64>,
    },
    Presence {
        id: &'a RequestId,
        states: &'a BTreeMap<UserId, PresenceState>,
    },
    Pong {
        id: &'a RequestId,
    },
    Goodbye {
        reason: &'static str,
    },
}

impl ServerFrame<'_> {
    /// The frame as text.
    pub(super) fn text(&self) -> Result<String, ApiError> {
        serde_json::to_string(self)
            .map_err(|error| ApiError::new(ErrorCode::SystemInternal).because(error.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(text: &str) -> (Option<RequestId>, String) {
        match parse(text) {
            Parsed::Wrong(id, error) => {
                let correlation = plexi_core::CorrelationId::accept("x").unwrap();
                (id, serde_json::to_string(&error.body(&correlation)).unwrap())
            }
            Parsed::Frame(frame) => panic!("{frame:?}"),
            Parsed::Malformed => panic!("malformed"),
        }
    }

    #[test]
    fn a_frame_that_is_not_right_is_explained_and_keeps_its_id() {
        let (id, error) = wrong(r#"{"type":"send","id":7,"channel_id":"x","text":"hi"}"#);
        assert_eq!(id, Some(RequestId::Number(7.into())));
        assert!(error.contains("client_id") && error.contains("must be a UUID"), "{error}");
        let (_, error) = wrong(r#"{"type":"ping","id":1,"extra":true}"#);
        assert!(error.contains("extra"), "{error}");
        let (id, error) = wrong(r#"{"type":"dance","id":"a"}"#);
        assert!(id.is_some() && error.contains("is not known here"), "{error}");
    }

    #[test]
    fn what_is_no_object_with_a_type_is_malformed() {
        for text in ["", "[]", "{", "{}", "1", r#"{"type":1}"#] {
            assert!(matches!(parse(text), Parsed::Malformed), "{text}");
        }
    }

    #[test]
    fn ids_and_positions_are_bounded() {
        let long = format!(r#"{{"type":"ping","id":"{}"}}"#, "a".repeat(65));
        assert_eq!(wrong(&long).0, None);
        let below = r#"{"type":"read","id":1,"channel_id":"01890a5d-ac96-774b-bcce-b302099a8057","seq":-1}"#;
        assert!(wrong(below).1.contains("seq"));
    }
}
