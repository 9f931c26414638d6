use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tracing::Metadata;
use tracing::metadata::LevelFilter;
use tracing_subscriber::filter::Targets;

/// From which severity on events are written.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Nothing.
    #[serde(alias = "OFF")]
    Off,
    /// What failed and needs somebody.
    #[serde(alias = "ERROR")]
    Error,
    /// What is wrong but was handled.
    #[serde(alias = "WARN")]
    Warn,
    /// What an operator wants to know.
    #[default]
    #[serde(alias = "INFO")]
    Info,
    /// What explains a fault.
    #[serde(alias = "DEBUG")]
    Debug,
    /// Everything.
    #[serde(alias = "TRACE")]
    Trace,
}

impl Level {
    const NAMES: [(&'static str, Self); 6] = [
        ("off", Self::Off),
        ("error", Self::Error),
        ("warn", Self::Warn),
        ("info", Self::Info),
        ("debug", Self::Debug),
        ("trace", Self::Trace),
    ];

    /// As a threshold that changes while it is read.
    pub(crate) const fn as_number(self) -> u8 {
        self as u8
    }

    /// The level of that number; everything when there is none.
    pub(crate) fn of_number(number: u8) -> Self {
        Self::NAMES.get(usize::from(number)).map_or(Self::Trace, |(_, level)| *level)
    }

    const fn filter(self) -> LevelFilter {
        match self {
            Self::Off => LevelFilter::OFF,
            Self::Error => LevelFilter::ERROR,
            Self::Warn => LevelFilter::WARN,
            Self::Info => LevelFilter::INFO,
            Self::Debug => LevelFilter::DEBUG,
            Self::Trace => LevelFilter::TRACE,
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(Self::NAMES[*self as usize].0)
    }
}

impl FromStr for Level {
    type Err = ParseLevelError;

    fn from_str(text: &str) -> Result<Self, ParseLevelError> {
        let found = Self::NAMES.iter().find(|(name, _)| name.eq_ignore_ascii_case(text.trim()));
        found.map(|(_, level)| *level).ok_or_else(|| ParseLevelError(crate::escape_ascii(text)))
    }
}

/// The text names no level.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is not a level: expected off, error, warn, info, debug or trace, or TARGET=LEVEL")]
pub struct ParseLevelError(String);

/// A level for everything and levels for single targets, written `info,plexi_web=debug`.
///
/// A target covers the modules below it; the longest one that fits decides.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct LevelSpec {
    /// The level of every target that is not named.
    pub level: Level,
    /// Levels of named targets.
    pub targets: BTreeMap<String, Level>,
}

impl FromStr for LevelSpec {
    type Err = ParseLevelError;

    fn from_str(text: &str) -> Result<Self, ParseLevelError> {
        let mut spec = Self::default();
        for part in text.split(',').filter(|part| !part.trim().is_empty()) {
            match part.split_once('=') {
                Some((target, _)) if target.trim().is_empty() => {
                    return Err(ParseLevelError(crate::escape_ascii(part)));
                }
                Some((target, level)) => {
                    spec.targets.insert(target.trim().to_owned(), level.parse()?);
                }
                None => spec.level = part.parse()?,
            }
        }
        Ok(spec)
    }
}

impl fmt::Display for LevelSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.level)?;
        self.targets.iter().try_for_each(|(target, level)| write!(f, ",{target}={level}"))
    }
}

/// How much is logged now, and where to.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, JsonSchema)]
pub struct LogLevels {
    /// The level of every target that is not named.
    pub level: Level,
    /// Levels of named targets.
    pub targets: BTreeMap<String, Level>,
    /// What file (`file`), standard error (`console`) and sinks (`sinks.NAME`) take of it; `trace` takes all.
    pub sinks: BTreeMap<String, Level>,
}

/// Other levels. What is not named stays.
#[derive(Clone, Debug, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LevelChange {
    /// The level of every target that is not named.
    #[serde(default)]
    #[schemars(with = "Level")]
    pub level: Option<Level>,
    /// Levels of named targets; null takes the name away, so that the level of all others counts.
    #[serde(default)]
    #[schemars(extend("maxProperties" = 100))]
    pub targets: BTreeMap<String, Option<Level>>,
    /// What file, console and sinks take; null takes all that is logged.
    #[serde(default)]
    #[schemars(extend("maxProperties" = 100))]
    pub sinks: BTreeMap<String, Option<Level>>,
}

/// Decides by target and level, and lets spans of INFO and above always through: the correlation id
/// lives on a request span and must show on an ERROR even when the level is `error`.
pub(crate) struct Levels {
    spec: LevelSpec,
    targets: Targets,
    most_verbose: LevelFilter,
}

impl Levels {
    pub(crate) fn new(spec: &LevelSpec) -> Self {
        let named = spec.targets.iter().map(|(target, level)| (target.clone(), level.filter()));
        let most_verbose = spec.targets.values().copied().chain([spec.level, Level::Info]).max();
        Self {
            spec: spec.clone(),
            targets: Targets::new().with_default(spec.level.filter()).with_targets(named),
            most_verbose: most_verbose.unwrap_or_default().filter(),
        }
    }

    pub(crate) fn wants(&self, metadata: &Metadata<'_>) -> bool {
        (metadata.is_span() && *metadata.level() <= tracing::Level::INFO)
            || self.targets.would_enable(metadata.target(), metadata.level())
    }

    pub(crate) const fn spec(&self) -> &LevelSpec {
        &self.spec
    }

    pub(crate) const fn most_verbose(&self) -> LevelFilter {
        self.most_verbose
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_specification_reads_back_as_written() {
        let spec: LevelSpec = "WARN, plexi_web=debug,sqlx=off".parse().unwrap();
        assert_eq!(spec.to_string(), "warn,plexi_web=debug,sqlx=off");
        assert_eq!(spec.to_string().parse(), Ok(spec));
        assert_eq!("".parse(), Ok(LevelSpec::default()));
    }

    #[test]
    fn a_misspelt_level_is_an_error_and_not_a_target() {
        for bad in ["inof", "info,web=loud", "=debug"] {
            assert!(bad.parse::<LevelSpec>().is_err(), "{bad}");
        }
    }
}
