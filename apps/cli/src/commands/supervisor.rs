use serde_json::{Value, json};

use crate::args::{Global, SupervisorCommand};
use crate::exit::{CliError, Exit};
use crate::output::{Out, Table, plain};
use crate::remote::Remote;

/// `plexi supervisor`
pub(crate) async fn run(global: &Global, command: SupervisorCommand, out: Out) -> Result<(), CliError> {
    let Some(address) = &global.server else {
        return Err(CliError::usage("only a running server has parts").remedy("Name it with --server URL."));
    };
    let remote = Remote::signed_in(address, global).await?;
    match command {
        SupervisorCommand::Status => {
            let parts = Value::from(remote.all::<Value>("admin/supervisor", &[]).await?);
            out.show(&parts, table)
        }
        SupervisorCommand::Restart { path } => {
            let body = json!({ "path": path });
            remote.order("admin/supervisor/restart", &body).await.map_err(|error| match error.exit {
                Exit::NotFound => error.remedy("See `plexi supervisor status`."),
                _ => error,
            })?;
            out.show(&body, |_| format!("{} is started anew", plain(&path)))
        }
    }
}

fn table(parts: &Value) -> String {
    let mut table = Table::new(&["part", "state", "for", "restarts", "hung", "last failure"]);
    for part in parts.as_array().into_iter().flatten() {
        let word = |key: &str| part[key].as_str().map(plain).unwrap_or_default();
        let count = |key: &str| part[key].as_u64().unwrap_or_default();
        let seconds = format!("{} s", count("in_state_ms") / 1_000);
        let (restarts, hung) = (count("restarts").to_string(), count("hung").to_string());
        table.row([&word("path"), &word("state"), &seconds, &restarts, &hung, &word("last_failure")]);
    }
    table.to_string()
}
