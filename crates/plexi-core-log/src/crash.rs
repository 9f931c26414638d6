//! What is left when the server crashes: the end of the log and why.
//!
//! The room for it is taken at the start, so that it can be written when the disk is full.

use std::backtrace::Backtrace;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::panic::PanicHookInfo;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use plexi_core::{Clock, Timestamp};

use crate::config::CrashConfig;
use crate::escape;
use crate::fields::Value;
use crate::file::{Place, private};
use crate::outlet::{OwnLines, print};
use crate::queue::Queue;
use crate::rotated_name::RotatedName;

/// The first part of the names of crash logs.
pub(crate) const STEM: &str = "crash";
/// The file that holds the room for the next one.
const RESERVE: &str = ".crash-reserve";
/// The most that is written after the end of the log.
const TRAILER: usize = 64 * 1024;
/// How many are written in one run: a server that panics all the time must not fill its disk with them.
const IN_ONE_RUN: u32 = 16;
/// How long lines on their way to the file are waited for.
const PATIENCE: Duration = Duration::from_millis(500);

/// What the crash log needs of the log.
pub(crate) struct Witness {
    pub(crate) place: Place,
    pub(crate) queue: Arc<Queue>,
    pub(crate) own: OwnLines,
    pub(crate) clock: Arc<dyn Clock>,
}

/// Writes crash logs.
pub(crate) struct CrashLog {
    witness: Witness,
    tail: u64,
    started: Timestamp,
    build: Mutex<String>,
    room: Mutex<Option<Room>>,
    written: AtomicU32,
}

/// A file that takes up what the next crash log needs.
struct Room {
    path: PathBuf,
    file: File,
}

impl Room {
    fn take(folder: &Path, len: u64) -> io::Result<Self> {
        let path = folder.join(RESERVE);
        let mut file = private().read(true).write(true).create(true).truncate(true).open(&path)?;
        if let Err(error) = io::copy(&mut io::repeat(0).take(len), &mut file) {
            // part of the room is of no use, least of all when there is no more
            let _ = fs::remove_file(path);
            return Err(error);
        }
        Ok(Self { path, file })
    }
}

impl CrashLog {
    /// Takes the room. That there is none is told in the log; a crash log is then attempted without.
    pub(crate) fn new(config: &CrashConfig, witness: Witness) -> Self {
        let tail = u64::from(config.tail_kb) * 1024;
        let started = witness.clock.now();
        let log = Self {
            witness,
            tail,
            started,
            build: Mutex::default(),
            room: Mutex::default(),
            written: AtomicU32::new(0),
        };
        if let Err(error) = log.take_room() {
            log.witness.tell("no room can be kept for a crash log", &error.to_string());
        }
        log
    }

    fn take_room(&self) -> io::Result<()> {
        let len = self.tail + TRAILER as u64;
        let room = Room::take(&self.witness.place.folder, len)?;
        *self.room.lock().unwrap_or_else(PoisonError::into_inner) = Some(room);
        Ok(())
    }

