//! Moves whole workspaces of a running server, one at a time. The file lies in a folder of its own in the data folder, which is
//! emptied at the start: what a crash left is of no use, since an import can be run again.

use std::io::{self, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use plexi_config::Live;
use plexi_core::{Coded as _, ErrorCode, Timestamp};
use plexi_db::Database;
use plexi_messaging::Messaging;
use plexi_messaging::transfer::{self, Bounds, Mode, Progress, Source, TransferError};
use plexi_supervisor::TaskGroup;
use plexi_web::{
    ApiError, CHUNK, Transfer, TransferKind, TransferSource, TransferState, TransferWish, Transfers,
};
use serde_json::Value;
use tokio::fs::{File, OpenOptions};
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _, AsyncWriteExt as _};
use tokio_util::sync::CancellationToken;

use crate::error::AppError;
use crate::services::{Ambient, Services};
use crate::settings::Settings;

/// An upload that nothing arrived of for so long gives its place to another.
const ABANDONED: Duration = Duration::from_mins(10);
/// How many times the largest upload a zip may unpack to.
const UNPACKED: u64 = 8;
/// The longest name of a file that is brought, in bytes: shorter than what any file system keeps.
const LONGEST_NAME: usize = 200;
/// What an archive of ours is called.
const ARCHIVE: &str = "export.zip";

/// Imports and exports of a running server. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Moves(Arc<Inner>);

struct Inner {
    database: Database,
    messaging: Messaging,
    folder: PathBuf,
    settings: Live<Settings>,
    ambient: Ambient,
    tasks: TaskGroup,
    job: Mutex<Option<Job>>,
    /// One piece at a time.
    turn: tokio::sync::Mutex<()>,
    /// Held while a transfer is at work, also one that was cancelled and has not ended yet.
    at_work: Arc<tokio::sync::Mutex<()>>,
}

/// Says that a transfer has ended that was dropped: its group had its time to stop, or was between two runs.
struct Ending {
    moves: Moves,
    id: String,
    comes: bool,
}

impl Ending {
    /// It ended by itself, and says how.
    fn comes(mut self) {
        self.comes = true;
    }
}

impl Drop for Ending {
    fn drop(&mut self) {
        if !self.comes {
            self.moves.fail(&self.id, "stopped".to_owned());
        }
    }
}

struct Job {
    shown: Transfer,
    source: Option<Source>,
    file: PathBuf,
    touched: Timestamp,
    stop: CancellationToken,
}

impl Moves {
    /// Empties the folder of files that a former run left. The work is done by `tasks`.
    pub(crate) fn new(
        services: &Services,
        settings: Live<Settings>,
        tasks: TaskGroup,
    ) -> Result<Self, AppError> {
        let folder = services.dirs.root().join("transfer");
        match std::fs::remove_dir_all(&folder) {
            Ok(()) => tracing::info!("files of a transfer that was cut off removed"),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(source) => return Err(AppError::Folder { action: "write to", path: folder, source }),
        }
        Ok(Self(Arc::new(Inner {
            database: services.database.clone(),
            messaging: services.messaging.clone(),
            folder,
            settings,
            ambient: services.ambient.clone(),
            tasks,
            job: Mutex::new(None),
            turn: tokio::sync::Mutex::new(()),
            at_work: Arc::default(),
        })))
    }

    fn job(&self) -> MutexGuard<'_, Option<Job>> {
        // what it holds is for show: a panic elsewhere does not spoil it
        self.0.job.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the transfer `id`, if it is still the one of now.
    fn change(&self, id: &str, change: impl FnOnce(&mut Transfer)) {
        if let Some(job) = self.job().as_mut().filter(|job| job.shown.id == id) {
            change(&mut job.shown);
        }
    }

    fn fail(&self, id: &str, why: String) {
        tracing::warn!(transfer = id, error = %why, "transfer failed");
        self.change(id, |shown| {
            shown.state = TransferState::Failed;
            shown.error = Some(why);
        });
    }

    /// The transfer `id` with its file.
    fn find(&self, id: &str) -> Result<(Transfer, PathBuf), ApiError> {
        let job = self.job();
        let found = job.as_ref().filter(|job| job.shown.id == id);
        let found = found.ok_or_else(|| ApiError::new(ErrorCode::ValidationNotFound))?;
        Ok((found.shown.clone(), found.file.clone()))
    }

