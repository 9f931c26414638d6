//! Turns events of `tracing` into lines and hands them to the queues.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use plexi_core::Clock;
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::layer::{Context, Layer};
use tracing_subscriber::registry::{LookupSpan, Scope, SpanRef};

use crate::config::Format;
use crate::fields::Fields;
use crate::line::Line;
use crate::queue::Queue;

pub(crate) struct LogLayer {
    pub(crate) format: Format,
    pub(crate) queues: Vec<Arc<Queue>>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) stacktraces: Arc<AtomicBool>,
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for LogLayer {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        span.extensions_mut().insert(fields);
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        if let Some(fields) = span.extensions_mut().get_mut::<Fields>() {
            values.record(fields);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let metadata = event.metadata();
        let level = *metadata.level();
        // before anything is locked: a value's own Debug may log or enter spans
        let stacks = level >= Level::DEBUG && self.stacktraces.load(Ordering::Relaxed);
        let mut own = Fields::collecting(stacks);
        event.record(&mut own);

        let spans: Vec<_> = context.event_scope(event).into_iter().flat_map(Scope::from_root).collect();
        let names: Vec<_> = spans.iter().map(SpanRef::name).collect();
        let extensions: Vec<_> = spans.iter().map(SpanRef::extensions).collect();
        let around: Vec<_> = extensions.iter().filter_map(|extension| extension.get()).collect();
        let all = around.iter().copied().chain([&own]);
        let fields: Vec<_> =
            all.clone().flat_map(|fields| fields.values.iter().map(|(name, value)| (*name, value))).collect();
        let line = Line {
            at: self.clock.now(),
            level,
            target: metadata.target(),
            message: &own.message,
            spans: &names,
            fields: &fields,
            correlation: all.rev().find_map(|fields| fields.correlation.as_deref()),
        };
        let line: Arc<str> = line.format(self.format).into();
        for queue in &self.queues {
            queue.push(Arc::clone(&line), level <= Level::WARN);
        }
    }
}
