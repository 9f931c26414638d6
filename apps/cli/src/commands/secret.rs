use plexi_app::auth::FormerKeys;
use plexi_app::config::Live;
use plexi_app::{OperatorError, Secrets};
use plexi_core::Coded as _;
use reqwest::Method;
use serde_json::{Value, json};

use crate::args::{Global, SecretCommand};
use crate::exit::CliError;
use crate::output::{Out, Table, plain};
use crate::remote::Remote;
use crate::workspace::open_existing;

/// `plexi secret`
pub(crate) async fn run(global: &Global, command: SecretCommand, out: Out) -> Result<(), CliError> {
    let told = match &global.server {
        Some(address) => remote(&Remote::signed_in(address, global).await?, &command).await?,
        None => local(global, &command).await?,
    };
    out.show(&told, |told| match &command {
        SecretCommand::List => table(told),
        SecretCommand::Rotate { name, revoke_former } => {
            let former = if *revoke_former { "; former ones count no more" } else { "" };
            format!("{} is a new one, fingerprint {}{former}", plain(name), word(told, "fingerprint"))
        }
        SecretCommand::Reload => reloaded(told),
    })
}

async fn remote(remote: &Remote, command: &SecretCommand) -> Result<Value, CliError> {
    match command {
        SecretCommand::List => Ok(Value::from(remote.all::<Value>("admin/secrets", &[]).await?)),
        SecretCommand::Rotate { name, revoke_former } => {
            let name = crate::remote::segment(name)?;
            let path = format!("admin/secrets/{name}/rotate?revoke_former={revoke_former}");
            remote.change(Method::POST, &path, &json!({})).await
        }
        SecretCommand::Reload => remote.change(Method::POST, "admin/secrets/reload", &json!({})).await,
    }
}

async fn local(global: &Global, command: &SecretCommand) -> Result<Value, CliError> {
    if matches!(command, SecretCommand::Reload) {
        return Err(CliError::usage("a server that is not running has nothing to reload").remedy(
            "With --server it goes to a running one; so does the signal HUP. A start reads all secrets.",
        ));
    }
    let settings = crate::commands::config::load(global)?.settings;
    let services = open_existing(global).await?;
    let secrets = Secrets::of(&services, Live::fixed(settings));
    let told = match command {
        SecretCommand::Rotate { name, revoke_former } => {
            let former = if *revoke_former { FormerKeys::Revoked } else { FormerKeys::Kept };
            secrets.rotate(name, former).await.map(|facts| json!(facts))
        }
        _ => secrets.list().await.map(|all| json!(all)),
    };
    services.close().await;
    told.map_err(|error| refused(&error))
}

fn refused(error: &OperatorError) -> CliError {
    match error {
        OperatorError::NoSecret => {
            CliError::not_found("there is no secret of that name").remedy("See `plexi secret list`.")
        }
        OperatorError::KeptElsewhere { kept } => CliError::usage(format!("that secret is kept in {kept}"))
            .remedy("Change it there, then `plexi secret reload` with --server, or start the server again."),
        other => CliError::failure(other.to_string()).remedy(error.code().remedy()),
    }
}

fn table(secrets: &Value) -> String {
    let mut table = Table::new(&["name", "kept in", "changed", "fingerprint", "rotate"]);
    for secret in secrets.as_array().into_iter().flatten() {
        let how = if secret["rotatable"] == true { "plexi secret rotate" } else { "where it is kept" };
        let cells = ["name", "kept", "changed_at", "fingerprint"].map(|key| word(secret, key));
        table.row([&cells[0], &cells[1], &cells[2], &cells[3], how]);
    }
    table.to_string()
}

fn reloaded(told: &Value) -> String {
    let names = |key: &str| {
        let names: Vec<&str> = told[key].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        names.join(", ")
    };
    match (names("changed"), names("needs_restart")) {
        (changed, waiting) if changed.is_empty() && waiting.is_empty() => "no secret has changed".to_owned(),
        (changed, waiting) if waiting.is_empty() => format!("in use now: {changed}"),
        (_, waiting) => format!("needs a restart: {waiting}"),
    }
}

fn word(value: &Value, key: &str) -> String {
    value[key].as_str().map(plain).unwrap_or_default()
}
