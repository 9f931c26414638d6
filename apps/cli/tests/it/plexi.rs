//! Runs the real program on a folder of the test.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// A password that the policy takes.
pub const PASSWORD: &str = "nine lives of cats";

pub struct Plexi {
    folder: TempDir,
    server: Option<String>,
    trusted: Option<PathBuf>,
}

pub struct Ran {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Plexi {
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), server: None, trusted: None }
    }

    /// Works through the server at `url`, with credentials of its own.
    pub fn at(url: &str) -> Self {
        Self { server: Some(url.to_owned()), ..Self::new() }
    }

    /// The same, with the certificates in the file `trusted` as the system's.
    pub fn trusting(self, trusted: &Path) -> Self {
        Self { trusted: Some(trusted.to_owned()), ..self }
    }

    /// On a folder where `ada` is the administrator of the space Home.
    pub fn set_up() -> Self {
        let plexi = Self::new();
        plexi.ok_with(&["setup", "ada", "--display-name", "Ada", "--password-stdin"], PASSWORD);
        plexi
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn data(&self) -> PathBuf {
        self.path("data")
    }

    pub fn run(&self, args: &[&str], input: &str) -> Ran {
        run_in(self, args, input)
    }

    pub fn ok(&self, args: &[&str]) -> String {
        self.ok_with(args, "")
    }

    pub fn ok_with(&self, args: &[&str], input: &str) -> String {
        let ran = self.run(args, input);
        assert_eq!(ran.code, 0, "{args:?}\n{}\n{}", ran.out, ran.err);
        ran.out
    }

    pub fn json(&self, args: &[&str]) -> Value {
        let mut args = args.to_vec();
        args.push("--json");
        serde_json::from_str(&self.ok(&args)).unwrap()
    }

    pub fn fails(&self, args: &[&str], code: i32) -> Ran {
        let ran = self.run(args, "");
        assert_eq!(ran.code, code, "{args:?}\n{}\n{}", ran.out, ran.err);
        ran
    }
}

fn run_in(plexi: &Plexi, args: &[&str], input: &str) -> Ran {
    let folder = plexi.folder.path();
    let mut command = Command::new(env!("CARGO_BIN_EXE_plexi"));
    command
        .current_dir(folder)
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("PLEXICHAT_") {
            command.env_remove(name);
        }
    }
    command.env("PLEXICHAT_CREDENTIALS", folder.join("credentials"));
    if let Some(server) = &plexi.server {
        command.env("PLEXICHAT_URL", server);
    }
    if let Some(trusted) = &plexi.trusted {
        command.env("SSL_CERT_FILE", trusted);
    }
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    // a program that asks for nothing may be gone already
    let _ = stdin.write_all(input.as_bytes());
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    Ran {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}
