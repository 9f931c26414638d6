use std::time::Duration;

use plexi_core::FieldError;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::backoff::Backoff;

/// Settings of supervision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SupervisorConfig {
    /// Whether services that fail are started again. Without it the server ends at the first failure.
    pub enabled: bool,
    /// Every how many seconds the figures of supervision are written to the log; 1 to 86,400.
    #[schemars(range(min = 1, max = 86_400))]
    pub interval_seconds: u32,
    /// The shortest wait before a service is started again, in seconds; 1 to 3,600.
    #[schemars(range(min = 1, max = 3_600))]
    pub backoff_initial_seconds: u32,
    /// The longest wait before a service is started again, in seconds; at least the shortest, at most 86,400.
    #[schemars(range(min = 1, max = 86_400))]
    pub backoff_max_seconds: u32,
    /// After how many seconds without a sign of life a service counts as hung and is started again; 3 to 3,600.
    #[schemars(range(min = 3, max = 3_600))]
    pub heartbeat_seconds: u32,
}

impl Default for SupervisorConfig {
    fn default() -> Self {
        Self {
            enabled: true,
            interval_seconds: 30,
            backoff_initial_seconds: 5,
            backoff_max_seconds: 300,
            heartbeat_seconds: 60,
        }
    }
}

impl SupervisorConfig {
    /// What is wrong with the values, by field.
    pub fn problems(&self) -> Vec<FieldError> {
        let mut problems = Vec::new();
        let mut within = |field: &str, value: u32, most: u32| {
            if !(1..=most).contains(&value) {
                problems.push(FieldError::new(field, format!("must be from 1 to {most}")));
            }
        };
        within("interval_seconds", self.interval_seconds, 86_400);
        within("backoff_initial_seconds", self.backoff_initial_seconds, 3_600);
        within("backoff_max_seconds", self.backoff_max_seconds, 86_400);
        if !(3..=3_600).contains(&self.heartbeat_seconds) {
            problems.push(FieldError::new("heartbeat_seconds", "must be from 3 to 3600".to_owned()));
        }
        if self.backoff_max_seconds < self.backoff_initial_seconds {
            problems.push(FieldError::new(
                "backoff_max_seconds",
                "must not be below backoff_initial_seconds".to_owned(),
            ));
        }
        problems
    }

    /// The waits before restarts.
    pub fn backoff(&self) -> Backoff {
        let seconds = |count: u32| Duration::from_secs(count.into());
        Backoff::new(seconds(self.backoff_initial_seconds), seconds(self.backoff_max_seconds))
    }

    /// How long a service may be silent.
    pub fn heartbeat(&self) -> Duration {
        Duration::from_secs(self.heartbeat_seconds.into())
    }

    /// How often figures are written.
    pub fn interval(&self) -> Duration {
        Duration::from_secs(self.interval_seconds.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_valid() {
        assert_eq!(SupervisorConfig::default().problems(), []);
    }

    #[test]
    fn every_value_out_of_its_range_is_named() {
        let config = SupervisorConfig {
            enabled: true,
            interval_seconds: 0,
            backoff_initial_seconds: 4_000,
            backoff_max_seconds: 3_999,
            heartbeat_seconds: 2,
        };
        let fields: Vec<_> = config.problems().into_iter().map(|problem| problem.field).collect();
        assert_eq!(
            fields,
            ["interval_seconds", "backoff_initial_seconds", "heartbeat_seconds", "backoff_max_seconds"]
        );
    }
}
