//! The documents of an export, as far as they are used. Everything else in them is passed over.

use plexi_core::Timestamp;
use serde::Deserialize;

#[derive(Debug, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "as the document has them")]
pub(super) struct SlackUser {
    pub id: String,
    #[serde(default)]
    pub team_id: Option<String>,
    #[serde(default)]
    pub name: String,
    #[serde(default)]
    pub real_name: String,
    #[serde(default)]
    pub deleted: bool,
    #[serde(default)]
    pub is_bot: bool,
    #[serde(default)]
    is_restricted: bool,
    #[serde(default)]
    is_ultra_restricted: bool,
    #[serde(default)]
    pub profile: Profile,
}

impl SlackUser {
    /// A guest of many channels or of one.
    pub fn is_guest(&self) -> bool {
        self.is_restricted || self.is_ultra_restricted
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Profile {
    pub real_name: String,
    pub display_name: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct Conversation {
    pub id: String,
    #[serde(default)]
    pub name: String,
    #[serde(default)]
    pub created: i64,
    #[serde(default)]
    pub is_archived: bool,
    #[serde(default)]
    pub members: Vec<String>,
    #[serde(default)]
    pub topic: About,
    #[serde(default)]
    pub purpose: About,
    #[serde(default)]
    pub pins: Vec<Pin>,
}

impl Conversation {
    /// The topic, or the purpose where there is none.
    pub fn topic(&self) -> &str {
        if self.topic.value.is_empty() { &self.purpose.value } else { &self.topic.value }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct About {
    pub value: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct Pin {
    #[serde(default)]
    pub id: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Post {
    #[serde(default)]
    pub ts: String,
    #[serde(default)]
    pub user: Option<String>,
    #[serde(default)]
    pub bot_id: Option<String>,
    #[serde(default)]
    pub username: Option<String>,
    #[serde(default)]
    pub subtype: Option<String>,
    #[serde(default)]
    pub text: String,
    #[serde(default)]
    pub thread_ts: Option<String>,
    #[serde(default)]
    pub edited: Option<Edited>,
    #[serde(default)]
    pub reactions: Vec<SlackReaction>,
    #[serde(default)]
    pub files: Vec<SlackFile>,
    #[serde(default)]
    pub attachments: Vec<Attachment>,
    #[serde(default)]
    pub topic: Option<String>,
    #[serde(default)]
    pub purpose: Option<String>,
    #[serde(default)]
    pub name: Option<String>,
}

impl Post {
    /// When it was posted, to the microsecond.
    pub fn time(&self) -> Option<Timestamp> {
        time(&self.ts)
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct Edited {
    #[serde(default)]
    pub ts: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct SlackReaction {
    pub name: String,
    #[serde(default)]
    pub users: Vec<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct SlackFile {
    #[serde(default)]
    pub name: Option<String>,
    #[serde(default)]
    pub permalink: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Attachment {
    #[serde(default)]
    pub fallback: Option<String>,
    #[serde(default)]
    pub text: Option<String>,
}

/// Reads `seconds.fraction`, the fraction to six digits.
pub(super) fn time(ts: &str) -> Option<Timestamp> {
    let (seconds, fraction) = ts.split_once('.').unwrap_or((ts, ""));
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    if seconds.is_empty() || !digits(seconds) || !digits(fraction) || fraction.len() > 6 {
        return None;
    }
    let seconds: i64 = seconds.parse().ok()?;
    let micros: i64 = format!("{fraction:0<6}").parse().ok()?;
    let micros = seconds.checked_mul(1_000_000)?.checked_add(micros)?;
    let at = Timestamp::from_micros(micros);
    (at.as_micros() == micros).then_some(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ts_is_read_to_the_microsecond() {
        assert_eq!(time("1103966040.000003"), Some(Timestamp::from_micros(1_103_966_040_000_003)));
        assert_eq!(time("1103966040"), Some(Timestamp::from_seconds(1_103_966_040)));
        assert_eq!(time("1103966040.5"), Some(Timestamp::from_micros(1_103_966_040_500_000)));
        for bad in ["", ".", "abc", "-1", "1.0000001", "99999999999999999999", "9999999999999.0"] {
            assert_eq!(time(bad), None, "{bad}");
        }
    }
}
