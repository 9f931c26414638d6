use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

use crate::{Outcome, Person, http_client};

/// A password that the policy accepts.
pub const PASSWORD: &str = "nine calm otters paint fences 42";

/// A running server and its folder.
pub struct Plexi {
    folder: PathBuf,
    address: String,
    child: Child,
    setup_token: Option<String>,
    printed: Vec<String>,
}

/// The binary of that name beside the test's own.
fn binary(name: &str) -> Outcome<PathBuf> {
    let test = std::env::current_exe()?;
    let folder = test.parent().and_then(Path::parent).ok_or("no target folder")?;
    let path = folder.join(name);
    if !path.exists() {
        return Err(format!(
            "{} is not built: run `cargo build -p plexi-server -p plexi` first",
            path.display()
        )
        .into());
    }
    Ok(path)
}

/// The command line, on the data in `folder`.
pub fn cli(folder: &Path) -> Outcome<Command> {
    let mut command = Command::new(binary("plexi")?);
    command
        .current_dir(folder)
        .arg("--set")
        .arg(format!("server.data_dir={}", folder.join("data").display()));
    command.stdin(Stdio::null()).kill_on_drop(true);
    Ok(command)
}

impl Plexi {
    /// Starts the server with its data below `folder`.
    pub async fn start(folder: &Path) -> Outcome<Self> {
        let address = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.to_string();
        Self::start_at(folder, &address).await
    }

    /// Starts the server on a given address, as after a crash.
    pub async fn start_at(folder: &Path, address: &str) -> Outcome<Self> {
        let mut command = Self::command(folder, address)?;
        let mut child = command.spawn()?;
        let mut lines = BufReader::new(child.stdout.take().ok_or("no output")?).lines();
        let mut errors = BufReader::new(child.stderr.take().ok_or("no errors")?).lines();
        let mut printed = Vec::new();
        let mut setup_token = None;
        // The address is printed first; a link follows when there is nobody yet.
        let ready = async {
            let mut fresh = true;
            while let Some(line) = lines.next_line().await? {
                if let Some((_, token)) = line.split_once("setup#token=") {
                    setup_token = Some(token.trim().to_owned());
                }
                if line.contains(address) && setup_token.is_none() && healthy(address).await {
                    let state = state_of_setup(address).await?;
                    fresh = state.contains("true");
                }
                printed.push(line);
                if setup_token.is_some() || !fresh {
                    return Ok(true);
                }
            }
            Outcome::Ok(false)
        };
        let started = tokio::time::timeout(Duration::from_mins(1), ready)
            .await
            .map_err(|_| "no answer in a minute")??;
        if !(started && healthy(address).await) {
            while let Some(line) = errors.next_line().await? {
                printed.push(line);
            }
            return Err(format!("the server did not start:\n{}", printed.join("\n")).into());
        }
        // What is printed later is read, so that no pipe fills.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        tokio::spawn(async move { while let Ok(Some(_)) = errors.next_line().await {} });
        Ok(Self { folder: folder.to_owned(), address: address.to_owned(), child, setup_token, printed })
    }

    /// The command that starts the server.
    pub fn command(folder: &Path, address: &str) -> Outcome<Command> {
        // A file that grows past its limit gives an error to the server, as a full disk does, and no signal.
        let mut command = Command::new("sh");
        command.arg("-c").arg("trap '' XFSZ; exec \"$0\" \"$@\"").arg(binary("plexi-server")?);
        command.arg("--set").arg(format!("server.listen={address}"));
        command.arg("--set").arg(format!("server.data_dir={}", folder.join("data").display()));
        command.current_dir(folder).kill_on_drop(true);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        Ok(command)
    }

    /// Starts the server on a fresh folder and makes its administrator, `ada`.
    pub async fn set_up(folder: &Path) -> Outcome<(Self, Person)> {
        let server = Self::start(folder).await?;
        let token = server.setup_token.clone().ok_or("no set-up link was printed")?;
        let ada = Person::set_up(&server, &token).await?;
        Ok((server, ada))
    }

    /// `127.0.0.1:port`.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The one-time token of the set-up link, when one was printed.
    pub fn setup_token(&self) -> Option<&str> {
        self.setup_token.as_deref()
    }

    /// What was printed until the server answered.
    pub fn printed(&self) -> &[String] {
        &self.printed
    }

    /// The id of the process.
    pub fn pid(&self) -> Outcome<u32> {
        self.child.id().ok_or_else(|| "the server has ended".into())
    }

    /// Ends the server without a warning, as a power cut does to it, and starts it again at the same address.
    pub async fn kill_and_restart(mut self) -> Outcome<Self> {
        self.child.start_kill()?;
        self.child.wait().await?;
        Self::start_at(&self.folder, &self.address).await
    }