    /// Stops the transfer of now and removes its files.
    async fn clear(&self) -> Result<(), ApiError> {
        let Some(job) = self.job().take() else { return Ok(()) };
        job.stop.cancel();
        match tokio::fs::remove_dir_all(self.folder_of(&job.shown.id)).await {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(refused(&error)),
            _ => Ok(()),
        }
    }

    fn folder_of(&self, id: &str) -> PathBuf {
        self.0.folder.join(id)
    }

    /// Begins the work as a task.
    fn start(&self, id: &str) {
        let (source, file, stop, mode) = match self.job().as_mut().filter(|job| job.shown.id == id) {
            Some(job) => {
                job.shown.state = TransferState::Running;
                // The group may have been started anew since the upload began.
                job.stop = self.0.tasks.stop_token().child_token();
                let mode = Mode { dry_run: job.shown.dry_run, restore: job.shown.restore };
                (job.source, job.file.clone(), job.stop.clone(), mode)
            }
            None => return,
        };
        let Ok(held) = Arc::clone(&self.0.at_work).try_lock_owned() else {
            return self.fail(id, "another transfer is at work".to_owned());
        };
        let brings = source.is_some() && !mode.dry_run;
        let (moves, id) = (self.clone(), id.to_owned());
        let ending = Ending { moves: self.clone(), id: id.clone(), comes: false };
        self.0.tasks.spawn(async move {
            let runtime = tokio::runtime::Handle::current();
            let (worker, name) = (moves.clone(), id.clone());
            // packing and unpacking take a core: not one of those that answer
            let work = tokio::task::spawn_blocking(move || {
                runtime.block_on(worker.work(&name, source, &file, mode, &stop))
            });
            let done = work.await;
            if brings {
                // also when it failed: what came before the failure is there
                moves.0.messaging.imported();
            }
            let archive = source.is_none() && matches!(done, Ok(Ok(_)));
            if !archive {
                moves.tidy(&id).await;
            }
            // who sees that it has ended can begin another
            ending.comes();
            drop(held);
            match done {
                Ok(Ok((report, size))) => {
                    tracing::info!(transfer = %id, report = %report, "transfer done");
                    moves.change(&id, |shown| {
                        shown.state = TransferState::Done;
                        shown.report = Some(report);
                        shown.size = size;
                    });
                }
                Ok(Err(TransferError::Stopped)) => moves.fail(&id, "stopped".to_owned()),
                Ok(Err(error)) => moves.fail(&id, moves.told(&id, &error)),
                Err(error) => {
                    tracing::error!(%error, "transfer panicked");
                    moves.fail(&id, "something failed; the log says what".to_owned());
                }
            }
        });
    }

    /// Removes the files of a transfer.
    async fn tidy(&self, id: &str) {
        if let Err(error) = tokio::fs::remove_dir_all(self.folder_of(id)).await
            && error.kind() != io::ErrorKind::NotFound
        {
            tracing::warn!(%error, "files of a transfer could not be removed");
        }
    }

    /// Does it; what was done, and the length of the file.
    async fn work(
        &self,
        id: &str,
        source: Option<Source>,
        file: &Path,
        mode: Mode,
        stop: &CancellationToken,
    ) -> Result<(Value, u64), TransferError> {
        let show = |progress: Progress| {
            self.change(id, |shown| {
                shown.messages = progress.messages;
                (shown.parts_done, shown.parts) = progress.parts;
            });
        };
        let store = &self.0.database;
        let report = if let Some(source) = source {
            let most = u64::from(self.0.settings.get().transfer.max_upload_mib) * 1024 * 1024;
            let bounds = Bounds {
                most_unpacked: most.saturating_mul(UNPACKED),
                scratch: Some(self.folder_of(id)),
                stop: stop.clone(),
            };
            serde_json::to_value(transfer::import_file(store, source, file, mode, bounds, &show).await?)
        } else {
            let now = self.0.ambient.clock.now();
            tokio::select! {
                done = transfer::native::export(store, file, now, &show) => serde_json::to_value(done?),
                () = stop.cancelled() => return Err(TransferError::Stopped),
            }
        };
        let size = std::fs::metadata(file).map_or(0, |found| found.len());
        Ok((report.unwrap_or_default(), size))
    }

