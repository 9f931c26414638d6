use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};

use sea_orm::{ConnectionTrait as _, Database};

use crate::Outcome;

/// Where a server keeps its data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// A file in the data folder.
    Sqlite,
    /// A database of the server named by `PLEXI_TEST_POSTGRES_URL`.
    Postgres,
    /// A database of the server named by `PLEXI_TEST_MARIADB_URL`.
    MariaDb,
}

/// A folder for a server, with a configuration that names a fresh database when it is not `SQLite`.
pub struct Place {
    folder: tempfile::TempDir,
    /// Url of the server and name of the database.
    database: Option<(String, String)>,
}

static NUMBER: AtomicU32 = AtomicU32::new(0);

impl Place {
    /// A fresh place. None when no server of this engine is named, which the build server does not allow.
    pub async fn new(engine: Engine) -> Outcome<Option<Self>> {
        let folder = tempfile::tempdir()?;
        let variable = match engine {
            Engine::Sqlite => return Ok(Some(Self { folder, database: None })),
            Engine::Postgres => "PLEXI_TEST_POSTGRES_URL",
            Engine::MariaDb => "PLEXI_TEST_MARIADB_URL",
        };
        let Some(url) = setting(variable) else {
            if setting("CI").as_deref() == Some("true") {
                return Err(
                    format!("{variable} is not set: cargo xtask services up starts the servers").into()
                );
            }
            return Ok(None);
        };
        let name = format!("plexi_b_{}_{}", std::process::id(), NUMBER.fetch_add(1, Ordering::SeqCst));
        let (base, _) = url.rsplit_once('/').ok_or("the url names no database")?;
        ask(&url, &format!("DROP DATABASE IF EXISTS {name}")).await?;
        ask(&url, &format!("CREATE DATABASE {name}")).await?;
        std::fs::write(folder.path().join("database-url"), format!("{base}/{name}"))?;
        std::fs::create_dir(folder.path().join("config"))?;
        let file = folder.path().join("database-url");
        let configuration = format!("[database]\nurl = {{ file = {:?} }}\n", file.display().to_string());
        std::fs::write(folder.path().join("config/plexichat.toml"), configuration)?;
        Ok(Some(Self { folder, database: Some((url, name)) }))
    }

    /// The folder to start the server in.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Removes the database of a server.
    pub async fn remove(self) -> Outcome<()> {
        let Some((url, name)) = &self.database else { return Ok(()) };
        let force = if url.starts_with("postgres") { " WITH (FORCE)" } else { "" };
        ask(url, &format!("DROP DATABASE {name}{force}")).await
    }
}

#[expect(clippy::disallowed_methods, reason = "tests are told by their environment where the servers are")]
fn setting(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

async fn ask(url: &str, sql: &str) -> Outcome<()> {
    let connection = Database::connect(url).await?;
    connection.execute_unprepared(sql).await?;
    connection.close().await?;
    Ok(())
}