    /// Sends a signal, for instance `HUP`.
    pub async fn signal(&self, name: &str) -> Outcome<()> {
        let pid = self.pid()?.to_string();
        let told = Command::new("kill").arg(format!("-{name}")).arg(pid).status().await?;
        if told.success() { Ok(()) } else { Err("kill failed".into()) }
    }

    /// Asks the server to stop and waits for it.
    pub async fn stop(mut self) -> Outcome<std::process::ExitStatus> {
        self.signal("TERM").await?;
        Ok(tokio::time::timeout(Duration::from_secs(30), self.child.wait())
            .await
            .map_err(|_| "it did not stop")??)
    }

    /// Limits how large a file of the server may grow, in bytes; `None` lifts the limit. A disk that is full, and has room again.
    pub async fn limit_files(&self, bytes: Option<u64>) -> Outcome<()> {
        let limit = bytes.map_or_else(|| "unlimited".to_owned(), |bytes| bytes.to_string());
        let pid = self.pid()?.to_string();
        let status = Command::new("prlimit")
            .args(["--pid", &pid])
            .arg(format!("--fsize={limit}:unlimited"))
            .status()
            .await?;
        if status.success() { Ok(()) } else { Err("prlimit failed".into()) }
    }
}

impl Plexi {
    /// Starts the server on a data folder that is mounted read-only, for that process alone, and gives what it ends with: exit
    /// code and what it said. Where mounting is not allowed the files lose their right to be written instead.
    pub async fn start_read_only(folder: &Path) -> Outcome<(i32, String)> {
        let data = folder.join("data");
        let allowed = Command::new("unshare").args(["-rm", "true"]).stderr(Stdio::null()).status().await;
        let output = if allowed.is_ok_and(|status| status.success()) {
            let mount = "mount --bind \"$0\" \"$0\" && mount -o remount,bind,ro \"$0\" && exec \"$@\"";
            let mut command = Command::new("unshare");
            command.args(["-rm", "sh", "-c", mount]).arg(&data).arg(binary("plexi-server")?);
            command.arg("--set").arg("server.listen=127.0.0.1:0");
            command.arg("--set").arg(format!("server.data_dir={}", data.display()));
            command.current_dir(folder).stdin(Stdio::null()).kill_on_drop(true).output().await?
        } else {
            run("chmod", &["-R", "a-w"], &data).await?;
            let output = Self::command(folder, "127.0.0.1:0")?.output().await;
            run("chmod", &["-R", "u+w"], &data).await?;
            output?
        };
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        Ok((output.status.code().ok_or("it was killed")?, told))
    }

    /// Takes the right to write away from everything in the data folder, also from files that are open; gives it back when the
    /// answer is dropped. Where the file system cannot do so, every write of the server fails instead.
    pub async fn freeze(&self) -> Outcome<Frozen> {
        let data = self.folder.join("data");
        if run("chattr", &["-R", "-f", "+i"], &data).await.is_ok() {
            return Ok(Frozen::Immutable(data));
        }
        self.limit_files(Some(0)).await?;
        Ok(Frozen::Limited(self.pid()?))
    }
}

/// A data folder that takes no writes until this is dropped.
#[derive(Debug)]
pub enum Frozen {
    /// Its files are immutable.
    Immutable(PathBuf),
    /// The process may not make files any larger than nothing.
    Limited(u32),
}

impl Drop for Frozen {
    fn drop(&mut self) {
        // not awaited: a guard cannot be, and a test that fails must not leave files that nobody can remove
        let mut command = match self {
            Self::Immutable(data) => {
                let mut command = std::process::Command::new("chattr");
                command.args(["-R", "-f", "-i"]).arg(data);
                command
            }
            Self::Limited(pid) => {
                let mut command = std::process::Command::new("prlimit");
                command.args(["--pid", &pid.to_string(), "--fsize=unlimited:unlimited"]);
                command
            }
        };
        drop(command.status());
    }
}

async fn run(program: &str, arguments: &[&str], path: &Path) -> Outcome<()> {
    let status = Command::new(program).args(arguments).arg(path).stderr(Stdio::null()).status().await?;
    if status.success() { Ok(()) } else { Err(format!("{program} failed").into()) }
}

async fn state_of_setup(address: &str) -> Outcome<String> {
    let answer = http_client().get(format!("http://{address}/api/v1/auth/setup")).send().await?;
    Ok(answer.text().await?)
}

async fn healthy(address: &str) -> bool {
    let client = http_client();
    for _ in 0..200 {
        let answer = client.get(format!("http://{address}/health/ready")).send().await;
        if answer.is_ok_and(|answer| answer.status().is_success()) {
            return true;
        }
        // Nothing tells a stranger when a port opens: asking again is all there is. Bounded: two seconds.
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    false
}
