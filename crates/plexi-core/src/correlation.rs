use std::fmt;

use crate::entropy::{Entropy, EntropyError};

/// Joins what one request did, in answers (`X-Correlation-Id`), logs and error bodies.
///
/// Written as `req-` and up to 60 characters of `[A-Za-z0-9._-]`; nothing else can be one, so an
/// outsider's value cannot forge a log line.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct CorrelationId(Box<str>);

const PREFIX: &str = "req-";
const MAX: usize = 64;

impl CorrelationId {
    /// A new id of 128 random bits.
    pub fn generate(entropy: &dyn Entropy) -> Result<Self, EntropyError> {
        use fmt::Write as _;
        let mut bytes = [0_u8; 16];
        entropy.fill(&mut bytes)?;
        let mut text = String::with_capacity(PREFIX.len() + 32);
        text.push_str(PREFIX);
        for byte in bytes {
            // infallible: writing to a String
            let _ = write!(text, "{byte:02x}");
        }
        Ok(Self(text.into()))
    }

    /// Takes a caller's id when it is short and plain; `None` otherwise. The prefix is added if missing.
    pub fn accept(text: &str) -> Option<Self> {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        let bare = text.strip_prefix(PREFIX).unwrap_or(text);
        (!bare.is_empty() && bare.len() + PREFIX.len() <= MAX && bare.chars().all(plain))
            .then(|| Self(format!("{PREFIX}{bare}").into()))
    }

    /// The text of the id.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for CorrelationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for CorrelationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SeededEntropy;

    #[test]
    fn generated_ids_are_accepted_back_unchanged() {
        let id = CorrelationId::generate(&SeededEntropy::new(1)).unwrap();
        assert_eq!(CorrelationId::accept(id.as_str()), Some(id));
    }

    #[test]
    fn ids_that_could_forge_a_line_are_refused() {
        for bad in ["", "a b", "x\nINFO forged", "\u{202e}", &"a".repeat(61)] {
            assert_eq!(CorrelationId::accept(bad), None, "{bad:?}");
        }
        assert_eq!(CorrelationId::accept("abc").unwrap().as_str(), "req-abc");
    }
}
