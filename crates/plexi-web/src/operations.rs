//! The one table of operations. Routing, the OpenAPI document and the coverage test derive from it; a route has no
//! other way to exist, so none is without its access rule, limit class and body limit.

use std::any::TypeId;
use std::future::Future;
use std::sync::Arc;

use axum::response::Response;
use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::Method;
use plexi_auth::Purpose;
use plexi_core::Permission;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::DeserializeOwned;

use crate::answer::Answer;
use crate::call::{Call, Context, Nothing, Who};
use crate::contract::Contract;
use crate::error::ApiError;
use crate::state::WebState;

/// Where every operation lives.
pub const BASE: &str = "/api/v1";

/// Bodies are at most this long unless an operation says otherwise, in bytes.
pub const BODY_LIMIT: usize = 256 * 1024;

/// Who may call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Anybody.
    Public,
    /// Whoever is signed in; what they may do to which resource is decided by the service.
    Session,
    /// Whoever has this permission by their system role.
    System(Permission),
}

/// What kind of work it is, for limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    /// Reads something small.
    Read,
    /// Changes something.
    Write,
    /// Proves an identity.
    Auth,
    /// Searches.
    Search,
    /// Administers the server.
    Admin,
    /// Begins a real-time connection.
    Connect,
}

impl Class {
    /// The name used by limits.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Auth => "auth",
            Self::Search => "search",
            Self::Admin => "admin",
            Self::Connect => "connect",
        }
    }
}

/// How an answer is described in the OpenAPI document.
#[derive(Clone, Copy)]
pub(crate) struct AnswerDoc {
    pub statuses: &'static [u16],
    pub media_type: &'static str,
    pub schema: Option<fn(&mut SchemaGenerator) -> Schema>,
}

type Handler =
    Arc<dyn Fn(WebState, Context, Raw) -> BoxFuture<'static, Result<Response, ApiError>> + Send + Sync>;

/// The parts of a request before they are read.
pub(crate) struct Raw {
    pub who: Option<plexi_auth::Caller>,
    pub path: serde_json::Value,
    pub query: serde_json::Value,
    pub body: serde_json::Value,
    pub octets: Bytes,
}

/// A row of the table.
#[derive(Clone)]
pub struct Operation {
    /// Its name in the OpenAPI document, in metrics and in limits: `messages.post`.
    pub id: &'static str,
    /// The method.
    pub method: Method,
    /// The path below [`BASE`], parameters in braces.
    pub path: &'static str,
    /// Who may call.
    pub access: Access,
    /// What kind of work.
    pub class: Class,
    /// The longest body in bytes.
    pub body_limit: usize,
    /// The body is a piece of a file, not JSON.
    pub octets: bool,
    /// Takes `Idempotency-Key`.
    pub idempotent: bool,
    /// `If-Match` is honoured.
    pub conditional: bool,
    /// Statuses of refusals that others of its kind do not have.
    pub refuses: &'static [u16],
    /// One line for readers.
    pub summary: &'static str,
    /// The contract of the path parameters.
    pub path_contract: Contract,
    /// The contract of the query parameters.
    pub query_contract: Contract,
    /// The contract of the body; none when there is no body.
    pub body_contract: Option<Contract>,
    pub(crate) answer: AnswerDoc,
    pub(crate) handler: Handler,
}

impl Operation {
    /// A row whose contracts and answers are those of its handler's types.
    pub(crate) fn new<W, P, Q, B, A, H, F>(
        method: Method,
        path: &'static str,
        id: &'static str,
        summary: &'static str,
        handler: H,
    ) -> Self
    where
        W: Who,
        P: DeserializeOwned + JsonSchema + Send + 'static,
        Q: DeserializeOwned + JsonSchema + Send + 'static,
        B: DeserializeOwned + JsonSchema + Send + 'static,
        A: Answer,
        H: Fn(Call<W, P, Q, B>) -> F + Clone + Send + Sync + 'static,
        F: Future<Output = Result<A, ApiError>> + Send + 'static,
    {
        let has_body = TypeId::of::<B>() != TypeId::of::<Nothing>();
        let handler: Handler = Arc::new(move |web, context, raw| {
            let handler = handler.clone();
            Box::pin(async move {
                let call = Call::<W, P, Q, B>::read(web, context, raw)?;
                Ok(handler(call).await?.render())
            })
        });
        Self {
            id,
            path,
            access: W::ACCESS,
            class: if method == Method::GET { Class::Read } else { Class::Write },
            method,
            body_limit: BODY_LIMIT,
            octets: false,
            idempotent: false,
            conditional: false,
            refuses: &[],
            summary,
            path_contract: Contract::of::<P>(),
            query_contract: Contract::of::<Q>(),
            body_contract: has_body.then(Contract::of::<B>),
            answer: A::DOC,
            handler,
        }
    }

    /// Needs this system permission.
    pub(crate) fn needs(mut self, permission: Permission) -> Self {
        self.access = Access::System(permission);
        self.class = Class::Admin;
        self
    }

    /// Counts as this kind of work.
    pub(crate) fn class(mut self, class: Class) -> Self {
        self.class = class;
        self
    }

    /// Takes a piece of a file of at most so many bytes.
    pub(crate) fn takes_octets(mut self, limit: usize) -> Self {
        self.octets = true;
        self.body_limit = limit;
        self
    }

    /// Takes `Idempotency-Key`.
    pub(crate) fn creates(mut self) -> Self {
        self.idempotent = true;
        self
    }

    /// It refuses with these statuses, which others of its kind do not have.
    pub(crate) fn refuses(mut self, statuses: &'static [u16]) -> Self {
        self.refuses = statuses;
        self
    }

    /// Honours `If-Match`.
    pub(crate) fn conditional(mut self) -> Self {
        self.conditional = true;
        self
    }

    /// What a token is used for by calling it.
    pub fn purpose(&self) -> Purpose {
        if self.method.is_safe() || matches!(self.class, Class::Read | Class::Search) {
            Purpose::read(self.id)
        } else {
            Purpose::write(self.id)
        }
    }

    /// The group it belongs to: what stands before the point in its id.
    pub fn tag(&self) -> &'static str {
        self.id.split_once('.').map_or(self.id, |(tag, _)| tag)
    }
}

/// The whole table.
pub fn table() -> Vec<Operation> {
    use crate::api::v1;
    [
        v1::auth::operations(),
        v1::users::operations(),
        v1::roles::operations(),
        v1::spaces::operations(),
        v1::channels::operations(),
        v1::messages::operations(),
        v1::search::operations(),
        v1::sync::operations(),
        v1::system::operations(),
        v1::secrets::operations(),
        v1::supervisor::operations(),
        v1::cache::operations(),
        v1::config::operations(),
        v1::diagnostics::operations(),
        v1::logs::operations(),
        v1::metrics::operations(),
        v1::transfers::operations(),
    ]
    .concat()
}
