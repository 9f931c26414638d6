use std::path::PathBuf;

use plexi_core::FieldError;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How people prove who they are and for how long that counts: the section `[auth]` of the configuration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct AuthConfig {
    /// After how many days a session ends whatever happens: 1 to 365. A session keeps what it began with.
    #[schemars(range(min = 1, max = 365))]
    pub session_days: u32,
    /// After how many days unseen a session ends: 1 to 365.
    #[schemars(range(min = 1, max = 365))]
    pub idle_days: u32,
    /// For how many minutes an access token is valid: 1 to 60.
    #[schemars(range(min = 1, max = 60))]
    pub access_token_minutes: u32,
    /// The least number of characters of a new password: 8 to 64. A password alone protects the account, hence 15.
    #[schemars(range(min = 8, max = 64))]
    pub password_min_length: u32,
    /// A file of passwords that became known in breaches, as SHA-1 digests in order: the download of Pwned Passwords. A new
    /// password that is in it is refused. By default there is none.
    #[schemars(extend("x-restart" = true, "x-console" = false))]
    pub breached_passwords: Option<PathBuf>,
    /// Memory of one Argon2id run in KiB: 7168 to 1048576.
    #[schemars(range(min = 7168, max = 1_048_576), extend("x-restart" = true, "x-console" = false))]
    pub argon2_memory_kib: u32,
    /// Passes of one Argon2id run over its memory: 1 to 16. Memory times passes is at least 35840.
    #[schemars(range(min = 1, max = 16), extend("x-restart" = true, "x-console" = false))]
    pub argon2_iterations: u32,
    /// How many password checks may wait for a free core: 1 to 1024. More are refused as overload.
    #[schemars(range(min = 1, max = 1024), extend("x-restart" = true))]
    pub max_password_jobs: u32,
}

impl Default for AuthConfig {
    fn default() -> Self {
        Self {
            session_days: 30,
            idle_days: 14,
            access_token_minutes: 10,
            password_min_length: 15,
            breached_passwords: None,
            argon2_memory_kib: 47_104,
            argon2_iterations: 1,
            max_password_jobs: 16,
        }
    }
}

/// The weakest memory and work that OWASP accepts (7 MiB, five passes). Tests of other crates may go lower: their
/// accounts protect nothing, and their builds never leave the machine.
const RELAXED: bool = cfg!(any(test, feature = "test-util"));
const MIN_MEMORY_KIB: u32 = if RELAXED { 8 } else { 7_168 };
const MIN_WORK: u64 = if RELAXED { 8 } else { 35_840 };

impl AuthConfig {
    /// The least that hashing allows, so that tests with many accounts are quick.
    #[cfg(any(test, feature = "test-util"))]
    pub fn quick() -> Self {
        Self { argon2_memory_kib: 64, max_password_jobs: 1_024, ..Self::default() }
    }

    /// Checks every bound; one entry for each field that is outside.
    pub fn check(&self) -> Result<(), Vec<FieldError>> {
        let bounds = [
            ("session_days", self.session_days, 1, 365),
            ("idle_days", self.idle_days, 1, 365),
            ("access_token_minutes", self.access_token_minutes, 1, 60),
            ("password_min_length", self.password_min_length, 8, 64),
            ("argon2_memory_kib", self.argon2_memory_kib, MIN_MEMORY_KIB, 1_048_576),
            ("argon2_iterations", self.argon2_iterations, 1, 16),
            ("max_password_jobs", self.max_password_jobs, 1, 1_024),
        ];
        let mut problems: Vec<FieldError> = bounds
            .into_iter()
            .filter(|(_, value, least, most)| value < least || value > most)
            .map(|(field, _, least, most)| FieldError::new(field, format!("must be {least} to {most}")))
            .collect();
        if u64::from(self.argon2_memory_kib) * u64::from(self.argon2_iterations) < MIN_WORK {
            let problem = format!("times argon2_memory_kib must be at least {MIN_WORK}");
            problems.push(FieldError::new("argon2_iterations", problem));
        }
        if problems.is_empty() { Ok(()) } else { Err(problems) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_within_their_bounds() {
        assert_eq!(AuthConfig::default().check(), Ok(()));
    }

    #[test]
    fn every_field_outside_its_bounds_is_named() {
        let config = AuthConfig { session_days: 0, access_token_minutes: 61, ..AuthConfig::default() };
        let fields: Vec<String> = config.check().unwrap_err().into_iter().map(|error| error.field).collect();
        assert_eq!(fields, ["session_days", "access_token_minutes"]);
    }
}
