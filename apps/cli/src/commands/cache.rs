use serde_json::{Value, json};

use crate::args::{CacheCommand, Global};
use crate::exit::{CliError, Exit};
use crate::output::{Out, Table, plain};
use crate::remote::Remote;

/// `plexi cache`
pub(crate) async fn run(global: &Global, command: CacheCommand, out: Out) -> Result<(), CliError> {
    let Some(address) = &global.server else {
        return Err(
            CliError::usage("only a running server remembers anything").remedy("Name it with --server URL.")
        );
    };
    let remote = Remote::signed_in(address, global).await?;
    match command {
        CacheCommand::Stats => {
            let kinds = Value::from(remote.all::<Value>("admin/cache", &[]).await?);
            out.show(&kinds, table)
        }
        CacheCommand::Flush { name } => {
            let body = name.map_or_else(|| json!({}), |name| json!({ "name": name }));
            remote.order("admin/cache/flush", &body).await.map_err(|error| match error.exit {
                Exit::NotFound => error.remedy("See `plexi cache stats`."),
                _ => error,
            })?;
            out.show(&body, |body| {
                let what = body["name"].as_str().map_or_else(|| "everything".to_owned(), plain);
                format!("{what} is forgotten")
            })
        }
    }
}

fn table(kinds: &Value) -> String {
    let heads = ["kind", "level", "values", "KiB", "of KiB", "hits", "misses", "evicted", "forgotten"];
    let mut table = Table::new(&heads);
    for kind in kinds.as_array().into_iter().flatten() {
        let word = |key: &str| kind[key].as_str().map(plain).unwrap_or_default();
        let count = |key: &str| kind[key].as_u64().unwrap_or_default();
        let kib = |key: &str| count(key).div_ceil(1_024).to_string();
        table.row([
            word("name"),
            word("level"),
            count("entries").to_string(),
            kib("bytes"),
            kib("max_bytes"),
            count("hits").to_string(),
            count("misses").to_string(),
            count("evictions").to_string(),
            count("invalidations").to_string(),
        ]);
    }
    table.to_string()
}
