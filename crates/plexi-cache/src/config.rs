use std::time::Duration;

use plexi_core::FieldError;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::compress;
use crate::level::SecurityLevel;

/// Settings of a cache.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct CacheConfig {
    /// The most memory that all namespaces take together, in MiB; 1 to 65,536.
    #[schemars(range(min = 1, max = 65_536))]
    pub max_size_mb: u32,
    /// How long a value is believed when its namespace says nothing else, in seconds; 1 to 2,592,000.
    #[schemars(range(min = 1, max = 2_592_000))]
    pub default_ttl_seconds: u32,
    /// Whether long values of the levels up to `CONFIDENTIAL` are compressed before they are sealed.
    pub compression_enabled: bool,
    /// The level of namespaces that name none.
    pub default_security_level: SecurityLevel,
}

impl Default for CacheConfig {
    fn default() -> Self {
        Self {
            max_size_mb: 64,
            default_ttl_seconds: 300,
            compression_enabled: true,
            default_security_level: SecurityLevel::Internal,
        }
    }
}

impl CacheConfig {
    /// What is wrong with the values, by field.
    pub fn problems(&self) -> Vec<FieldError> {
        let mut problems = Vec::new();
        let mut within = |field: &str, value: u32, most: u32| {
            if !(1..=most).contains(&value) {
                problems.push(FieldError::new(field, format!("must be from 1 to {most}")));
            }
        };
        within("max_size_mb", self.max_size_mb, 65_536);
        within("default_ttl_seconds", self.default_ttl_seconds, 2_592_000);
        problems
    }

    pub(crate) fn max_bytes(&self) -> u64 {
        u64::from(self.max_size_mb) << 20
    }

    pub(crate) fn default_ttl(&self) -> Duration {
        Duration::from_secs(self.default_ttl_seconds.into())
    }

    /// From how many bytes on a value of the level is compressed; `None`: never.
    pub(crate) fn compresses_from(&self, level: SecurityLevel) -> Option<usize> {
        (self.compression_enabled && level.compresses()).then_some(compress::THRESHOLD)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_valid_and_what_is_out_of_range_is_named() {
        assert_eq!(CacheConfig::default().problems(), []);
        let config = CacheConfig { max_size_mb: 0, default_ttl_seconds: 2_592_001, ..CacheConfig::default() };
        let fields: Vec<_> = config.problems().into_iter().map(|problem| problem.field).collect();
        assert_eq!(fields, ["max_size_mb", "default_ttl_seconds"]);
    }
}
