//! Zips files that were put aside, in a thread of its own, and deletes those that are too old.
//!
//! An archive is written under another name, synchronised, renamed, and only then is its source deleted. A
//! crash at any point leaves the log whole in one form or the other, and the next start completes the work.

use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use plexi_core::Clock;
use zip::CompressionMethod;
use zip::write::{SimpleFileOptions, ZipWriter};

use crate::config::LogConfig;
use crate::crash;
use crate::error::LogError;
use crate::fields::Value;
use crate::file::{Place, private};
use crate::outlet::OwnLines;
use crate::plugins::is_name;
use crate::queue::Queue;
use crate::reader::PLUGINS;
use crate::rotated_name::{Kind, RotatedName};

/// How many files may wait; one more is left for the next start.
const WAITING: usize = 256;

#[derive(Default)]
struct Open {
    count: Mutex<usize>,
    none: Condvar,
}

impl Open {
    fn change(&self, change: impl FnOnce(usize) -> usize) {
        let mut count = self.count.lock().unwrap_or_else(PoisonError::into_inner);
        *count = change(*count);
        drop(count);
        self.none.notify_all();
    }
}

/// Where files that were put aside are handed in, and where troubles with files are told.
#[derive(Clone)]
pub(crate) struct Inbox {
    files: SyncSender<(Place, RotatedName)>,
    open: Arc<Open>,
    log: Arc<Queue>,
    own: OwnLines,
}

impl Inbox {
    /// Hands in a file that was put aside.
    pub(crate) fn add(&self, place: &Place, name: RotatedName) {
        self.open.change(|count| count + 1);
        if self.files.try_send((place.clone(), name)).is_err() {
            self.open.change(|count| count - 1);
        }
    }

    /// Writes about a trouble into the log itself.
    pub(crate) fn report(&self, message: &str, error: &io::Error) {
        let error = error.to_string();
        self.log.tell(&self.own.warn(message, &[("error", Value::Text(&error))]));
    }

    /// Waits until no file is left to archive; `false` when that takes longer than `patience`.
    pub(crate) fn wait_until_empty(&self, patience: Duration) -> bool {
        let until = Instant::now() + patience;
        let mut count = self.open.count.lock().unwrap_or_else(PoisonError::into_inner);
        while *count > 0 {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            count = self.open.none.wait_timeout(count, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        true
    }
}

/// How much is kept.
#[derive(Default)]
pub(crate) struct Retention {
    pub(crate) days: AtomicU32,
    pub(crate) max_mb: AtomicU32,
}

impl Retention {
    pub(crate) fn set(&self, config: &LogConfig) {
        self.days.store(config.retention_days, Ordering::Relaxed);
        self.max_mb.store(config.retention_max_mb, Ordering::Relaxed);
    }
}

/// What the archive is to do.
#[derive(Clone)]
pub(crate) struct Rules {
    /// The server's own log; those of plugins are below its folder.
    pub(crate) place: Place,
    pub(crate) compress: bool,
    pub(crate) retention: Arc<Retention>,
    pub(crate) clock: Arc<dyn Clock>,
}

/// The archiving thread. Dropping it stops at the next block; the next start completes the file.
pub(crate) struct Archive {
    stop: Arc<AtomicBool>,
    wake: Option<SyncSender<(Place, RotatedName)>>,
    thread: Option<JoinHandle<()>>,
}

impl Archive {
    /// Starts with what a crash may have left.
    pub(crate) fn start(rules: Rules, log: Arc<Queue>, own: OwnLines) -> Result<(Self, Inbox), LogError> {
        let (files, work) = sync_channel(WAITING);
        let stop = Arc::new(AtomicBool::new(false));
        let open = Arc::new(Open::default());
        // the look for leftovers counts as one piece of work
        open.change(|count| count + 1);
        let inbox = Inbox { files: files.clone(), open, log, own };
        let archivist = Archivist {
            rules,
            stop: Arc::clone(&stop),
            open: Arc::clone(&inbox.open),
            log: Arc::clone(&inbox.log),
            own: inbox.own.clone(),
        };
        let thread = std::thread::Builder::new()
            .name("log-archive".to_owned())
            .spawn(move || archivist.run(&work))
            .map_err(LogError::Thread)?;
        Ok((Self { stop, wake: Some(files), thread: Some(thread) }, inbox))
    }
}

impl Drop for Archive {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(wake) = self.wake.take() {
            // an empty stem names no file: it only wakes the thread; a full channel does too
            let nothing = RotatedName::new("", plexi_core::Timestamp::default());
            let _ = wake.try_send((Place::new(PathBuf::new()), nothing));
        }
        if let Some(thread) = self.thread.take() {
            // a thread that panicked leaves its file to the next start
            let _ = thread.join();
        }
    }
}

struct Archivist {
    rules: Rules,
    stop: Arc<AtomicBool>,
    open: Arc<Open>,
    log: Arc<Queue>,
    own: OwnLines,
}

impl Archivist {
    fn run(&self, work: &Receiver<(Place, RotatedName)>) {
        self.attempt("leftover logs cannot be archived", self.complete_leftovers());
        self.attempt("old logs cannot be deleted", self.delete_old());
        self.open.change(|count| count - 1);
        while let Ok((place, name)) = work.recv() {
            if self.stopping() {
                return;
            }
            self.attempt("log cannot be archived", self.archive(&place, &name));
            self.attempt("old logs cannot be deleted", self.delete_old());
            self.open.change(|count| count - 1);
        }
    }

