//! Calling other programs, with errors that name the program and what it did.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::failure::{Doing, Failure, Outcome};

/// One call of a program: like [`Command`], but it can be shown and its failure reads as a sentence.
pub struct Call {
    command: Command,
}

impl Call {
    /// A call of `program`, looked up in `PATH` when it is a bare name.
    pub fn new(program: impl AsRef<OsStr>) -> Self {
        let mut command = Command::new(program);
        command.stdin(Stdio::null());
        Self { command }
    }

    /// Adds one argument.
    pub fn arg(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.command.arg(argument);
        self
    }

    /// Adds arguments.
    pub fn args<A: AsRef<OsStr>>(mut self, arguments: impl IntoIterator<Item = A>) -> Self {
        self.command.args(arguments);
        self
    }

    /// Sets a variable of the program's environment.
    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Sets several variables of the program's environment.
    pub fn envs(mut self, variables: &[(&'static str, OsString)]) -> Self {
        self.command.envs(variables.iter().map(|(name, value)| (name, value)));
        self
    }

    /// Runs it in `folder`.
    pub fn in_folder(mut self, folder: &Path) -> Self {
        self.command.current_dir(folder);
        self
    }

    /// Runs it with this terminal's output, and answers whether it ended well.
    pub fn succeeds(mut self) -> Outcome<bool> {
        let status = self.command.status().doing(format!("cannot start `{}`", self.shown()))?;
        Ok(status.success())
    }

    /// Runs it with this terminal's output; anything but success is a failure.
    pub fn run(mut self) -> Outcome {
        let status = self.command.status().doing(format!("cannot start `{}`", self.shown()))?;
        if status.success() {
            return Ok(());
        }
        Err(Failure::new(format!("`{}` failed ({status})", self.shown())))
    }

    /// Runs it silently and answers what it wrote; the failure carries its error output.
    pub fn output(mut self) -> Outcome<String> {
        let output = self.command.output().doing(format!("cannot start `{}`", self.shown()))?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
        }
        let said = String::from_utf8_lossy(&output.stderr);
        Err(Failure::new(format!("`{}` failed ({}): {}", self.shown(), output.status, said.trim())))
    }

    /// Runs it silently, feeding it `input`; the failure carries its error output.
    pub fn output_of(mut self, input: &str) -> Outcome<String> {
        use std::io::Write as _;
        let shown = self.shown();
        let mut child = self
            .command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .doing(format!("cannot start `{shown}`"))?;
        if let Some(mut stdin) = child.stdin.take() {
            stdin.write_all(input.as_bytes()).doing(format!("cannot write to `{shown}`"))?;
        }
        let output = child.wait_with_output().doing(format!("`{shown}`"))?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
        }
        let said = String::from_utf8_lossy(&output.stderr);
        Err(Failure::new(format!("`{shown}` failed ({}): {}", output.status, said.trim())))
    }

    /// The command underneath, for what this type does not offer.
    pub fn into_command(self) -> Command {
        self.command
    }

    /// The call as one would type it.
    pub fn shown(&self) -> String {
        let program = Path::new(self.command.get_program());
        let name = program.file_name().unwrap_or(program.as_os_str());
        std::iter::once(name)
            .chain(self.command.get_args())
            .map(|part| part.to_string_lossy().into_owned())
            .collect::<Vec<_>>()
            .join(" ")
    }
}

/// Where `program` is found in `PATH`, or below one of `folders`.
pub fn find_program(program: &str, folders: &[&str]) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(folders.iter().map(PathBuf::from))
        .map(|folder| folder.join(program))
        .find(|candidate| candidate.is_file())
}
