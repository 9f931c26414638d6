use serde_json::Value;

use crate::args::Global;
use crate::exit::CliError;
use crate::output::{Out, Table};
use crate::remote::Remote;

/// `plexi metrics`
pub(crate) async fn run(global: &Global, prefix: Option<&str>, out: Out) -> Result<(), CliError> {
    let Some(address) = &global.server else {
        return Err(CliError::usage("only a running server has figures").remedy("Name it with --server URL."));
    };
    let remote = Remote::signed_in(address, global).await?;
    let query: Vec<(&str, &str)> = prefix.map(|prefix| ("prefix", prefix)).into_iter().collect();
    let families = Value::from(remote.all::<Value>("admin/metrics", &query).await?);
    out.show(&families, table)
}

fn table(families: &Value) -> String {
    let mut table = Table::new(&["name", "of", "value", "count", "mean", "p50", "p99"]);
    for family in families.as_array().into_iter().flatten() {
        let name = family["name"].as_str().unwrap_or_default();
        for sample in family["samples"].as_array().into_iter().flatten() {
            let mut row = vec![name.to_owned(), labels(&sample["labels"])];
            match sample.get("histogram") {
                Some(took) => row.extend(durations(took)),
                None => row.push(sample["value"].to_string()),
            }
            table.row(row);
        }
    }
    table.to_string()
}

fn labels(labels: &Value) -> String {
    let labels = labels.as_object().into_iter().flatten();
    let labels = labels.map(|(name, value)| format!("{name}={}", value.as_str().unwrap_or_default()));
    labels.collect::<Vec<_>>().join(" ")
}

/// No value, how many, their mean, what half of them and 99 % did not exceed.
fn durations(took: &Value) -> [String; 5] {
    let [count, sum] = ["count", "sum"].map(|key| took[key].as_f64().unwrap_or_default());
    let mean = if count > 0.0 { span(sum / count) } else { String::new() };
    let told = |key: &str| took[key].as_f64().map(span).unwrap_or_default();
    [String::new(), took["count"].to_string(), mean, told("p50"), told("p99")]
}

/// A time in the unit in which it is read best.
fn span(seconds: f64) -> String {
    match seconds {
        _ if seconds >= 1.0 => format!("{seconds:.2} s"),
        _ if seconds >= 0.001 => format!("{:.2} ms", seconds * 1e3),
        _ => format!("{:.0} us", seconds * 1e6),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_figure_is_a_row_and_of_durations_the_row_tells_how_long_they_were() {
        let families = json!([
            { "name": "plexi_hub_users", "samples": [{ "labels": {}, "value": 3 }] },
            { "name": "plexi_a_seconds", "samples": [
                { "labels": { "operation": "users.me", "by": "hand" },
                  "histogram": { "count": 4, "sum": 0.01, "p50": 0.0005, "p99": 1.5, "buckets": [] } },
                { "labels": { "operation": "none" }, "histogram": { "count": 0, "sum": 0, "buckets": [] } },
            ]},
        ]);
        let expected = "\
NAME             OF                          VALUE  COUNT  MEAN     P50     P99
plexi_hub_users                              3
plexi_a_seconds  by=hand operation=users.me         4      2.50 ms  500 us  1.50 s
plexi_a_seconds  operation=none                     0
";
        assert_eq!(table(&families), expected);
    }
}
