//! One sink, its queue, and the thread that writes from one to the other.

use std::io::{self, Write as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use memchr::{memchr, memchr_iter, memrchr};
use plexi_core::Clock;
use tracing::Level;

use crate::config::Format;
use crate::error::LogError;
use crate::fields::{Fields, Forms, Value};
use crate::line::{Around, Line, fixed_width};
use crate::queue::Queue;

/// How much is written at once, in bytes; also how exactly rotation by size is kept.
const CHUNK: usize = 256 * 1024;
/// How long to wait before a failed write is tried again.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// What the log says of itself when it lost lines.
pub(crate) const LOST: &str = "log lines were lost";

/// Where lines end up.
pub(crate) trait Sink: Send + 'static {
    /// Writes whole lines, beginning with the first: at least one of them or, with an error, none.
    fn write(&mut self, lines: &[u8]) -> io::Result<Taken>;

    /// Makes sure that what was written stays.
    fn finish(&mut self) -> io::Result<()>;

    /// The longest pause before a failed write is tried again; the first is a second, each next twice as long.
    fn longest_pause(&self) -> Duration {
        RETRY_AFTER
    }
}

/// What a sink took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Taken {
    /// How many bytes of whole lines.
    pub(crate) bytes: usize,
    /// How many of these lines the other side refused for good.
    pub(crate) refused: u64,
}

impl Taken {
    pub(crate) const fn all(lines: &[u8]) -> Self {
        Self { bytes: lines.len(), refused: 0 }
    }
}

/// Writes lines of the log's own making, which do not come from `tracing`.
#[derive(Clone)]
pub(crate) struct OwnLines {
    pub(crate) format: Format,
    pub(crate) clock: Arc<dyn Clock>,
}

impl OwnLines {
    pub(crate) fn warn(&self, message: &str, fields: &[(&'static str, Value<'_>)]) -> String {
        self.line(Level::WARN, message, fields)
    }

    pub(crate) fn error(&self, message: &str, fields: &[(&'static str, Value<'_>)]) -> String {
        self.line(Level::ERROR, message, fields)
    }

    fn line(&self, level: Level, message: &str, fields: &[(&'static str, Value<'_>)]) -> String {
        let mut own = Fields::new(Forms::of([self.format]));
        message.clone_into(&mut own.message);
        for (name, value) in fields {
            own.put(name, *value);
        }
        let at = fixed_width(self.clock.now());
        let line = Line { at: &at, level, target: "plexi_core_log", around: &Around::default(), own: &own };
        let mut text = String::new();
        line.write(self.format, &mut text);
        text
    }
}

/// How many bytes of these lines are written at once.
fn whole_lines(lines: &[u8]) -> usize {
    let end = match lines.get(..CHUNK) {
        None => None,
        Some(chunk) => memrchr(b'\n', chunk).or_else(|| memchr(b'\n', lines)),
    };
    end.map_or(lines.len(), |end| end + 1)
}

/// Says elsewhere what the log cannot say itself.
pub(crate) type LastResort = Box<dyn Fn(&str, &[(&'static str, Value<'_>)]) + Send>;

/// Says it on standard error.
pub(crate) fn to_stderr(own: &OwnLines) -> LastResort {
    let own = own.clone();
    Box::new(move |message, fields| print(&own.warn(message, fields)))
}

/// Prints a line on standard error.
pub(crate) fn print(line: &str) {
    // nothing is left to tell when standard error is gone
    let _ = io::stderr().lock().write_all(line.as_bytes());
}

/// A sink being written to by a thread of its own. Dropping it writes what waits.
pub(crate) struct Outlet {
    queue: Arc<Queue>,
    failures: Arc<AtomicU64>,
    thread: Option<JoinHandle<()>>,
}

impl Outlet {
    pub(crate) fn start(
        name: &'static str,
        queue: Arc<Queue>,
        sink: impl Sink,
        own: OwnLines,
        last_resort: LastResort,
    ) -> Result<Self, LogError> {
        let failures = Arc::new(AtomicU64::new(0));
        let mut writer = Writer {
            queue: Arc::clone(&queue),
            sink,
            own,
            last_resort,
            failures: Arc::clone(&failures),
            waiting: Vec::new(),
            done: 0,
            lost: 0,
            failing: false,
            pause: RETRY_AFTER,
        };
        let end = End(Arc::clone(&queue));
        let thread = std::thread::Builder::new().name(name.to_owned()).spawn(move || {
            let _end = end;
            writer.run();
        });
        Ok(Self { queue, failures, thread: Some(thread.map_err(LogError::Thread)?) })
    }

    pub(crate) fn failures(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.failures)
    }
}

/// What was left of an outlet that did not end in time.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Left {
    /// Which of those given.
    pub(crate) nth: usize,
    /// How many lines it had not written.
    pub(crate) count: u64,
}