    /// Writes a crash log for each panic from now on, for as long as the log lives. `build` tells what crashed.
    pub(crate) fn catch_panics(self: &Arc<Self>, build: &str) {
        build.clone_into(&mut self.build.lock().unwrap_or_else(PoisonError::into_inner));
        let log = Arc::downgrade(self);
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            before(panic);
            if let Some(log) = log.upgrade() {
                log.panicked(panic);
            }
        }));
    }

    fn panicked(&self, panic: &PanicHookInfo<'_>) {
        let words = panic.payload_as_str().unwrap_or("no words");
        let place = panic.location().map_or_else(|| "an unknown place".to_owned(), ToString::to_string);
        self.write(&format!("panicked at {place}: {words}"));
    }

    /// Writes a crash log; its path when that was possible. What cannot be written goes to standard error.
    pub(crate) fn write(&self, reason: &str) -> Option<PathBuf> {
        if self.written.fetch_add(1, Ordering::Relaxed) >= IN_ONE_RUN {
            self.witness.tell("crash log not written, this run has written enough of them", reason);
            return None;
        }
        let backtrace = Backtrace::force_capture().to_string();
        // so that the last words are in the file; a writer that hangs or has crashed itself is not waited for
        self.witness.queue.flush(PATIENCE);
        let now = self.witness.clock.now();
        let trailer = self.trailer(now, reason, &backtrace);
        match self.save(now, &trailer) {
            Ok(path) => {
                let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
                self.witness.tell("crash log written", &name.unwrap_or_default());
                // when there is no room now, the next one is attempted without
                let _ = self.take_room();
                Some(path)
            }
            Err(error) => {
                let told = format!("crash log cannot be written: {error}\n{trailer}");
                print(&told);
                None
            }
        }
    }

    fn trailer(&self, now: Timestamp, reason: &str, backtrace: &str) -> String {
        let thread = std::thread::current();
        let build = self.build.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let mut text = format!("\n--- crash {now} ---\n");
        let mut say = |name: &str, value: &str| {
            // infallible: writing to a String
            let _ = write!(text, "{name}: ");
            escape::plain(&mut text, value);
            text.push('\n');
        };
        say("reason", reason);
        say("thread", thread.name().unwrap_or("without a name"));
        say("build", &build);
        say("system", &format!("{} {}", std::env::consts::OS, std::env::consts::ARCH));
        say("process", &std::process::id().to_string());
        say("uptime", &format!("{:.3} seconds", now.since(self.started).as_secs_f64()));
        say("lines lost", &self.witness.queue.counts().1.to_string());
        text.push_str("backtrace:\n");
        for line in backtrace.lines() {
            escape::plain(&mut text, line);
            text.push('\n');
        }
        // printable ASCII: every byte is the end of a character
        text.truncate(TRAILER);
        text
    }

    fn save(&self, now: Timestamp, trailer: &str) -> io::Result<PathBuf> {
        let folder = &self.witness.place.folder;
        let mut name = RotatedName::new(STEM, now);
        while folder.join(name.to_string()).exists() {
            name.at = name.at.plus(Duration::from_micros(1));
        }
        let target = folder.join(name.to_string());
        let room = self.room.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(mut room) = room else {
            let mut file = private().write(true).create_new(true).open(&target)?;
            self.fill(&mut file, trailer)?;
            return Ok(target);
        };
        let saved = self.fill(&mut room.file, trailer).and_then(|()| fs::rename(&room.path, &target));
        if let Err(error) = saved {
            // for the next one, and to be taken away at the end
            *self.room.lock().unwrap_or_else(PoisonError::into_inner) = Some(room);
            return Err(error);
        }
        Ok(target)
    }

    /// Writes the end of the log and `trailer`, and nothing after them.
    fn fill(&self, file: &mut File, trailer: &str) -> io::Result<()> {
        file.seek(SeekFrom::Start(0))?;
        // without the end of the log the reason is still worth having
        let tail = self.copy_tail(file).unwrap_or(0);
        file.seek(SeekFrom::Start(tail))?;
        file.write_all(trailer.as_bytes())?;
        file.set_len(tail + trailer.len() as u64)?;
        // what cannot be synchronised is in the file all the same
        let _ = file.sync_data();
        Ok(())
    }

    /// Copies the last whole lines of the log; how many bytes they are.
    fn copy_tail(&self, into: &mut File) -> io::Result<u64> {
        let mut log = File::open(&self.witness.place.path)?;
        let len = log.metadata()?.len();
        let from = len.saturating_sub(self.tail);
        log.seek(SeekFrom::Start(from))?;
        let mut log = io::BufReader::new(log.take(self.tail));
        if from > 0 {
            io::BufRead::skip_until(&mut log, b'\n')?;
        }
        io::copy(&mut log, into)
    }
}

impl Witness {
    fn tell(&self, message: &str, about: &str) {
        self.queue.tell(&self.own.error(message, &[("about", Value::Text(about))]));
    }
}

impl Drop for CrashLog {
    fn drop(&mut self) {
        if let Some(room) = self.room.get_mut().unwrap_or_else(PoisonError::into_inner).take() {
            // the next start overwrites it
            let _ = fs::remove_file(room.path);
        }
    }
}
