use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How carefully a value is kept. Every level has keys of its own.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum SecurityLevel {
    /// Anybody may know it: plain in this process, sealed outside, so that nobody forges it.
    Public,
    /// For the people of this server.
    #[default]
    Internal,
    /// For some of them.
    Confidential,
    /// For one of them; never compressed, since the length of what is compressed tells of its content.
    Secret,
    /// As `Secret`, under keys of its own.
    TopSecret,
}

impl SecurityLevel {
    /// All, from the lowest.
    pub const ALL: [Self; 5] =
        [Self::Public, Self::Internal, Self::Confidential, Self::Secret, Self::TopSecret];

    /// The name as in the configuration.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Public => "PUBLIC",
            Self::Internal => "INTERNAL",
            Self::Confidential => "CONFIDENTIAL",
            Self::Secret => "SECRET",
            Self::TopSecret => "TOP_SECRET",
        }
    }

    /// The number of the level in keys and records.
    pub const fn number(self) -> u8 {
        match self {
            Self::Public => 0,
            Self::Internal => 1,
            Self::Confidential => 2,
            Self::Secret => 3,
            Self::TopSecret => 4,
        }
    }

    /// Whether values may be compressed before they are sealed.
    pub(crate) const fn compresses(self) -> bool {
        !matches!(self, Self::Secret | Self::TopSecret)
    }
}

impl fmt::Display for SecurityLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
