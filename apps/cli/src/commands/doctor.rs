use std::fs::File;
use std::io::Write as _;
use std::path::Path;

use plexi_app::{Finding, Health, diagnose, examine};
use plexi_core::SystemClock;
use serde_json::{Value, json};

use crate::args::Global;
use crate::exit::{CliError, Exit};
use crate::output::{Out, Table};
use crate::remote::Remote;

/// `plexi doctor`
pub(crate) async fn run(global: &Global, out: Out) -> Result<(), CliError> {
    if let Some(address) = &global.server {
        return remote(address, out).await;
    }
    let settings = super::config::load(global)?.settings;
    let findings = examine(&settings, &SystemClock).await;
    out.show(&findings, |findings| table(findings))?;
    match findings.iter().filter(|finding| finding.health == Health::Bad).count() {
        0 => Ok(()),
        bad => Err(CliError::failure(format!("{bad} of {} checks failed", findings.len()))),
    }
}

/// `plexi doctor --bundle FILE`
pub(crate) async fn bundle(global: &Global, path: &Path, out: Out) -> Result<(), CliError> {
    let packed = match &global.server {
        Some(address) => Remote::signed_in(address, global).await?.get_bytes("admin/diagnostics").await?,
        None => diagnose(&super::config::args(global), &SystemClock).await.into_zip()?,
    };
    let refused =
        |error: std::io::Error| CliError::failure(format!("cannot write {}: {error}", path.display()));
    let mut file = File::create_new(path).map_err(refused)?;
    file.write_all(&packed).and_then(|()| file.sync_all()).map_err(refused)?;
    let told = json!({ "file": path, "bytes": packed.len() });
    out.show(&told, |_| {
        format!("{} holds what helps to find a fault; look it through before you send it", path.display())
    })
}

async fn remote(address: &str, out: Out) -> Result<(), CliError> {
    let remote = Remote::anonymous(address)?;
    let version: Value = remote.get("system/version", &[]).await?;
    let (ready, report) = remote.ready().await?;
    let told = json!({ "server": version, "ready": ready, "report": report });
    out.show(&told, |_| {
        let mut table = Table::new(&["check", "state"]);
        table.row(["version", version["version"].as_str().unwrap_or_default()]);
        for (check, state) in report["checks"].as_object().into_iter().flatten() {
            table.row([check.as_str(), state.as_str().unwrap_or_default()]);
        }
        table.to_string()
    })?;
    if ready { Ok(()) } else { Err(CliError::new(Exit::Unavailable, "the server is not ready")) }
}

fn table(findings: &[Finding]) -> String {
    let mut table = Table::new(&["check", "state", "found"]);
    for finding in findings {
        let state = match finding.health {
            Health::Good => "ok",
            Health::Doubtful => "look",
            Health::Bad => "FAILED",
        };
        let found = match &finding.remedy {
            Some(remedy) => format!("{}. {remedy}", finding.found),
            None => finding.found.clone(),
        };
        table.row([finding.check, state, &found]);
    }
    table.to_string()
}
