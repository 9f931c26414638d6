//! What is broken here, as opposed to refused: logged with its diagnosis, counted, and told to whoever raises alarms.

use plexi_core::{CorrelationId, ErrorCode};

use crate::error::ApiError;
use crate::state::WebState;

/// Something that went wrong in the server and not in what it was asked.
#[derive(Clone, Copy, Debug)]
pub struct Fault<'a> {
    /// The code that the client was answered.
    pub code: ErrorCode,
    /// Joins the answer with the log.
    pub correlation_id: &'a str,
    /// What happened, for operators only; may be empty.
    pub diagnosis: &'a str,
}

/// Is told of every fault, as it happens.
pub trait FaultHook: Send + Sync + 'static {
    /// Takes note. Called between a failure and its answer: hand over and return, never wait. A hook that panics takes its request with
    /// it and nothing else.
    fn fault(&self, fault: &Fault<'_>);
}

/// Says in the log what a client is not told, and raises the alarm when something is broken. `what` was refused or failed.
pub(crate) fn note(web: &WebState, what: &'static str, error: &ApiError, correlation: &CorrelationId) {
    let (code, diagnosis) = (error.code(), error.internal().unwrap_or_default());
    if !error.is_fault() {
        tracing::debug!(correlation_id = %correlation, error_code = %code, error = diagnosis, "{what} refused");
        return;
    }
    tracing::error!(correlation_id = %correlation, error_code = %code, error = diagnosis, "{what} failed");
    web.metrics.fault(code);
    let fault = Fault { code, correlation_id: correlation.as_str(), diagnosis };
    for hook in &web.fault_hooks {
        hook.fault(&fault);
    }
}