/// Ends outlets, all at the same time. One that has not ended by `until` is left alone.
pub(crate) fn end_all(outlets: Vec<Outlet>, until: Instant) -> Vec<Left> {
    for outlet in &outlets {
        outlet.queue.close();
    }
    let ended = |(nth, mut outlet): (usize, Outlet)| {
        let count = outlet.queue.wait_for_end(until).err()?;
        // it ends by itself, or with the process
        outlet.thread = None;
        Some(Left { nth, count })
    };
    outlets.into_iter().enumerate().filter_map(ended).collect()
}

/// Says that a writer is gone, also when it panicked.
struct End(Arc<Queue>);

impl Drop for End {
    fn drop(&mut self) {
        self.0.end();
    }
}

impl Drop for Outlet {
    fn drop(&mut self) {
        self.queue.close();
        if let Some(thread) = self.thread.take() {
            // a writer that panicked has nothing left to write
            let _ = thread.join();
        }
    }
}

struct Writer<S> {
    queue: Arc<Queue>,
    sink: S,
    own: OwnLines,
    last_resort: LastResort,
    failures: Arc<AtomicU64>,
    /// Whole lines taken from the queue.
    waiting: Vec<u8>,
    /// How much of them is written.
    done: usize,
    /// Lines refused by the queue and not yet reported.
    lost: u64,
    failing: bool,
    /// Before the next attempt.
    pause: Duration,
}

impl<S: Sink> Writer<S> {
    fn run(&mut self) {
        loop {
            // while the sink fails, the queue fills and refuses: memory stays bounded
            let closed = if self.done == self.waiting.len() {
                let batch = self.queue.take(std::mem::take(&mut self.waiting));
                (self.waiting, self.done) = (batch.text, 0);
                self.lost += batch.lost;
                batch.closed
            } else {
                self.queue.is_closed()
            };
            match self.write_waiting() {
                Ok(()) => self.recovered(),
                Err(error) => self.failed(&error),
            }
            if closed {
                // lines may have come in between the last look and the closing
                let rest = self.queue.take_rest();
                self.waiting.extend(rest.text);
                self.lost += rest.lost;
                self.close();
                return;
            }
            if self.failing {
                self.queue.pause(self.pause);
                self.pause = (self.pause * 2).min(self.sink.longest_pause());
            }
        }
    }

    fn write_waiting(&mut self) -> io::Result<()> {
        while self.done < self.waiting.len() {
            let left = &self.waiting[self.done..];
            let chunk = &left[..whole_lines(left)];
            let taken = self.sink.write(chunk)?;
            let count = memchr_iter(b'\n', &chunk[..taken.bytes]).count() as u64;
            let refused = taken.refused.min(count);
            self.done += taken.bytes;
            self.queue.settle(count - refused, false);
            if refused > 0 {
                self.queue.settle(refused, true);
                self.lost += refused;
                (self.last_resort)("log lines were refused", &[("count", Value::Unsigned(refused))]);
            }
        }
        if self.lost > 0 {
            let line = self.own.warn(LOST, &[("count", Value::Unsigned(self.lost))]);
            self.sink.write(line.as_bytes())?;
            self.lost = 0;
        }
        Ok(())
    }

    fn failed(&mut self, error: &io::Error) {
        self.failures.fetch_add(1, Ordering::Relaxed);
        if !self.failing {
            self.failing = true;
            self.queue.set_failing(true);
            let fields = [("error", Value::Text(&error.to_string()))];
            (self.last_resort)("log cannot be written, trying again", &fields);
        }
    }

    fn recovered(&mut self) {
        if self.failing {
            self.failing = false;
            self.pause = RETRY_AFTER;
            self.queue.set_failing(false);
            (self.last_resort)("log can be written again", &[]);
        }
    }

    fn close(&mut self) {
        let last = self.write_waiting().and_then(|()| self.sink.finish());
        if let Err(error) = last {
            let left = memchr_iter(b'\n', &self.waiting[self.done..]).count() as u64;
            self.failures.fetch_add(1, Ordering::Relaxed);
            self.queue.settle(left, true);
            let error = error.to_string();
            let fields = [("count", Value::Unsigned(left + self.lost)), ("error", Value::Text(&error))];
            (self.last_resort)("log lines were lost at the end", &fields);
        }
    }
}

/// Standard error. A console that is gone loses lines and disturbs nobody.
pub(crate) struct Console;

impl Sink for Console {
    fn write(&mut self, lines: &[u8]) -> io::Result<Taken> {
        // part of the lines may be out already: trying again would print them twice
        let _ = io::stderr().lock().write_all(lines);
        Ok(Taken::all(lines))
    }

