//! What was started: the folder and ports, kept in `target/services/state.json`.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::failure::{Doing, Failure, Outcome};
use crate::packages;
use crate::process::Call;
use crate::workspace::{Workspace, text};

/// How the folders of the servers begin; only such a folder is ever removed.
const FOLDER_BEGINS: &str = "/tmp/plexichat-services.";

/// The servers of one `up`.
pub struct Record {
    /// Holds everything of the servers: data, sockets, pid files, logs.
    pub folder: PathBuf,
    /// Where `PostgreSQL` listens.
    pub postgres_port: u16,
    /// Where `MariaDB` listens.
    pub mariadb_port: u16,
    /// Where Redis listens.
    pub redis_port: u16,
    /// Whether root started them, so that each runs as the user of its package.
    pub as_root: bool,
}

impl Record {
    /// Makes the folder and writes the record, before anything is started in it.
    pub fn create(
        workspace: &Workspace,
        postgres_port: u16,
        mariadb_port: u16,
        redis_port: u16,
    ) -> Outcome<Self> {
        let made = Call::new("mktemp").args(["-d", &format!("{FOLDER_BEGINS}XXXXXX")]).output()?;
        let folder = PathBuf::from(made.trim());
        // mktemp gives 0700 to root; the servers run as other users and must pass through.
        Call::new("chmod").arg("755").arg(&folder).run()?;
        let record = Self { folder, postgres_port, mariadb_port, redis_port, as_root: packages::is_root()? };
        let path = path(workspace);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).doing(format!("cannot create {}", parent.display()))?;
        }
        let value = json!({
            "folder": record.folder,
            "postgres_port": postgres_port,
            "mariadb_port": mariadb_port,
            "redis_port": redis_port,
            "as_root": record.as_root,
        });
        fs::write(&path, format!("{value:#}\n")).doing(format!("cannot write {}", path.display()))?;
        Ok(record)
    }

    /// The record of what was started, or none.
    pub fn read(workspace: &Workspace) -> Outcome<Option<Self>> {
        let path = path(workspace);
        if !path.exists() {
            return Ok(None);
        }
        let unreadable = || Failure::new(format!("{} is unreadable: remove it", path.display()));
        let content = fs::read_to_string(&path).doing(format!("cannot read {}", path.display()))?;
        let value: Value = serde_json::from_str(&content).map_err(|_| unreadable())?;
        let port = |field: &str| {
            value
                .get(field)
                .and_then(Value::as_u64)
                .and_then(|port| u16::try_from(port).ok())
                .ok_or_else(unreadable)
        };
        let folder = text(&value, "folder");
        if !folder.starts_with(FOLDER_BEGINS) || folder.contains("..") {
            return Err(unreadable());
        }
        Ok(Some(Self {
            folder: folder.into(),
            postgres_port: port("postgres_port")?,
            mariadb_port: port("mariadb_port")?,
            // A record from before there was one: nothing listens there, so all are started anew.
            redis_port: port("redis_port").unwrap_or_default(),
            as_root: value.get("as_root").and_then(Value::as_bool).unwrap_or(false),
        }))
    }

    /// Removes the folder and the record.
    pub fn remove(&self, workspace: &Workspace) -> Outcome {
        if self.folder.exists() {
            fs::remove_dir_all(&self.folder).doing(format!("cannot remove {}", self.folder.display()))?;
        }
        let path = path(workspace);
        fs::remove_file(&path).doing(format!("cannot remove {}", path.display()))
    }

    /// A folder of the record that belongs to `owner`, readable by nobody else.
    pub fn owned_folder(&self, name: &str, owner: &str) -> Outcome<PathBuf> {
        let folder = self.folder.join(name);
        fs::create_dir_all(&folder).doing(format!("cannot create {}", folder.display()))?;
        Call::new("chmod").arg("700").arg(&folder).run()?;
        if self.as_root {
            Call::new("chown").arg(owner).arg(&folder).run()?;
        }
        Ok(folder)
    }

    /// Writes a file that `owner` can read.
    pub fn write_owned(&self, file: &Path, content: &str, owner: &str) -> Outcome {
        fs::write(file, content).doing(format!("cannot write {}", file.display()))?;
        if self.as_root {
            Call::new("chown").arg(owner).arg(file).run()?;
        }
        Ok(())
    }

    /// A call of `program` as `user` when root calls, else as oneself.
    pub fn call_as(&self, user: &str, program: &Path) -> Call {
        let call = if self.as_root {
            Call::new("runuser").args(["-u", user, "--"]).arg(program)
        } else {
            Call::new(program)
        };
        // A working directory that the other user can enter.
        call.in_folder(&self.folder)
    }

    /// The last lines of each server's log, for a failure to show.
    pub fn ends_of_logs(&self) -> String {
        let mut shown = String::new();
        for log in ["postgres/log.txt", "mariadb/log.txt", "redis/log.txt"] {
            if let Ok(content) = fs::read_to_string(self.folder.join(log)) {
                let lines: Vec<&str> = content.lines().collect();
                let end = lines[lines.len().saturating_sub(15)..].join("\n    ");
                shown = format!("{shown}\n  {log}:\n    {end}");
            }
        }
        shown
    }
}

fn path(workspace: &Workspace) -> PathBuf {
    workspace.target.join("services/state.json")
}