    /// Checks a wish: the source and the name of the file that comes in, and its length.
    fn judge(&self, wish: &TransferWish) -> Result<(Option<Source>, String, u64), ApiError> {
        if wish.kind == TransferKind::Export {
            return Ok((None, ARCHIVE.to_owned(), 0));
        }
        let missing = |field: &str| ApiError::invalid(Vec::new()).field(field, "is required for an import");
        let source = match wish.source.ok_or_else(|| missing("source"))? {
            TransferSource::Slack => Source::Slack,
            TransferSource::Mattermost => Source::Mattermost,
            TransferSource::Plexichat => Source::Plexichat,
        };
        let name = wish.file_name.clone().ok_or_else(|| missing("file_name"))?;
        if let Some(problem) = problem_of_name(&name) {
            return Err(ApiError::invalid(Vec::new()).field("file_name", problem));
        }
        let size = wish.size.filter(|size| *size > 0).ok_or_else(|| missing("size"))?;
        let most = u64::from(self.0.settings.get().transfer.max_upload_mib) * 1024 * 1024;
        if size > most {
            let problem = format!("is more than transfer.max_upload_mib allows: {most} bytes");
            return Err(ApiError::new(ErrorCode::ValidationTooLarge).field("size", problem));
        }
        Ok((Some(source), name, size))
    }

    /// Why a transfer was given up, in words for whoever began it: what is wrong with their file, and of our own side no more
    /// than the catalogue says.
    fn told(&self, id: &str, error: &TransferError) -> String {
        let folder = format!("{}/", self.folder_of(id).display());
        match error {
            TransferError::Format(_) | TransferError::Foreign { .. } | TransferError::Taken(_) => {
                error.to_string().replace(&folder, "")
            }
            TransferError::At { place, error } => format!("{place}: {}", self.told(id, error)),
            TransferError::File { source, .. } => refused(source).code().message().to_owned(),
            other => {
                tracing::warn!(error = %other, "transfer failed");
                other.code().message().to_owned()
            }
        }
    }

    fn new_id(&self) -> Result<String, ApiError> {
        let mut bytes = [0_u8; 16];
        self.0.ambient.entropy.fill(&mut bytes).map_err(ApiError::from)?;
        Ok(plexi_core::plain::hex(&bytes))
    }
}

#[async_trait]
impl Transfers for Moves {
    fn current(&self) -> Option<Transfer> {
        self.job().as_ref().map(|job| job.shown.clone())
    }

    async fn begin(&self, wish: TransferWish) -> Result<Transfer, ApiError> {
        let _turn = self.0.turn.lock().await;
        let (source, name, size) = self.judge(&wish)?;
        let now = self.0.ambient.clock.now();
        let busy = self.job().as_ref().is_some_and(|job| match job.shown.state {
            TransferState::Running => true,
            TransferState::Uploading => now.since(job.touched) < ABANDONED,
            TransferState::Done | TransferState::Failed => false,
        });
        if busy {
            return Err(ApiError::new(ErrorCode::ValidationConflict)
                .field("kind", "another transfer is under way; wait for it or cancel it"));
        }
        if self.0.at_work.try_lock().is_err() {
            return Err(ApiError::new(ErrorCode::ValidationConflict)
                .field("kind", "a transfer that was stopped is about to end; try again in a moment"));
        }
        self.clear().await?;
        let id = self.new_id()?;
        let folder = self.folder_of(&id);
        tokio::fs::create_dir_all(&folder).await.map_err(|error| refused(&error))?;
        let shown = Transfer {
            id: id.clone(),
            kind: wish.kind,
            state: TransferState::Uploading,
            dry_run: wish.dry_run,
            restore: wish.restore,
            created_at: now,
            size,
            received: 0,
            messages: 0,
            parts_done: 0,
            parts: 0,
            report: None,
            error: None,
        };
        let file = folder.join(name);
        let stop = self.0.tasks.stop_token().child_token();
        *self.job() = Some(Job { shown, source, file, touched: now, stop });
        if source.is_none() {
            self.start(&id);
        }
        Ok(self.find(&id)?.0)
    }

