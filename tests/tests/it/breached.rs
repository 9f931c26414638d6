//! Passwords known from breaches, in a file beside the server.

use std::fmt::Write as _;

use plexi_tests::{Outcome, PASSWORD, Person, Plexi, cli};
use serde_json::json;

/// Digests in order: some of others around that of "seven tame badgers paint walls".
fn list() -> String {
    let mut digests: Vec<String> =
        (0..2_000_u32).map(|n| format!("{:08X}{:032X}", n * 2_000_003, n)).collect();
    digests.push("C1018D65F834CE6EDDE3E36C7494C3023B3E341E".to_owned());
    digests.sort_unstable();
    digests.iter().fold(String::new(), |mut text, digest| {
        // Writing to a string does not fail.
        let _ = write!(text, "{digest}:7\r\n");
        text
    })
}

#[tokio::test]
async fn a_breached_password_is_refused_and_a_file_that_is_none_keeps_the_server_from_starting() -> Outcome<()>
{
    let folder = tempfile::tempdir()?;
    let data = folder.path().join("breached.txt");
    let key = format!("auth.breached_passwords={}", data.display());
    std::fs::create_dir(folder.path().join("config"))?;
    std::fs::write(
        folder.path().join("config/plexichat.toml"),
        format!("[auth]\nbreached_passwords = {:?}\n", data.display().to_string()),
    )?;
    let check = async || -> Outcome<std::process::Output> {
        Ok(cli(folder.path())?.args(["--set", &key, "config", "check"]).output().await?)
    };

    let missing = check().await?;
    let said = String::from_utf8_lossy(&missing.stderr).into_owned();
    assert_eq!(missing.status.code(), Some(2), "{said}");
    assert!(said.contains("breached.txt") && said.contains("cannot be read"), "{said}");
    std::fs::write(&data, "not a list\n")?;
    let refused = Plexi::start(folder.path()).await.err().ok_or("it started")?.to_string();
    assert!(refused.contains("byte 0") && refused.contains("SHA-1"), "{refused}");

    std::fs::write(&data, list())?;
    let fine = check().await?;
    assert!(fine.status.success(), "{}", String::from_utf8_lossy(&fine.stderr));
    let server = Plexi::start(folder.path()).await?;
    let nobody = Person::nobody(&server);
    let token = server.setup_token().ok_or("no link")?;
    let set_up = async |password: &str| {
        let body = json!({"token": token, "name": "ada", "display_name": "Ada", "password": password, "space_name": "Home"});
        nobody.post("auth/setup", body).await
    };
    let refused = set_up("seven tame badgers paint walls").await?;
    assert_eq!((refused.status.as_u16(), refused.code()), (422, "AUTH_PASSWORD_WEAK"));
    let problem = refused.body["details"]["fields"][0]["problem"].as_str().unwrap_or_default().to_owned();
    assert!(problem.contains("breach"), "{problem}");
    assert_eq!(set_up(PASSWORD).await?.status.as_u16(), 201);

    std::fs::remove_file(&data)?;
    let ada = Person::sign_in(&server, "ada").await?;
    let change = json!({"current": PASSWORD, "new": "seven quiet otters play chess"});
    let refused = ada.post("auth/password", change).await?;
    assert_eq!(
        (refused.status.as_u16(), refused.code()),
        (503, "AUTH_PASSWORD_UNCHECKED"),
        "unseen is not accepted"
    );
    let told = refused.body.to_string();
    assert!(!told.contains("breached.txt") && !told.to_lowercase().contains("storage"), "{told}");
    let log = std::fs::read_to_string(folder.path().join("data/logs/latest.txt"))?;
    assert!(log.contains("breached.txt cannot be read"), "the diagnosis is for the operator");
    assert!(server.stop().await?.success());
    Ok(())
}
