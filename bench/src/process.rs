//! A server as a child process, with what the system says of its memory and CPU.

use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

use crate::Outcome;

pub(crate) struct Server {
    pub name: &'static str,
    child: Child,
    pid: u32,
}

/// Clock ticks a second in `/proc/<pid>/stat`: 100 on every Linux that this runs on.
const TICKS: f64 = 100.0;

impl Server {
    /// Starts a server and hands out the lines it prints.
    pub fn start(
        name: &'static str,
        command: &mut Command,
    ) -> Outcome<(Self, Lines<BufReader<ChildStdout>>)> {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()?;
        let pid = child.id().ok_or("no process id")?;
        let out = child.stdout.take().ok_or("no output")?;
        Ok((Self { name, child, pid }, BufReader::new(out).lines()))
    }

    /// CPU time used so far.
    pub fn cpu(&self) -> Outcome<Duration> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.pid))?;
        // The name in brackets may hold spaces: count fields after it. utime and stime are 14 and 15 of all.
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
        let ticks: f64 =
            fields.get(11).ok_or("stat")?.parse::<f64>()? + fields.get(12).ok_or("stat")?.parse::<f64>()?;
        Ok(Duration::from_secs_f64(ticks / TICKS))
    }

    /// Resident memory in KiB.
    pub fn resident(&self) -> Outcome<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("VmRSS")?;
        Ok(line.trim().trim_end_matches(" kB").parse()?)
    }

    pub async fn stop(mut self) -> Outcome<()> {
        self.child.start_kill()?;
        self.child.wait().await?;
        Ok(())
    }
}
