//! Imports the real workspace by the command line, then searches it over the API.

use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::process::Command;

use crate::Outcome;
use crate::plexichat::{PlexiChat, text};
use crate::sends::percentile;

pub(crate) struct Import {
    pub messages: u64,
    pub seconds: f64,
}

pub(crate) struct Search {
    pub p50: Duration,
    pub p95: Duration,
    pub slowest: (String, Duration),
    pub empty: Vec<String>,
}

const QUERIES: &[&str] = &[
    "the",
    "ubuntu",
    "apt-get install",
    "\"sudo apt-get update\"",
    "wireless driver broadcom",
    "xorg.conf nvidia",
    "grub error 17",
    "kernel panic",
    "\"permission denied\"",
    "fglrx",
    "segfault",
    "partition resize gparted",
    "firefox flash plugin",
    "mount ntfs -vista",
    "is:thread sound alsa",
    "has:link launchpad",
    "after:2010-01-01 unity",
    "before:2006-01-01 hoary",
    "dist-upgrade",
    "sources.list multiverse",
    "ssh key",
    "vi",
    "a",
    "c++",
    "/etc/fstab",
    "chmod 777",
    "pulseaudio crackling",
    "zzzzqqqq",
    "in:ubuntu wine",
    "rm -rf",
];

pub(crate) async fn measure(
    server: &Path,
    cli: &Path,
    export: &Path,
    folder: &Path,
) -> Outcome<(Import, Search)> {
    PlexiChat::fresh(server, folder).await?.server.stop().await?;
    let started = Instant::now();
    let done = Command::new(cli)
        .args(["--json", "--set"])
        .arg(format!("server.data_dir={}", folder.display()))
        .args(["import", "slack"])
        .arg(export)
        .stdin(Stdio::null())
        .output()
        .await?;
    let seconds = started.elapsed().as_secs_f64();
    if !done.status.success() {
        return Err(String::from_utf8_lossy(&done.stderr).into_owned().into());
    }
    let report: Value = serde_json::from_slice(&done.stdout)?;
    let import = Import { messages: report["messages"]["added"].as_u64().unwrap_or_default(), seconds };

    let ours = PlexiChat::again(server, folder).await?;
    let me = text(&ours.get("users/me").await?, "id")?;
    for space in ours.get("spaces").await?["items"].as_array().into_iter().flatten() {
        let space = text(space, "id")?;
        ours.put(&format!("spaces/{space}/members/{me}"), &json!({"role": "member"})).await?;
        let channels = ours.get(&format!("spaces/{space}/channels")).await?;
        for channel in channels["items"].as_array().into_iter().flatten() {
            ours.post(&format!("channels/{}/join", text(channel, "id")?), &json!({})).await?;
        }
    }
    let mut times: Vec<(Duration, &str)> = Vec::new();
    let mut empty = Vec::new();
    for round in 0..3 {
        for query in QUERIES {
            let started = Instant::now();
            let request = ours.http.get(ours.url("search")).query(&[("q", *query), ("limit", "20")]);
            let answer = request.bearer_auth(&ours.token).send().await?;
            let status = answer.status();
            let page: Value = answer.json().await?;
            times.push((started.elapsed(), query));
            if !status.is_success() {
                return Err(format!("{query}: {page}").into());
            }
            if round == 0 && page["items"].as_array().is_none_or(Vec::is_empty) {
                empty.push((*query).to_owned());
            }
        }
    }
    ours.server.stop().await?;
    times.sort_unstable();
    let slowest = times.last().map(|(time, query)| ((*query).to_owned(), *time)).unwrap_or_default();
    let times: Vec<Duration> = times.into_iter().map(|(time, _)| time).collect();
    let found = Search { p50: percentile(&times, 50), p95: percentile(&times, 95), slowest, empty };
    Ok((import, found))
}