    fn stopping(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    fn attempt(&self, message: &str, result: io::Result<()>) {
        if let Err(error) = result
            && !self.stopping()
        {
            let error = error.to_string();
            self.log.tell(&self.own.warn(message, &[("error", Value::Text(&error))]));
        }
    }

    /// The server's log and those of all plugins, also of plugins that are not running.
    fn places(&self) -> io::Result<Vec<Place>> {
        let folder = &self.rules.place.folder;
        let mut places = vec![self.rules.place.clone()];
        let entries = match fs::read_dir(folder.join(PLUGINS)) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(places),
            Err(error) => return Err(error),
        };
        for entry in entries {
            let entry = entry?;
            if entry.file_type()?.is_dir()
                && let Some(name) = entry.file_name().to_str()
                && is_name(name)
            {
                places.push(Place::of_plugin(folder, name));
            }
        }
        Ok(places)
    }

    fn complete_leftovers(&self) -> io::Result<()> {
        for place in self.places()? {
            let found = put_aside(&place.folder, &place.stem)?;
            for partial in found.iter().filter(|name| name.kind == Kind::Partial) {
                fs::remove_file(path(&place, partial))?;
            }
            for plain in found.iter().filter(|name| name.kind == Kind::Plain) {
                self.archive(&place, plain)?;
            }
        }
        Ok(())
    }

    fn archive(&self, place: &Place, name: &RotatedName) -> io::Result<()> {
        let source = path(place, name);
        if !self.rules.compress || !source.exists() {
            return Ok(());
        }
        let finished = path(place, &name.of_kind(Kind::Zip));
        // an archive under its final name is whole: only the deletion of its source was missing
        if !finished.exists() {
            let partial = path(place, &name.of_kind(Kind::Partial));
            if let Err(error) = self.compress(&source, &partial, &name.to_string()) {
                // at worst the next start removes it
                let _ = fs::remove_file(&partial);
                return Err(error);
            }
            fs::rename(&partial, &finished)?;
            sync_folder(&place.folder)?;
        }
        fs::remove_file(&source)
    }

    fn compress(&self, source: &Path, target: &Path, entry: &str) -> io::Result<()> {
        let mut source = File::open(source)?;
        let target = private().write(true).create(true).truncate(true).open(target)?;
        let mut zip = ZipWriter::new(target);
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .large_file(source.metadata()?.len() >= u64::from(u32::MAX) / 2);
        zip.start_file(entry, options)?;
        let mut block = vec![0_u8; 64 * 1024];
        loop {
            if self.stopping() {
                return Err(io::Error::from(io::ErrorKind::Interrupted));
            }
            match source.read(&mut block)? {
                0 => break,
                read => zip.write_all(&block[..read])?,
            }
        }
        zip.finish()?.sync_all()
    }

    fn delete_old(&self) -> io::Result<()> {
        let mut kept = Vec::new();
        for place in self.places()? {
            let found = put_aside(&place.folder, &place.stem)?;
            kept.extend(found.into_iter().map(|name| (name.at, path(&place, &name))));
        }
        let own = &self.rules.place;
        let crashes =
            put_aside(&own.folder, crash::STEM)?.into_iter().filter(|name| name.kind == Kind::Plain);
        kept.extend(crashes.map(|name| (name.at, path(own, &name))));
        kept.sort();
        let days = self.rules.retention.days.load(Ordering::Relaxed);
        let age = Duration::from_secs(u64::from(days) * 24 * 3600);
        let oldest = self.rules.clock.now().minus(age);
        let too_old = kept.iter().take_while(|(at, _)| days > 0 && *at < oldest).count();
        for (_, file) in kept.drain(..too_old) {
            fs::remove_file(file)?;
        }
        let mut sizes = Vec::new();
        for (_, file) in kept {
            let size = fs::metadata(&file)?.len();
            sizes.push((file, size));
        }
        let limit = u64::from(self.rules.retention.max_mb.load(Ordering::Relaxed)) * 1024 * 1024;
        let mut total: u64 = sizes.iter().map(|(_, size)| size).sum();
        for (file, size) in sizes {
            if limit == 0 || total <= limit {
                break;
            }
            fs::remove_file(file)?;
            total -= size;
        }
        Ok(())
    }
}

fn path(place: &Place, name: &RotatedName) -> PathBuf {
    place.folder.join(name.to_string())
}

/// The files in a folder that were made by putting the log `stem` aside, oldest first.
fn put_aside(folder: &Path, stem: &str) -> io::Result<Vec<RotatedName>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_file()
            && let Some(name) = entry.file_name().to_str()
            && let Some(name) = RotatedName::parse(stem, name)
        {
            found.push(name);
        }
    }
    found.sort_by_key(|name| name.at);
    Ok(found)
}

#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}
