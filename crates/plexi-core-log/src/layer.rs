//! Turns events of `tracing` into lines and hands them to the queues.

use std::cell::Cell;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use plexi_core::Clock;
use smallvec::SmallVec;
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::Interest;
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::layer::{Context, Layer};
use tracing_subscriber::registry::{LookupSpan, SpanRef};

use crate::config::Format;
use crate::entered;
use crate::fields::{Fields, Forms};
use crate::level::{Level as LogLevel, Levels};
use crate::line::{Around, Line, Stamp};
use crate::outlet::print;
use crate::plugins::{PLUGIN_TARGET, Plugins};
use crate::queue::Queue;

/// The way to one sink.
pub(crate) struct Tap {
    pub(crate) queue: Arc<Queue>,
    pub(crate) format: Format,
    pub(crate) threshold: Arc<Threshold>,
}

/// How severe an event must be for a sink; may be changed at any time.
pub(crate) struct Threshold(AtomicU8);

impl Threshold {
    /// One that lets everything through when there is no level.
    pub(crate) fn new(level: Option<LogLevel>) -> Self {
        Self(AtomicU8::new(level.unwrap_or(LogLevel::Trace).as_number()))
    }

    pub(crate) fn set(&self, level: Option<LogLevel>) {
        self.0.store(level.unwrap_or(LogLevel::Trace).as_number(), Ordering::Relaxed);
    }

    pub(crate) fn get(&self) -> LogLevel {
        LogLevel::of_number(self.0.load(Ordering::Relaxed))
    }

    fn lets(&self, level: Level) -> bool {
        let number = match level {
            Level::ERROR => LogLevel::Error,
            Level::WARN => LogLevel::Warn,
            Level::INFO => LogLevel::Info,
            Level::DEBUG => LogLevel::Debug,
            Level::TRACE => LogLevel::Trace,
        };
        number.as_number() <= self.0.load(Ordering::Relaxed)
    }
}

pub(crate) struct LogLayer {
    /// Tells this layer from others of the same process.
    pub(crate) id: u64,
    /// How often a span changed or ended.
    pub(crate) changes: AtomicU64,
    pub(crate) levels: Arc<RwLock<Levels>>,
    pub(crate) taps: Vec<Tap>,
    pub(crate) forms: Forms,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) stacktraces: Arc<AtomicBool>,
    /// The form of the log itself, which plugins' logs have as well.
    pub(crate) format: Format,
    pub(crate) plugins: Option<Arc<Plugins>>,
}

/// What making a line needs, kept by each thread to be used again.
struct Desk {
    own: Fields,
    around: Around,
    /// Of which layer and span that is, and of which of the layer's changes.
    around_of: Option<(u64, u64, u64)>,
    stamp: Stamp,
    line: String,
}

impl Default for Desk {
    fn default() -> Self {
        Self {
            own: Fields::of_many(),
            around: Around::default(),
            around_of: None,
            stamp: Stamp::default(),
            line: String::new(),
        }
    }
}

/// As many spans as are commonly around an event take no memory of their own.
type Few<T> = SmallVec<[T; 4]>;

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

        self.look_around(event, context, desk);
        let line = Line {
            at: desk.stamp.write(self.clock.now()),
            level,
            target: metadata.target(),
            around: &desk.around,
            own: &desk.own,
        };
        if let Some(queue) = self.plugin(metadata, &desk.own) {
            desk.line.clear();
            line.write(self.format, &mut desk.line);
            let taken = queue.push(&desk.line, level);
            // one that was closed just now: the line goes where the next one will
            if taken || !queue.is_closed() {
                if !taken && level == Level::ERROR {
                    print(&desk.line);
                }
                return;
            }
        }
        let mut written = None;
        let (mut wanted, mut taken) = (false, false);
        for tap in self.taps.iter().filter(|tap| tap.threshold.lets(level)) {
            if written != Some(tap.format) {
                desk.line.clear();
                line.write(tap.format, &mut desk.line);
                written = Some(tap.format);
            }
            wanted = true;
            taken |= tap.queue.push(&desk.line, level);
        }
        if wanted && !taken && level == Level::ERROR {
            print(&desk.line);
        }
    }

    /// Writes what the spans around the event say, unless it is what they said last time.
    fn look_around<S: Subscriber + for<'a> LookupSpan<'a>>(
        &self,
        event: &Event<'_>,
        context: &Context<'_, S>,
        desk: &mut Desk,
    ) {
        let inside = event.is_contextual().then(|| entered::current(self.id));
        let Desk { own, around, around_of, .. } = desk;
        if inside == Some(None) {
            around.clear();
            *around_of = None;
            return;
        }
        // before they are looked at: a change after that is seen next time
        let now = inside.flatten().map(|span| (self.id, span, self.changes.load(Ordering::Acquire)));
        if now.is_some() && *around_of == now && !around.is_hidden_by(own) {
            return;
        }
        let mut spans: Few<_> = context.event_scope(event).into_iter().flatten().collect();
        spans.reverse();
        let extensions: Few<_> = spans.iter().map(SpanRef::extensions).collect();
        let fields: Few<&Fields> = extensions.iter().filter_map(|extension| extension.get()).collect();
        around.write(spans.iter().map(SpanRef::name), &fields, own);
        let hidden = fields.iter().any(|fields| fields.is_hidden_by(own));
        *around_of = if hidden { None } else { now };
    }

    /// The way to the log of the plugin that logs this event, when it has one.
    fn plugin(&self, metadata: &Metadata<'_>, own: &Fields) -> Option<Arc<Queue>> {
        if metadata.target() != PLUGIN_TARGET {
            return None;
        }
        self.plugins.as_ref()?.queue(own.plugin()?)
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
        self.changes.fetch_add(1, Ordering::Release);
    }

    fn on_enter(&self, id: &Id, _: Context<'_, S>) {
        entered::enter(self.id, id.into_u64());
    }

    fn on_exit(&self, id: &Id, _: Context<'_, S>) {
        entered::exit(self.id, id.into_u64());
    }

    fn on_close(&self, _: Id, _: Context<'_, S>) {
        // another span may get its id
        self.changes.fetch_add(1, Ordering::Release);
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        // an event inside an event, or of a thread that ends, finds none and makes its own
        let mut desk = DESK.try_with(Cell::take).ok().flatten().unwrap_or_default();
        self.write(event, &context, &mut desk);
        desk.line.shrink_to(KEPT);
        let _ = DESK.try_with(|kept| kept.set(Some(desk)));
    }
}
