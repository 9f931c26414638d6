//! Secrets are rotated while people work: no request fails, old tokens count until they expire, and nothing shows a secret.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use plexi_tests::{Outcome, Person, Plexi, cli};
use serde_json::{Value, json};

/// What `plexi secret` prints and ends with.
async fn secret(
    folder: &Path,
    through: Option<(&Plexi, &Person)>,
    args: &[&str],
) -> Outcome<(i32, String, String)> {
    let mut command = cli(folder)?;
    if let Some((server, person)) = through {
        command.args(["--server", &format!("http://{}", server.address())]);
        command.env("PLEXICHAT_TOKEN", person.token());
    }
    let output = command.arg("secret").args(args).output().await?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Ok((output.status.code().unwrap_or(-1), text(&output.stdout), text(&output.stderr)))
}

/// The secret that signs, as it stands in its file.
fn signing(folder: &Path) -> Outcome<String> {
    let text = std::fs::read_to_string(folder.join("data/keys/token.key"))?;
    let line = text.lines().next().and_then(|line| line.split_once(':')).ok_or("no key")?;
    Ok(line.1.to_owned())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rotation_under_load_fails_no_request_and_shows_no_secret() -> Outcome<()> {
    let folder = tempfile::tempdir()?;
    let (server, ada) = Plexi::set_up(folder.path()).await?;
    let mut seen = vec![signing(folder.path())?];
    let (stop, asked) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let mut asking = tokio::task::JoinSet::new();
    for _ in 0..4 {
        let (person, stop, asked) = (ada.clone(), stop.clone(), asked.clone());
        asking.spawn(async move {
            while !stop.load(Ordering::SeqCst) {
                person.get("users/me").await?.ok()?;
                asked.fetch_add(1, Ordering::SeqCst);
            }
            Outcome::Ok(())
        });
    }
    let mut told = String::new();
    for _ in 0..3 {
        let before = asked.load(Ordering::SeqCst);
        let (code, out, err) = secret(folder.path(), Some((&server, &ada)), &["rotate", "token.key"]).await?;
        assert_eq!(code, 0, "{err}");
        told += &(out + &err);
        assert!(!seen.contains(&signing(folder.path())?), "it is a new one");
        seen.push(signing(folder.path())?);
        while asked.load(Ordering::SeqCst) < before + 20 && !asking.is_empty() {
            tokio::task::yield_now().await;
        }
    }
    stop.store(true, Ordering::SeqCst);
    while let Some(done) = asking.join_next().await {
        done??;
    }
    let again = Person::sign_in(&server, "ada").await?;
    again.get("sync").await?.ok()?;
    let (code, out, _) = secret(folder.path(), Some((&server, &again)), &["list", "--json"]).await?;
    let listed: Value = serde_json::from_str(&out)?;
    assert_eq!((code, &listed[0]["name"]), (0, &"token.key".into()), "{out}");
    assert!(listed[0]["fingerprint"].as_str().is_some_and(|print| told.contains(print)), "{told} {out}");
    told += &out;

    let server = server.kill_and_restart().await?;
    ada.get("sync").await?.ok()?;
    again.get("sync").await?.ok()?;
    assert!(server.stop().await?.success());
    let (code, out, err) = secret(folder.path(), None, &["rotate", "token.key"]).await?;
    assert_eq!(code, 0, "on the data folder: {err}");
    told += &out;
    seen.push(signing(folder.path())?);
    let log = std::fs::read_to_string(folder.path().join("data/logs/latest.txt"))?;
    for secret in &seen {
        assert!(!told.contains(secret) && !log.contains(secret), "a secret was shown");
    }
    let server = Plexi::start_at(folder.path(), ada.address()).await?;
    ada.get("sync").await?.ok()?;
    assert!(server.stop().await?.success());
    Ok(())
}

#[tokio::test]
async fn revoking_the_former_key_ends_its_tokens_at_once_and_lets_every_socket_connect_again() -> Outcome<()>
{
    let folder = tempfile::tempdir()?;
    let (server, ada) = Plexi::set_up(folder.path()).await?;
    let mut socket = ada.connect().await?;
    let revoke = ["rotate", "token.key", "--revoke-former"];
    let (code, out, err) = secret(folder.path(), Some((&server, &ada)), &revoke).await?;
    assert_eq!(code, 0, "{err}");
    assert!(out.contains("count no more"), "{out}");
    assert_eq!(socket.until("goodbye").await?["reason"], "restart");
    let ended = ada.get("users/me").await?;
    assert_eq!((ended.status.as_u16(), ended.code()), (401, "AUTH_TOKEN_INVALID"));
    assert!(ada.connect().await.is_err());
    let again = Person::sign_in(&server, "ada").await?;
    again.get("users/me").await?.ok()?;

    assert!(server.stop().await?.success());
    let (code, _, err) = secret(folder.path(), None, &revoke).await?;
    assert_eq!(code, 0, "on the data folder: {err}");
    let server = Plexi::start_at(folder.path(), ada.address()).await?;
    assert_eq!(again.get("users/me").await?.code(), "AUTH_TOKEN_INVALID");
    Person::sign_in(&server, "ada").await?.get("users/me").await?.ok()?;
    assert!(server.stop().await?.success());
    Ok(())
}

#[tokio::test]
async fn more_rotations_in_an_hour_than_former_keys_are_kept_are_refused_unless_they_revoke() -> Outcome<()> {
    let folder = tempfile::tempdir()?;
    let (server, ada) = Plexi::set_up(folder.path()).await?;
    let rotate = "admin/secrets/token.key/rotate";
    for _ in 0..8 {
        ada.post(rotate, json!({})).await?.ok()?;
    }
    let key = signing(folder.path())?;
    let refused = ada.post(rotate, json!({})).await?;
    assert_eq!((refused.status.as_u16(), refused.code()), (429, "AUTH_TOO_MANY_ATTEMPTS"));
    assert_eq!(signing(folder.path())?, key, "nothing has changed");
    ada.get("users/me").await?.ok()?;
    let (code, _, err) = secret(folder.path(), Some((&server, &ada)), &["rotate", "token.key"]).await?;
    assert!(code == 5 && err.contains("too many attempts"), "{code} {err}");
    ada.post(&format!("{rotate}?revoke_former=true"), json!({})).await?.ok()?;
    assert_eq!(ada.get("users/me").await?.code(), "AUTH_TOKEN_INVALID");
    assert!(server.stop().await?.success());
    Ok(())
}

#[tokio::test]
async fn a_secret_from_outside_is_changed_where_it_is_kept_and_reloaded() -> Outcome<()> {
    let folder = tempfile::tempdir()?;
    let place = folder.path().join("database-url");
    std::fs::write(&place, "sqlite:first-file.db\n")?;
    std::fs::create_dir_all(folder.path().join("config"))?;
    let text = format!("[database]\nurl = {{ file = \"{}\" }}\n", place.display());
    std::fs::write(folder.path().join("config/plexichat.toml"), text)?;
    let (server, ada) = Plexi::set_up(folder.path()).await?;
    let through = Some((&server, &ada));

    let (_, out, _) = secret(folder.path(), through, &["list"]).await?;
    assert!(
        out.contains("database.url") && out.contains("database-url") && !out.contains("first-file"),
        "{out}"
    );
    let (code, _, err) = secret(folder.path(), through, &["rotate", "database.url"]).await?;
    assert!(code != 0 && err.contains("change it there"), "{code} {err}");
    let (_, out, _) = secret(folder.path(), through, &["reload"]).await?;
    assert!(out.contains("no secret has changed"), "{out}");
    std::fs::write(&place, "sqlite:second-file.db\n")?;
    let (_, out, _) = secret(folder.path(), through, &["reload"]).await?;
    assert!(out.contains("needs a restart: database.url"), "{out}");
    std::fs::remove_file(&place)?;
    let (code, _, err) = secret(folder.path(), through, &["reload"]).await?;
    assert!(code != 0 && !err.contains("second-file"), "{err}");
    ada.get("sync").await?.ok()?;
    assert!(server.stop().await?.success());
    Ok(())
}