    async fn receive(&self, id: &str, offset: u64, piece: Bytes) -> Result<Transfer, ApiError> {
        let _turn = self.0.turn.lock().await;
        let (shown, file) = self.find(id)?;
        let end = offset.saturating_add(piece.len() as u64);
        if end <= shown.received {
            return Ok(shown);
        }
        if shown.state != TransferState::Uploading || offset > shown.received || end > shown.size {
            let expected = format!("must be {} of {}", shown.received, shown.size);
            return Err(ApiError::new(ErrorCode::ValidationConflict).field("offset", expected));
        }
        if let Err(error) = append(&file, offset, &piece, end == shown.size).await {
            let refused = refused(&error);
            self.fail(id, format!("the file could not be kept: {}", refused.code().message()));
            self.tidy(id).await;
            return Err(refused);
        }
        let now = self.0.ambient.clock.now();
        if let Some(job) = self.job().as_mut().filter(|job| job.shown.id == id) {
            job.shown.received = end;
            job.touched = now;
        }
        if end == shown.size {
            self.start(id);
        }
        Ok(self.find(id)?.0)
    }

    async fn read(&self, id: &str, offset: u64) -> Result<Bytes, ApiError> {
        let (shown, file) = self.find(id)?;
        if shown.kind != TransferKind::Export || shown.state != TransferState::Done {
            return Err(
                ApiError::new(ErrorCode::ValidationConflict).field("transfer_id", "has no archive yet")
            );
        }
        read_piece(&file, offset).await.map_err(|error| refused(&error))
    }

    async fn cancel(&self, id: &str) -> Result<(), ApiError> {
        let _turn = self.0.turn.lock().await;
        self.find(id)?;
        self.clear().await
    }
}

/// Why a file of that name cannot be kept. It may well begin with a dot.
fn problem_of_name(name: &str) -> Option<&'static str> {
    if matches!(name, "." | "..") || name.contains(['/', '\\']) {
        return Some("must be the name of a file, without a folder");
    }
    if name.contains(char::is_control) {
        return Some("must not hold control characters; rename the file");
    }
    (name.len() > LONGEST_NAME).then_some("must be at most 200 bytes in UTF-8; rename the file")
}

async fn append(file: &Path, offset: u64, piece: &[u8], last: bool) -> io::Result<()> {
    let mut file = OpenOptions::new().create(true).write(true).truncate(false).open(file).await?;
    file.seek(SeekFrom::Start(offset)).await?;
    file.write_all(piece).await?;
    file.flush().await?;
    if last { file.sync_all().await } else { Ok(()) }
}

async fn read_piece(file: &Path, offset: u64) -> io::Result<Bytes> {
    let mut file = File::open(file).await?;
    file.seek(SeekFrom::Start(offset)).await?;
    let mut piece = Vec::new();
    file.take(CHUNK as u64).read_to_end(&mut piece).await?;
    Ok(Bytes::from(piece))
}

/// What a file that cannot be written or read means to the client.
fn refused(error: &io::Error) -> ApiError {
    let code = match error.kind() {
        io::ErrorKind::StorageFull
        | io::ErrorKind::QuotaExceeded
        | io::ErrorKind::FileTooLarge
        | io::ErrorKind::ReadOnlyFilesystem
        | io::ErrorKind::PermissionDenied => ErrorCode::StorageFull,
        _ => ErrorCode::StorageUnavailable,
    };
    ApiError::new(code).because(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::ServerConfig;

    #[tokio::test]
    async fn a_transfer_that_begins_between_two_runs_of_its_group_is_said_to_have_been_stopped() {
        let folder = tempfile::tempdir().unwrap();
        let server = ServerConfig { data_dir: folder.path().to_owned(), ..ServerConfig::default() };
        let settings = Settings { server, ..Settings::default() };
        let services = Services::open_idle(&settings, "test", Ambient::default()).await.unwrap();
        let group = TaskGroup::new("transfers");
        group.abort();
        let moves = Moves::new(&services, Live::fixed(settings), group).unwrap();
        let wish = TransferWish {
            kind: TransferKind::Export,
            source: None,
            file_name: None,
            size: None,
            dry_run: false,
            restore: false,
        };
        moves.begin(wish).await.unwrap();
        let ended = async {
            while moves.current().unwrap().state == TransferState::Running {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(30), ended).await.expect("it is said to run for ever");
        let shown = moves.current().unwrap();
        assert_eq!((shown.state, shown.error.as_deref()), (TransferState::Failed, Some("stopped")));
        services.close().await;
    }
}
