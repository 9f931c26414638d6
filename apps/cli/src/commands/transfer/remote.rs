//! Through a running server: the file goes there piece by piece and the archive comes from there.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::path::Path;
use std::time::Duration;

use plexi_app::messaging::transfer::Report;
use plexi_app::messaging::transfer::native::Exported;
use reqwest::Method;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::args::{Global, Import, ImportSource};
use crate::exit::{CliError, Exit};
use crate::output::Out;
use crate::remote::Remote;

/// The most bytes of one piece.
const PIECE: u64 = 4 * 1024 * 1024;
/// How often the server is asked how far it is.
const LOOK: Duration = Duration::from_millis(300);

/// A transfer on the server.
struct Transfer {
    remote: Remote,
    path: String,
}

/// Brings a file in.
pub(super) async fn import(
    address: &str,
    global: &Global,
    args: &Import,
    out: Out,
) -> Result<Report, CliError> {
    let source = match args.source {
        ImportSource::Slack => "slack",
        ImportSource::Mattermost => "mattermost",
        ImportSource::Plexichat => "plexichat",
    };
    let failed = |error: std::io::Error| CliError::failure(format!("{}: {error}", args.file.display()));
    let file = File::open(&args.file).map_err(failed)?;
    let size = file.metadata().map_err(failed)?.len();
    if size == 0 {
        return Err(CliError::usage(format!("{} is empty", args.file.display())));
    }
    let name = args.file.file_name().map(|name| name.to_string_lossy().into_owned());
    let wish = json!({
        "kind": "import", "source": source, "file_name": name, "size": size, "dry_run": args.dry_run,
        "restore": args.restore,
    });
    let mut transfer = Transfer::begin(address, global, &wish).await?;
    let bar = out.progress("bytes");
    bar.set_length(size);
    let mut offset = 0;
    let brought = loop {
        let mut piece = Vec::new();
        let read = (&file).take(PIECE).read_to_end(&mut piece).map_err(failed);
        match read {
            Ok(0) => break Ok(()),
            Ok(read) => match transfer.bring(offset, piece).await {
                Ok(()) => offset += read as u64,
                Err(error) => break Err(error),
            },
            Err(error) => break Err(error),
        }
        bar.set_position(offset);
    };
    bar.finish_and_clear();
    let done = match brought {
        Ok(()) => transfer.watch(out).await,
        Err(error) => Err(error),
    };
    transfer.end().await;
    read(&done?)
}

/// Takes everything out into `file`, which appears under its name when it is whole.
pub(super) async fn export(
    address: &str,
    global: &Global,
    file: &Path,
    out: Out,
) -> Result<Exported, CliError> {
    let mut transfer = Transfer::begin(address, global, &json!({ "kind": "export" })).await?;
    let done = match transfer.watch(out).await {
        Ok(done) => transfer.take(&done, file, out).await.map(|()| done),
        Err(error) => Err(error),
    };
    transfer.end().await;
    read(&done?)
}

fn read<T: DeserializeOwned>(done: &Value) -> Result<T, CliError> {
    Ok(serde_json::from_value(done["report"].clone())?)
}

/// A transfer that is not there any more was stopped.
fn gone(error: CliError) -> CliError {
    if error.exit != Exit::NotFound {
        return error;
    }
    CliError::failure("the transfer was stopped, or the server was started anew")
        .remedy("What was imported before stays; running again goes on from there.")
}

impl Transfer {
    async fn begin(address: &str, global: &Global, wish: &Value) -> Result<Self, CliError> {
        let remote = Remote::signed_in(address, global).await?;
        let begun: Value = remote.change(Method::POST, "admin/transfers", wish).await?;
        let id = crate::remote::segment(begun["id"].as_str().unwrap_or_default())?;
        let path = format!("admin/transfers/{id}");
        Ok(Self { remote, path })
    }

    async fn bring(&mut self, offset: u64, piece: Vec<u8>) -> Result<(), CliError> {
        let path = format!("{}/content", self.path);
        self.remote.put_octets(&path, offset, piece).await
    }

    /// Waits until the work is done.
    async fn watch(&mut self, out: Out) -> Result<Value, CliError> {
        let bar = out.progress("parts");
        loop {
            let path = self.path.clone();
            let now: Value = self.remote.get(&path, &[]).await.map_err(gone)?;
            match now["state"].as_str() {
                Some("done") => {
                    bar.finish_and_clear();
                    return Ok(now);
                }
                Some("running" | "uploading") => {
                    bar.set_length(now["parts"].as_u64().unwrap_or_default());
                    bar.set_position(now["parts_done"].as_u64().unwrap_or_default());
                    bar.set_message(format!("{} messages", now["messages"]));
                }
                _ => {
                    bar.finish_and_clear();
                    let why = now["error"].as_str().map(crate::output::plain).unwrap_or_default();
                    return Err(CliError::failure(why)
                        .remedy("What was imported before stays; running again goes on from there."));
                }
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    async fn take(&mut self, done: &Value, file: &Path, out: Out) -> Result<(), CliError> {
        let mut part = file.as_os_str().to_owned();
        part.push(".part");
        let part = Path::new(&part);
        let taken = self.take_into(done, part, out).await;
        let failed = |error: std::io::Error| CliError::failure(format!("{}: {error}", file.display()));
        let finished = taken.and_then(|()| std::fs::rename(part, file).map_err(failed));
        if finished.is_err() {
            // what could not be finished is of no use
            let _ = std::fs::remove_file(part);
        }
        finished
    }

    async fn take_into(&mut self, done: &Value, part: &Path, out: Out) -> Result<(), CliError> {
        let failed = |error: std::io::Error| CliError::failure(format!("{}: {error}", part.display()));
        let size = done["size"].as_u64().unwrap_or_default();
        let mut file = File::create(part).map_err(failed)?;
        let bar = out.progress("bytes");
        bar.set_length(size);
        let mut offset = 0_u64;
        while offset < size {
            let path = format!("{}/content", self.path);
            let piece = self.remote.get_octets(&path, offset).await?;
            if piece.is_empty() {
                return Err(CliError::failure("the archive ended early"));
            }
            file.write_all(&piece).map_err(failed)?;
            offset += piece.len() as u64;
            bar.set_position(offset);
        }
        bar.finish_and_clear();
        file.sync_all().map_err(failed)
    }

    /// Lets the server throw the file away; one that is left goes with the next transfer.
    async fn end(&self) {
        drop(self.remote.delete(&self.path).await);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transfer_that_is_not_there_was_stopped_and_other_refusals_are_passed_on() {
        let stopped = gone(CliError::not_found("no such transfer"));
        assert!(stopped.message.contains("was stopped"), "{}", stopped.message);
        assert_eq!(stopped.exit, Exit::Failure);
        assert_eq!(gone(CliError::usage("no")).message, "no");
    }
}
