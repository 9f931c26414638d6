use plexi_core::FieldError;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Settings of messaging.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct MessagingConfig {
    /// The longest message, in characters; 1 to 40,000.
    #[schemars(range(min = 1, max = 40_000))]
    pub max_message_length: u32,
    /// How many sends may wait for the store; more are refused. 1 to 65,536.
    #[schemars(range(min = 1, max = 65_536), extend("x-restart" = true))]
    pub send_queue: u32,
    /// How many bytes waiting sends may hold, in MiB; 1 to 1,024.
    #[schemars(range(min = 1, max = 1_024))]
    pub send_queue_mib: u32,
    /// How many waiting sends are stored with one sync to disk; 1 to 4,096.
    #[schemars(range(min = 1, max = 4_096))]
    pub batch: u32,
    /// For how many seconds a decision about access may be remembered; 1 to 300. Changes made through
    /// the service count at once.
    #[schemars(range(min = 1, max = 300), extend("x-restart" = true))]
    pub access_ttl_seconds: u32,
    /// Settings of the real-time hub.
    pub hub: HubConfig,
}

impl Default for MessagingConfig {
    fn default() -> Self {
        Self {
            max_message_length: 40_000,
            send_queue: 4_096,
            send_queue_mib: 64,
            batch: 256,
            access_ttl_seconds: 30,
            hub: HubConfig::default(),
        }
    }
}

/// Settings of the real-time hub.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct HubConfig {
    /// How many frames may wait for a connection before it is closed as too slow; 16 to 65,536.
    #[schemars(range(min = 16, max = 65_536))]
    pub queue_frames: u32,
    /// How many KiB of frames may wait for a connection; 256 to 1,048,576.
    #[schemars(range(min = 256, max = 1_048_576))]
    pub queue_kib: u32,
    /// After how many seconds without a connection a user is shown as offline; 0 to 300.
    #[schemars(range(min = 0, max = 300))]
    pub offline_after_seconds: u32,
}

impl Default for HubConfig {
    fn default() -> Self {
        Self { queue_frames: 1_024, queue_kib: 8_192, offline_after_seconds: 5 }
    }
}

impl MessagingConfig {
    /// What is out of bounds, by key; empty when all is well.
    pub fn problems(&self) -> Vec<FieldError> {
        [
            ("max_message_length", self.max_message_length, 1, 40_000),
            ("send_queue", self.send_queue, 1, 65_536),
            ("send_queue_mib", self.send_queue_mib, 1, 1_024),
            ("batch", self.batch, 1, 4_096),
            ("access_ttl_seconds", self.access_ttl_seconds, 1, 300),
            ("hub.queue_frames", self.hub.queue_frames, 16, 65_536),
            ("hub.queue_kib", self.hub.queue_kib, 256, 1_048_576),
            ("hub.offline_after_seconds", self.hub.offline_after_seconds, 0, 300),
        ]
        .into_iter()
        .filter(|(_, value, least, most)| !(least..=most).contains(&value))
        .map(|(key, _, least, most)| FieldError::new(key, format!("must be {least} to {most}")))
        .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_within_bounds_and_zero_is_not() {
        assert_eq!(MessagingConfig::default().problems(), []);
        let config = MessagingConfig { batch: 0, ..MessagingConfig::default() };
        assert_eq!(config.problems(), [FieldError::new("batch", "must be 1 to 4096")]);
    }
}
