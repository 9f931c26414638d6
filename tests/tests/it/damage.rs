//! A database file with a damaged byte: the doctor finds it and says so.

use std::path::Path;

use plexi_tests::{Outcome, Plexi, cli};
use serde_json::{Value, json};

/// What the doctor says of the data below `folder`: whether it was content, and the check of the whole file.
async fn doctor(folder: &Path) -> Outcome<(Option<i32>, Value, String)> {
    let output =
        cli(folder)?.args(["--set", "server.listen=127.0.0.1:0", "doctor", "--json"]).output().await?;
    let findings: Value = serde_json::from_slice(&output.stdout)?;
    let found = findings.as_array().into_iter().flatten().find(|one| one["check"] == "soundness");
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    Ok((output.status.code(), found.cloned().unwrap_or_default(), told))
}

/// Flips one bit of what says of which kind the last page of a tree is.
fn flip(database: &Path) -> Outcome<()> {
    let mut bytes = std::fs::read(database)?;
    let page = usize::from(u16::from_be_bytes([bytes[16], bytes[17]]));
    let last = (1..bytes.len() / page).rev().map(|number| number * page);
    let at = last.into_iter().find(|at| matches!(bytes[*at], 2 | 5 | 10 | 13)).ok_or("no page of a tree")?;
    bytes[at] ^= 0x40;
    Ok(std::fs::write(database, bytes)?)
}

#[tokio::test]
async fn the_doctor_finds_a_flipped_byte_and_nothing_in_a_sound_file() -> Outcome<()> {
    let folder = tempfile::tempdir()?;
    let (server, ada) = Plexi::set_up(folder.path()).await?;
    let (_, channel) = ada.home().await?;
    for number in 0..20 {
        let body = json!({"text": "x".repeat(2_000), "client_id": format!("m{number}")});
        ada.post(&format!("channels/{channel}/messages"), body).await?.ok()?;
    }
    let (code, found, told) = doctor(folder.path()).await?;
    assert_eq!(found["health"], "good", "beside a running server: {found} {told}");
    assert!(ada.get("sync").await?.status.is_success(), "the server goes on");
    assert!(server.stop().await?.success());
    assert_eq!(code, Some(0), "{told}");

    let copy = tempfile::tempdir()?;
    std::fs::create_dir(copy.path().join("data"))?;
    let file = "data/plexichat.db";
    std::fs::copy(folder.path().join(file), copy.path().join(file))?;
    assert_eq!(doctor(copy.path()).await?.1["health"], "good", "a copy of a stopped server is sound");
    flip(&copy.path().join(file))?;
    let (code, found, told) = doctor(copy.path()).await?;
    assert_eq!((code, &found["health"]), (Some(1), &json!("bad")), "{found} {told}");
    assert!(found["found"].as_str().unwrap_or_default().contains("damaged"), "{found}");
    assert!(found["remedy"].as_str().unwrap_or_default().contains("backup"), "{found}");
    Ok(())
}
