use std::fmt;
use std::time::Duration;

use crate::algorithm::Terms;
use crate::error::RuleError;
use crate::subject::Part;

/// How many parts a rule's key may be made of.
const PARTS: usize = Part::ALL.len();

/// The longest window.
const LONGEST: Duration = Duration::from_hours(24 * 31);
/// The most of a quota: what is counted in millionths stays far from the end of the numbers.
const MOST: u64 = 1_000_000_000_000;
/// The largest limit of [`Algorithm::ExactWindow`].
pub const MOST_EXACT: u64 = 16;

/// How a rule counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub enum Algorithm {
    /// A bucket of tokens that refills evenly (the same decisions as GCRA): smooth, allows a burst of the whole quota. The usual choice.
    TokenBucket,
    /// The count of this window, and of the one before as far as it still reaches in, spread evenly: right for even traffic, and never
    /// more than twice the quota in any stretch for the most uneven.
    SlidingWindow,
    /// Exactly so many in any stretch of time of that length, for quotas of at most 16, such as sign-in.
    ExactWindow,
    /// A count that begins anew with each window.
    FixedWindow,
    /// How many are under way at the same time; the window means nothing.
    Concurrent,
}

/// What is counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "kebab-case"))]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub enum Unit {
    /// Requests, weighed by their cost.
    #[default]
    Requests,
    /// Bytes of bodies.
    ContentBytes,
}

/// The parts of a subject that a rule tells apart, as a set; none at all is a rule for everybody together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Key(u8);

impl Key {
    /// Everybody together.
    pub const GLOBAL: Self = Self(0);

    /// This part alone.
    pub const fn of(part: Part) -> Self {
        Self(1 << part as u8)
    }

    /// And this part.
    #[must_use]
    pub const fn and(self, part: Part) -> Self {
        Self(self.0 | 1 << part as u8)
    }

    /// Whether the part is among them.
    pub const fn has(self, part: Part) -> bool {
        self.0 & (1 << part as u8) != 0
    }

    /// The parts.
    pub fn parts(self) -> impl Iterator<Item = Part> {
        Part::ALL.into_iter().filter(move |part| self.has(*part))
    }
}

impl FromIterator<Part> for Key {
    fn from_iter<I: IntoIterator<Item = Part>>(parts: I) -> Self {
        parts.into_iter().fold(Self::GLOBAL, Self::and)
    }
}

impl fmt::Display for Key {
    /// `address+route`; `global` for everybody together.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == Self::GLOBAL {
            return f.write_str("global");
        }
        for (nth, part) in self.parts().take(PARTS).enumerate() {
            if nth > 0 {
                f.write_str("+")?;
            }
            f.write_str(part.as_str())?;
        }
        Ok(())
    }
}

/// A limit: who is told apart, how much in which time, counted how.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    pub(crate) name: String,
    pub(crate) key: Key,
    pub(crate) algorithm: Algorithm,
    pub(crate) unit: Unit,
    pub(crate) quota: u64,
    pub(crate) window: Duration,
    pub(crate) scopes: Vec<String>,
    pub(crate) except: Vec<String>,
    pub(crate) shadow: bool,
    pub(crate) exempt_tiers: bool,
}

impl Rule {
    /// `quota` in each `window` for each value of `key`, by a token bucket, counting requests, everywhere.
    ///
    /// The name is what headers, figures and people call it: 1 to 64 of `a-z 0-9 - _ .`; two rules of one name are refused.
    pub fn new(name: impl Into<String>, key: Key, quota: u64, window: Duration) -> Self {
        Self {
            name: name.into(),
            key,
            algorithm: Algorithm::TokenBucket,
            unit: Unit::Requests,
            quota,
            window,
            scopes: Vec::new(),
            except: Vec::new(),
            shadow: false,
            exempt_tiers: false,
        }
    }

    /// At most `most` under way at the same time for each value of `key`.
    pub fn concurrent(name: impl Into<String>, key: Key, most: u64) -> Self {
        Self::new(name, key, most, Duration::from_secs(1)).algorithm(Algorithm::Concurrent)
    }

    /// How it counts. What was counted by another algorithm is forgotten.
    #[must_use]
    pub const fn algorithm(mut self, algorithm: Algorithm) -> Self {
        self.algorithm = algorithm;
        self
    }

    /// What it counts.
    #[must_use]
    pub const fn unit(mut self, unit: Unit) -> Self {
        self.unit = unit;
        self
    }

    /// Holds only in this scope (and others so named); a rule without scopes holds everywhere. A scope is what the host calls a kind of
    /// operation, or one operation.
    #[must_use]
    pub fn within(mut self, scope: impl Into<String>) -> Self {
        self.scopes.push(scope.into());
        self
    }

    /// Does not hold in this scope, whatever else is said: others have taken its place there.
    #[must_use]
    pub fn except(mut self, scope: impl Into<String>) -> Self {
        self.except.push(scope.into());
        self
    }

    /// Only counts whom it would refuse.
    #[must_use]
    pub const fn shadow(mut self, shadow: bool) -> Self {
        self.shadow = shadow;
        self
    }

    /// The same for all tiers.
    #[must_use]
    pub const fn same_for_all_tiers(mut self) -> Self {
        self.exempt_tiers = true;
        self
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whom it tells apart.
    pub const fn key(&self) -> Key {
        self.key
    }

    pub(crate) fn check(&self) -> Result<(), RuleError> {
        let refuse = |problem| Err(RuleError { rule: self.name.clone(), problem });
        let named = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'_' | b'.');
        if !(1..=64).contains(&self.name.len()) || !self.name.bytes().all(named) {
            return refuse("its name must be 1 to 64 of a-z, 0-9, '-', '_' and '.'");
        }
        if !(1..=MOST).contains(&self.quota) {
            return refuse("its quota must be 1 to 1,000,000,000,000");
        }
        if self.window < Duration::from_millis(1) || self.window > LONGEST {
            return refuse("its window must be a millisecond to 31 days");
        }
        if self.algorithm == Algorithm::ExactWindow && self.quota > MOST_EXACT {
            return refuse("an exact window counts to 16; take a sliding window for more");
        }
        if self.algorithm == Algorithm::Concurrent && self.unit != Unit::Requests {
            return refuse("bytes are not under way: what is concurrent are requests");
        }
        Ok(())
    }

    /// What it allows to a tier whose quota is so many thousandths of the usual one.
    pub(crate) fn terms(&self, thousandths: u32) -> Terms {
        // what holds for everybody of an address, or for everybody, is not a user's to widen
        let scaled = if self.exempt_tiers || !self.key.has(Part::User) {
            self.quota
        } else {
            let scaled = u128::from(self.quota) * u128::from(thousandths) / 1_000;
            u64::try_from(scaled).unwrap_or(MOST).clamp(1, MOST)
        };
        let quota = if self.algorithm == Algorithm::ExactWindow { scaled.min(MOST_EXACT) } else { scaled };
        Terms::new(self.algorithm, quota, self.window)
    }
}
