//! The configuration is looked at and changed by those who signed in: what is not theirs to change stays.

use std::path::{Path, PathBuf};

use plexi_tests::{Outcome, Plexi, cli};
use serde_json::{Value, json};

const TEXT: &str = "# ours\n[messaging]\n# short ones\nmax_message_length = 100 # for now\n";

/// Writes the configuration that the server reads when none is named.
fn configure(folder: &Path) -> Outcome<PathBuf> {
    let file = folder.join("config/plexichat.toml");
    std::fs::create_dir_all(folder.join("config"))?;
    std::fs::write(&file, TEXT)?;
    Ok(file)
}

#[tokio::test]
async fn an_administrator_changes_live_keys_in_the_file_and_goes_back() -> Outcome<()> {
    let folder = tempfile::tempdir()?;
    let file = configure(folder.path())?;
    let (server, ada) = Plexi::set_up(folder.path()).await?;
    let longest = async || Outcome::Ok(ada.get("sync").await?.ok()?["server"]["max_message_length"].clone());

    let shown = ada.get("admin/config").await?.ok()?;
    assert_eq!((&shown["version"], &shown["file"]), (&json!(1), &json!("config/plexichat.toml")));
    let of = |key: &str| {
        let items = shown["items"].as_array().into_iter().flatten();
        items.into_iter().find(|item| item["key"] == key).cloned().unwrap_or_default()
    };
    let length = of("messaging.max_message_length");
    assert_eq!(
        (&length["value"], &length["origin"]["from"], &length["origin"]["line"]),
        (&json!(100), &json!("file"), &json!(4))
    );
    assert_eq!((&length["form"]["kind"], &length["form"]["maximum"]), (&json!("integer"), &json!(40_000.0)));
    assert_eq!(of("server.data_dir")["locked"], "machine");
    assert_eq!(of("server.worker_threads")["needs_restart"], true);

    let changes = json!({"messaging.max_message_length": 20, "server.worker_threads": 3});
    let wish = json!({"version": 1, "changes": changes});
    let checked = ada.post("admin/config/check", wish.clone()).await?.ok()?;
    assert_eq!(checked["changed"], json!(["messaging.max_message_length"]));
    assert_eq!(checked["needs_restart"], json!(["server.worker_threads"]));
    assert_eq!((std::fs::read_to_string(&file)?.as_str(), longest().await?), (TEXT, json!(100)));

    let done = ada.patch("admin/config", wish.clone()).await?.ok()?;
    assert_eq!((&done["version"], &done["changes"]), (&json!(2), &checked["changes"]));
    assert_eq!(longest().await?, 20, "it is in effect when it is answered");
    let written = "# ours\n[messaging]\n# short ones\nmax_message_length = 20 # for now\n\n[server]\nworker_threads = 3\n";
    assert_eq!(std::fs::read_to_string(&file)?, written);
    let late = ada.patch("admin/config", wish).await?;
    assert_eq!((late.status.as_u16(), late.code()), (409, "VALIDATION_CONFLICT"), "{}", late.body);

    let wrong = json!({
        "messaging.max_message_length": 0, "server.data_dir": "/etc", "server.listne": "x",
        "database.url": {"command": ["sh", "-c", "id"]}, "logging.sinks": {"x": {"kind": "file"}}, "auth.breached_passwords": "/etc/passwd",
    });
    let refused = ada.patch("admin/config", json!({"version": 2, "changes": wrong})).await?;
    assert_eq!((refused.status.as_u16(), refused.code()), (422, "VALIDATION_INVALID"), "{}", refused.body);
    let told: Vec<&str> = refused.body["details"]["fields"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|field| field["field"].as_str())
        .collect();
    let mut all: Vec<&String> = wrong.as_object().ok_or("an object")?.keys().collect();
    all.sort();
    let mut sorted = told.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, all, "{}", refused.body);
    assert_eq!(std::fs::read_to_string(&file)?, written);

    let history = ada.get("admin/config/history").await?.ok()?;
    let numbers: Vec<&Value> =
        history["items"].as_array().into_iter().flatten().map(|one| &one["number"]).collect();
    assert_eq!(numbers, [2, 1]);
    let compared = ada.get("admin/config/history/1").await?.ok()?;
    assert_eq!(
        compared["changes"][0],
        json!({"key": "messaging.max_message_length", "before": 100, "after": 20})
    );
    let log = std::fs::read_to_string(folder.path().join("data/logs/latest.txt"))?;
    let keys = "keys=\"messaging.max_message_length server.worker_threads\"";
    assert!(log.contains("the configuration is changed as ordered") && log.contains(keys));
    assert!(server.stop().await?.success());
    Ok(())
}

