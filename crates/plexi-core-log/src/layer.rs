//! Turns events of `tracing` into lines and hands them to the queues.

use std::cell::Cell;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use plexi_core::Clock;
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::Interest;
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::layer::{Context, Layer};
use tracing_subscriber::registry::{LookupSpan, Scope, SpanRef};

use crate::config::Format;
use crate::fields::{Fields, Forms};
use crate::level::Levels;
use crate::line::{Line, Stamp};
use crate::outlet::to_stderr;
use crate::queue::Queue;

/// The way to one sink.
pub(crate) struct Tap {
    pub(crate) queue: Arc<Queue>,
    pub(crate) format: Format,
}

pub(crate) struct LogLayer {
    pub(crate) levels: Arc<RwLock<Levels>>,
    pub(crate) taps: Vec<Tap>,
    pub(crate) forms: Forms,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) stacktraces: Arc<AtomicBool>,
}

/// What making a line needs, kept by each thread to be used again.
#[derive(Default)]
struct Desk {
    own: Fields,
    stamp: Stamp,
    line: String,
}

/// A line that was longer gives its memory back.
const KEPT: usize = 16 * 1024;

thread_local! {
    /// Holds nothing between two events but memory, and the time of the last one.
    static DESK: Cell<Option<Box<Desk>>> = const { Cell::new(None) };
}

impl LogLayer {
    fn levels<T>(&self, ask: impl FnOnce(&Levels) -> T) -> T {
        ask(&self.levels.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn write<S: Subscriber + for<'a> LookupSpan<'a>>(
        &self,
        event: &Event<'_>,
        context: &Context<'_, S>,
        desk: &mut Desk,
    ) {
        let metadata = event.metadata();
        let level = *metadata.level();
        // before anything is locked: a value's own Debug may log or enter spans
        let stacks = level >= Level::DEBUG && self.stacktraces.load(Ordering::Relaxed);
        desk.own.begin(self.forms, stacks);
        event.record(&mut desk.own);

        let spans: Vec<_> = context.event_scope(event).into_iter().flat_map(Scope::from_root).collect();
        let names: Vec<_> =
            if self.forms.json { spans.iter().map(SpanRef::name).collect() } else { Vec::new() };
        let extensions: Vec<_> = spans.iter().map(SpanRef::extensions).collect();
        let around: Vec<_> = extensions.iter().filter_map(|extension| extension.get()).collect();
        let line = Line {
            at: desk.stamp.write(self.clock.now()),
            level,
            target: metadata.target(),
            spans: &names,
            around: &around,
            own: &desk.own,
        };
        let mut written = None;
        let mut taken = false;
        for tap in &self.taps {
            if written != Some(tap.format) {
                desk.line.clear();
                line.write(tap.format, &mut desk.line);
                written = Some(tap.format);
            }
            taken |= tap.queue.push(&desk.line, level);
        }
        if !taken && level == Level::ERROR {
            to_stderr()(&desk.line);
        }
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for LogLayer {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        if self.levels(|levels| levels.wants(metadata)) { Interest::always() } else { Interest::never() }
    }

    fn enabled(&self, metadata: &Metadata<'_>, _: Context<'_, S>) -> bool {
        self.levels(|levels| levels.wants(metadata))
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(self.levels(Levels::most_verbose))
    }

    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        let mut fields = Fields::new(self.forms);
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
        // an event inside an event, or of a thread that ends, finds none and makes its own
        let mut desk = DESK.try_with(Cell::take).ok().flatten().unwrap_or_default();
        self.write(event, &context, &mut desk);
        desk.line.shrink_to(KEPT);
        let _ = DESK.try_with(|kept| kept.set(Some(desk)));
    }
}
