//! The alert rules and the dashboard that are handed out fit the figures of a real server.

use std::collections::BTreeSet;
use std::path::Path;

use plexi_tests::{Outcome, Plexi, http_client};
use serde_json::Value;

const RULES: &str = include_str!("../../../deploy/monitoring/alerts.yml");
const DASHBOARD: &str = include_str!("../../../deploy/monitoring/grafana-dashboard.json");

/// Names of figures in an expression.
fn names(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
    words
        .filter(|word| word.starts_with("plexi_") || word.starts_with("process_"))
        .map(str::to_owned)
        .collect()
}

/// The alerts: the name of each, and its lines.
fn alerts() -> Vec<(&'static str, &'static str)> {
    RULES.split("- alert: ").skip(1).filter_map(|alert| alert.split_once('\n')).collect()
}

/// The expressions of the dashboard, deep within it.
fn expressions(of: &Value, into: &mut Vec<String>) {
    match of {
        Value::Object(fields) => {
            into.extend(fields.get("expr").and_then(Value::as_str).map(str::to_owned));
            fields.values().for_each(|value| expressions(value, into));
        }
        Value::Array(values) => values.iter().for_each(|value| expressions(value, into)),
        _ => {}
    }
}

#[tokio::test]
async fn every_figure_that_rules_and_dashboard_ask_for_is_told_by_a_server() -> Outcome<()> {
    let folder = tempfile::tempdir()?;
    let (server, _ada) = Plexi::set_up(folder.path()).await?;
    let told = http_client().get(format!("http://{}/metrics", server.address())).send().await?.text().await?;
    let lines = told.lines().filter(|line| !line.starts_with('#'));
    let told: BTreeSet<&str> = lines.filter_map(|line| line.split(['{', ' ']).next()).collect();

    let mut asked = Vec::new();
    expressions(&serde_json::from_str(DASHBOARD)?, &mut asked);
    assert!(asked.len() > 20, "{asked:?}");
    let of_dashboard: BTreeSet<String> = asked.iter().flat_map(|asked| names(asked)).collect();
    for name in names(RULES).iter().chain(&of_dashboard) {
        assert!(told.contains(name.as_str()), "no server tells {name}");
    }
    Ok(())
}

#[test]
fn every_alert_says_what_is_the_matter_and_where_to_read_on() -> Outcome<()> {
    assert_eq!(alerts().len(), 11);
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/INCIDENT_RESPONSE.md");
    let page = std::fs::read_to_string(page).ok();
    for (name, text) in alerts() {
        for key in ["expr: ", "severity: ", "summary: ", "description: "] {
            assert_eq!(text.matches(key).count(), 1, "{name}: {key}");
        }
        let (_, rest) = text.split_once("runbook: docs/INCIDENT_RESPONSE.md#").ok_or(name)?;
        let anchor = rest.lines().next().unwrap_or_default();
        let kebab: String = name.chars().fold(String::new(), |mut kebab, c| {
            if c.is_ascii_uppercase() && !kebab.is_empty() {
                kebab.push('-');
            }
            kebab.push(c.to_ascii_lowercase());
            kebab
        });
        assert_eq!(anchor, kebab, "{name}");
        let Some(page) = &page else { continue };
        let heading = |line: &str| {
            line.strip_prefix('#')
                .map(|rest| rest.trim_start_matches('#').trim().to_lowercase().replace(' ', "-"))
        };
        assert!(page.lines().filter_map(heading).any(|found| found == anchor), "{name} has no section");
    }
    Ok(())
}