    fn finish(&mut self) -> io::Result<()> {
        let _ = io::stderr().lock().flush();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::sync::mpsc;

    use plexi_core::{ManualClock, Timestamp};

    use super::*;
    use crate::config::WhenFull;

    /// A sink that is full until told otherwise.
    #[derive(Clone, Default)]
    struct Disk(Arc<Mutex<(bool, String)>>);

    impl Sink for Disk {
        fn write(&mut self, lines: &[u8]) -> io::Result<Taken> {
            let mut disk = self.0.lock().unwrap();
            if disk.0 {
                return Err(io::Error::from(io::ErrorKind::StorageFull));
            }
            disk.1.push_str(std::str::from_utf8(lines).unwrap());
            Ok(Taken::all(lines))
        }

        fn finish(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn start(disk: &Disk, capacity: usize) -> (Outlet, Arc<Queue>, mpsc::Receiver<String>) {
        let (said, hears) = mpsc::channel();
        let clock = Arc::new(ManualClock::new(Timestamp::from_seconds(0)));
        let queue = Arc::new(Queue::new(capacity, WhenFull::Drop));
        let outlet = Outlet::start(
            "test",
            Arc::clone(&queue),
            disk.clone(),
            OwnLines { format: Format::Text, clock },
            Box::new(move |message, fields| said.send(format!("{message} {fields:?}")).unwrap()),
        )
        .unwrap();
        (outlet, queue, hears)
    }

    #[test]
    fn a_full_disk_is_said_once_and_what_waited_is_written_when_there_is_room() {
        let disk = Disk::default();
        disk.0.lock().unwrap().0 = true;
        let (outlet, queue, hears) = start(&disk, 8);
        queue.push("first\n", Level::INFO);
        assert!(hears.recv().unwrap().contains("log cannot be written, trying again [(\"error\""));
        // "first" is in the writer's hands, the queue has room for one more, the third is lost
        queue.push("second\n", Level::INFO);
        queue.push("third\n", Level::WARN);
        assert_eq!(queue.counts().1, 1);
        disk.0.lock().unwrap().0 = false;
        assert!(hears.recv().unwrap().contains("log can be written again"));
        let failures = outlet.failures();
        drop(outlet);
        assert!(failures.load(Ordering::Relaxed) >= 1);
        let written = disk.0.lock().unwrap().1.clone();
        let lines: Vec<_> = written.lines().collect();
        assert_eq!(lines[..2], ["first", "second"], "{written}");
        assert!(lines[2].ends_with("log lines were lost count=1"), "{written}");
    }

    fn plain_outlet(sink: impl Sink) -> (Outlet, Arc<Queue>) {
        let clock = Arc::new(ManualClock::new(Timestamp::from_seconds(0)));
        let queue = Arc::new(Queue::new(1024, WhenFull::Drop));
        let own = OwnLines { format: Format::Text, clock };
        let outlet = Outlet::start("test", Arc::clone(&queue), sink, own, Box::new(|_, _| {}));
        (outlet.unwrap(), queue)
    }

    /// Ends only when another ends.
    struct Twin(Arc<std::sync::Barrier>);

    impl Sink for Twin {
        fn write(&mut self, lines: &[u8]) -> io::Result<Taken> {
            Ok(Taken::all(lines))
        }

        fn finish(&mut self) -> io::Result<()> {
            self.0.wait();
            Ok(())
        }
    }

    #[test]
    fn outlets_end_at_the_same_time_and_not_one_after_the_other() {
        let barrier = Arc::new(std::sync::Barrier::new(2));
        let outlets = (0..2).map(|_| plain_outlet(Twin(Arc::clone(&barrier))).0).collect();
        assert_eq!(end_all(outlets, Instant::now() + Duration::from_secs(30)), []);
    }

    /// Takes nothing and says nothing until it is let go.
    struct Silent(mpsc::Receiver<()>);

    impl Sink for Silent {
        fn write(&mut self, lines: &[u8]) -> io::Result<Taken> {
            let _ = self.0.recv();
            Ok(Taken::all(lines))
        }

        fn finish(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn one_that_hangs_is_left_alone_when_the_time_is_over_and_what_it_had_is_told() {
        let (release, silent) = mpsc::channel();
        let (hanging, queue) = plain_outlet(Silent(silent));
        let (other, _) = plain_outlet(Disk::default());
        for line in ["first\n", "second\n"] {
            queue.push(line, Level::INFO);
        }
        let left = end_all(vec![hanging, other], Instant::now());
        assert!(left.contains(&Left { nth: 0, count: 2 }), "{left:?}");
        drop(release);
    }

    #[test]
    fn what_cannot_be_written_at_the_end_is_counted() {
        let disk = Disk::default();
        disk.0.lock().unwrap().0 = true;
        let (outlet, queue, hears) = start(&disk, 1024);
        queue.push("only\n", Level::INFO);
        assert!(hears.recv().unwrap().contains("log cannot be written"));
        drop(outlet);
        assert!(hears.recv().unwrap().contains(r#"log lines were lost at the end [("count", Unsigned(1)"#));
        assert_eq!(queue.counts().1, 1);
    }
}
