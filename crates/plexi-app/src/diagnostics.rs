//! The diagnostics bundle of a server that need not run.

use std::collections::BTreeMap;

use plexi_core::Clock;
use plexi_core_log::LogReader;
use plexi_web::Bundle;
use serde_json::json;

use crate::doctor::examine;
use crate::settings::Settings;
use crate::sources::SettingsArgs;

/// All that helps to find a fault and can be had without a running server: program, configuration without secrets, findings of the
/// doctor, the ends of the logs. Works also when the configuration is not valid.
pub async fn diagnose(args: &SettingsArgs, clock: &dyn Clock) -> Bundle {
    let mut bundle = Bundle::default();
    bundle.json(
        "about.json",
        &json!({
            "version": env!("CARGO_PKG_VERSION"),
            "build": if cfg!(debug_assertions) { "debug" } else { "release" },
            "system": std::env::consts::OS,
            "processor": std::env::consts::ARCH,
            "taken_at": clock.now(),
        }),
    );
    let settings = match args.load() {
        Ok(loaded) => {
            let row = |(key, value, origin): (String, _, plexi_config::Origin)| {
                (key, json!({ "value": value, "origin": origin.to_string() }))
            };
            bundle
                .json("configuration.json", &loaded.rows().into_iter().map(row).collect::<BTreeMap<_, _>>());
            loaded.settings
        }
        Err(error) => {
            bundle.text("configuration.txt", &error.to_string());
            Settings::default()
        }
    };
    bundle.json("findings.json", &examine(&settings, clock).await);
    bundle.logs(&LogReader::new(&settings.logging, &settings.server.data_dir));
    bundle
}
