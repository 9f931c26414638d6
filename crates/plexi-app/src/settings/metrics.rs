use std::path::PathBuf;

use plexi_core::FieldError;
use plexi_core_log::HttpPost;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The longest time between two pushes, in seconds.
const LONGEST: u32 = 3_600;

/// Figures of the server: section `metrics`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct MetricsSection {
    /// Figures sent to a collector of OpenTelemetry.
    pub otlp: OtlpSection,
}

/// Figures sent to a collector of OpenTelemetry: section `metrics.otlp`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct OtlpSection {
    /// The collector's URL, with `/v1/metrics`; nothing is sent without it.
    #[schemars(extend("x-console" = false))]
    pub address: Option<String>,
    /// A file with the value of the header `Authorization`; read at start-up.
    #[schemars(extend("x-console" = false))]
    pub authorization_file: Option<PathBuf>,
    /// How many seconds lie between two pushes. 1 to 3,600.
    #[schemars(range(min = 1, max = 3_600))]
    pub interval_seconds: u32,
}

impl Default for OtlpSection {
    fn default() -> Self {
        Self { address: None, authorization_file: None, interval_seconds: 60 }
    }
}

impl MetricsSection {
    /// All that is wrong with the values; keys are relative to the section.
    pub fn problems(&self) -> Vec<FieldError> {
        let OtlpSection { address, authorization_file, interval_seconds } = &self.otlp;
        let mut found = Vec::new();
        if let Some(address) = address {
            found = HttpPost::problems(address, authorization_file.is_some());
        }
        if !(1..=LONGEST).contains(interval_seconds) {
            found.push(FieldError::new("interval_seconds", format!("must be 1 to {LONGEST}")));
        }
        let whole = |one: FieldError| FieldError::new(format!("otlp.{}", one.field), one.problem);
        found.into_iter().map(whole).collect()
    }
}