#[tokio::test]
async fn the_command_line_does_the_same_with_the_token_of_somebody_who_signed_in() -> Outcome<()> {
    let folder = tempfile::tempdir()?;
    let file = configure(folder.path())?;
    let (server, ada) = Plexi::set_up(folder.path()).await?;
    let longest = async || Outcome::Ok(ada.get("sync").await?.ok()?["server"]["max_message_length"].clone());
    let remote = |args: &'static [&'static str]| {
        let mut command = cli(folder.path())?;
        command
            .args(["--server", &format!("http://{}", server.address())])
            .env("PLEXICHAT_TOKEN", ada.token())
            .args(args);
        Outcome::Ok(command)
    };
    let run = async |args| {
        let output = remote(args)?.output().await?;
        Outcome::Ok((
            output.status.code(),
            String::from_utf8(output.stdout)?,
            String::from_utf8(output.stderr)?,
        ))
    };
    let (code, out, err) = run(&["config", "set", "messaging.max_message_length=30", "--dry-run"]).await?;
    assert_eq!(code, Some(0), "{err}");
    assert!(out.contains("messaging.max_message_length") && out.contains("30"), "{out}");
    assert_eq!(longest().await?, 100);
    let (code, _, err) = run(&[
        "config",
        "set",
        "messaging.max_message_length=30",
        "server.worker_threads=3",
        "--unset",
        "auth.idle_days",
    ])
    .await?;
    assert_eq!(code, Some(0), "{err}");
    assert_eq!(longest().await?, 30);
    let (_, out, _) = run(&["config", "show", "--key", "messaging.max_message_length", "--origin"]).await?;
    assert_eq!(out, "messaging.max_message_length = 30  (config/plexichat.toml:4:1)\n");
    let (_, out, _) = run(&["config", "diff", "1"]).await?;
    assert!(
        out.contains("messaging.max_message_length  100") && out.contains("server.worker_threads"),
        "{out}"
    );
    let (code, _, err) = run(&["config", "set", "server.listen=0.0.0.0:1"]).await?;
    assert!(code == Some(1) && err.contains("is changed on the server's machine only"), "{code:?} {err}");
    let (code, out, err) = run(&["logs", "level", "--target", "plexi_web", "trace"]).await?;
    assert!(code == Some(0) && out.contains("target plexi_web     trace"), "{out} {err}");
    let (code, _, err) = run(&["logs", "level", "--sink", "sinks.none", "warn"]).await?;
    assert!(code == Some(1) && err.contains("there is no sink"), "{err}");
    let (_, out, _) = run(&["logs", "level", "--target", "plexi_web", "default"]).await?;
    assert!(!out.contains("plexi_web") && out.contains("to file"), "{out}");
    let (code, _, err) = run(&["config", "rollback", "1"]).await?;
    assert_eq!(code, Some(0), "{err}");
    assert_eq!((std::fs::read_to_string(&file)?.as_str(), longest().await?), (TEXT, json!(100)));
    assert!(server.stop().await?.success());
    Ok(())
}

/// All texts of an archive.
fn unpacked(archive: &[u8]) -> Outcome<std::collections::BTreeMap<String, String>> {
    let mut zip = zip::ZipArchive::new(std::io::Cursor::new(archive))?;
    (0..zip.len())
        .map(|nth| {
            let mut file = zip.by_index(nth)?;
            let name = file.name()?.into_owned();
            Ok((name, std::io::read_to_string(&mut file)?))
        })
        .collect()
}

#[tokio::test]
async fn a_diagnostics_bundle_says_much_and_nothing_secret() -> Outcome<()> {
    let folder = tempfile::tempdir()?;
    let token = folder.path().join("sink.token");
    std::fs::write(&token, "Bearer hunter2-of-the-sink")?;
    let text = format!(
        "[logging.sinks.out]\nkind = \"http\"\naddress = \"http://127.0.0.1:9/logs\"\nauthorization_file = \"{}\"\n\
         [database]\nurl = \"sqlite:{}\"\n",
        token.display(),
        folder.path().join("hunter2-literal.db").display(),
    );
    std::fs::create_dir_all(folder.path().join("config"))?;
    std::fs::write(folder.path().join("config/plexichat.toml"), text)?;
    let (server, ada) = Plexi::set_up(folder.path()).await?;
    let key = std::fs::read_to_string(folder.path().join("data/keys/token.key"))?;
    let run = async |args: Vec<String>| {
        let output = cli(folder.path())?.env("PLEXICHAT_TOKEN", ada.token()).args(args).output().await?;
        Outcome::Ok((output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned()))
    };
    let address = format!("http://{}", server.address());
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    let (done, told) = run(words(&["--server", &address, "doctor", "--bundle", "running.zip"])).await?;
    assert!(done, "{told}");
    let (done, _) = run(words(&["--server", &address, "doctor", "--bundle", "running.zip"])).await?;
    assert!(!done, "a file that is there is not written over");
    assert!(server.stop().await?.success());
    let (done, told) = run(words(&["doctor", "--bundle", "stopped.zip"])).await?;
    assert!(done, "{told}");

    for (name, expected) in [
        (
            "running.zip",
            &[
                "about.json",
                "cache.json",
                "configuration.json",
                "database.json",
                "health.json",
                "log-levels.json",
                "logs/latest.txt",
                "metrics.txt",
                "supervisor.json",
            ][..],
        ),
        ("stopped.zip", &["about.json", "configuration.json", "findings.json", "logs/latest.txt"]),
    ] {
        let files = unpacked(&std::fs::read(folder.path().join(name))?)?;
        assert_eq!(files.keys().collect::<Vec<_>>(), expected, "{name}");
        assert!(
            files["configuration.json"].contains("logging.sinks")
                && files["logs/latest.txt"].contains("serving")
        );
        for (file, text) in &files {
            for secret in ["hunter2", key.trim(), ada.token(), plexi_tests::PASSWORD] {
                assert!(!text.contains(secret), "{name}: {file} holds {secret}");
            }
        }
    }
    Ok(())
}
