//! Which lines somebody wants to see.

use memchr::memmem::{Finder, find};
use plexi_core::Timestamp;

use super::entry::{Head, LogEntry};
use crate::escape;
use crate::fields::CORRELATION;
use crate::level::Level;
use crate::line::fixed_width;

/// Which lines are wanted: those that fit all that is set. The default wants all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogFilter {
    /// At least this severe. Lines without a level are left out.
    pub level: Option<Level>,
    /// Logged at this time or later. Lines without a time are left out.
    pub from: Option<Timestamp>,
    /// Logged before this time.
    pub until: Option<Timestamp>,
    /// The line holds this text, as it was logged, not as it is escaped.
    pub text: Option<String>,
    /// Whether `text` fits in small and in capital ASCII letters.
    pub ignore_case: bool,
    /// Logged by this target or a module below it.
    pub target: Option<String>,
    /// Each field has this value.
    pub fields: Vec<(String, String)>,
    /// Belongs to this request.
    pub correlation_id: Option<String>,
}

/// A filter made ready for many lines.
pub(crate) struct Matcher {
    level: Option<Level>,
    from: Option<String>,
    until: Option<String>,
    text: Option<Text>,
    target: Option<String>,
    fields: Vec<(String, String)>,
    /// What a line with these fields must hold; found much faster than it is taken apart.
    needed: Vec<Finder<'static>>,
}

impl Matcher {
    pub(crate) fn new(filter: &LogFilter) -> Self {
        let mut fields = filter.fields.clone();
        fields.extend(filter.correlation_id.iter().map(|id| (CORRELATION.to_owned(), id.clone())));
        let plain =
            |text: &str| text.bytes().all(|b| (b' '..=b'~').contains(&b) && !matches!(b, b'"' | b'\\'));
        let needed = fields.iter().map(|(_, value)| value).chain(&filter.target);
        Self {
            level: filter.level,
            from: filter.from.map(fixed_width),
            until: filter.until.map(fixed_width),
            text: filter.text.as_deref().map(|text| Text::new(text, filter.ignore_case)),
            target: filter.target.clone(),
            needed: needed
                .filter(|value| plain(value))
                .map(|value| Finder::new(value.as_bytes()).into_owned())
                .collect(),
            fields,
        }
    }

    /// Whether the line is wanted.
    pub(crate) fn fits(&mut self, line: &[u8]) -> bool {
        let head = Head::of(line);
        self.fits_head(&head)
            && self.text.as_mut().is_none_or(|text| text.is_in(line))
            && self.needed.iter().all(|needed| needed.find(line).is_some())
            && self.fits_whole(line)
    }

    fn fits_head(&self, head: &Head<'_>) -> bool {
        let since = |from: &String| head.time.is_some_and(|time| time >= from.as_bytes());
        let before = |until: &String| head.time.is_some_and(|time| time < until.as_bytes());
        self.level.is_none_or(|wanted| head.level.is_some_and(|level| level <= wanted))
            && self.from.as_ref().is_none_or(since)
            && self.until.as_ref().is_none_or(before)
    }

    fn fits_whole(&self, line: &[u8]) -> bool {
        if self.target.is_none() && self.fields.is_empty() {
            return true;
        }
        let record = LogEntry::new("", line).record();
        let below = |wanted: &String| {
            let found = record.target.as_deref().and_then(|target| target.strip_prefix(wanted.as_str()));
            found.is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
        };
        self.target.as_ref().is_none_or(below)
            && self.fields.iter().all(|(name, value)| record.field(name).is_some_and(|found| found == *value))
    }
}

/// A text in the forms that a line may hold it in.
struct Text {
    forms: Vec<Vec<u8>>,
    ignore_case: bool,
    /// The line in small letters; kept to be used again.
    lowered: Vec<u8>,
}

impl Text {
    fn new(text: &str, ignore_case: bool) -> Self {
        let (mut plain, mut quoted, mut json) = (String::new(), String::new(), String::new());
        escape::plain(&mut plain, text);
        escape::quoted(&mut quoted, text);
        escape::json(&mut json, text);
        let inner = |quoted: &str| quoted[1..quoted.len() - 1].to_owned();
        // as it stands, too: what is looked for may have been copied from a log
        let mut forms = vec![plain, inner(&quoted), inner(&json), text.to_owned()];
        if ignore_case {
            for form in &mut forms {
                form.make_ascii_lowercase();
            }
        }
        forms.sort_unstable();
        forms.dedup();
        let forms = forms.into_iter().map(String::into_bytes).collect();
        Self { forms, ignore_case, lowered: Vec::new() }
    }

    fn is_in(&mut self, line: &[u8]) -> bool {
        let line = if self.ignore_case {
            self.lowered.clear();
            self.lowered.extend(line.iter().map(u8::to_ascii_lowercase));
            &self.lowered
        } else {
            line
        };
        self.forms.iter().any(|form| find(line, form).is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &[u8] = br#"2026-11-21T09:30:00.123456Z WARN  plexi_web::call J\u{fc}rgen said "hi" user=zoe n=12 correlation_id=req-1"#;
    const JSON: &[u8] = br#"{"time":"2026-11-21T09:30:00.123456Z","level":"WARN","target":"plexi_web::call","message":"J\u00fcrgen said \"hi\"","correlation_id":"req-1","fields":{"user":"zoe","n":12}}"#;

    fn fits(filter: &LogFilter) -> bool {
        let mut matcher = Matcher::new(filter);
        let both = [TEXT, JSON].map(|line| matcher.fits(line));
        assert_eq!(both[0], both[1], "{filter:?} takes both forms for the same");
        both[0]
    }

    fn all() -> LogFilter {
        LogFilter::default()
    }

    #[test]
    fn each_condition_takes_and_refuses() {
        let at = |text: &str| Timestamp::parse(text);
        let some = |text: &str| Some(text.to_owned());
        let pair = |name: &str, value: &str| vec![(name.to_owned(), value.to_owned())];
        let taken = [
            all(),
            LogFilter { level: Some(Level::Warn), ..all() },
            LogFilter { level: Some(Level::Trace), ..all() },
            LogFilter { from: at("2026-11-21T09:30:00.123456Z"), ..all() },
            LogFilter { until: at("2026-11-21T09:30:00.123457Z"), ..all() },
            LogFilter { text: some("J\u{fc}rgen"), ..all() },
            LogFilter { text: some("jUrgen"), ignore_case: true, ..all() }.with_text("SAID"),
            LogFilter { target: some("plexi_web"), ..all() },
            LogFilter { target: some("plexi_web::call"), ..all() },
            LogFilter { fields: pair("n", "12"), ..all() },
            LogFilter { correlation_id: some("req-1"), fields: pair("user", "zoe"), ..all() },
        ];
        for filter in &taken {
            assert!(fits(filter), "{filter:?}");
        }
        let refused = [
            LogFilter { level: Some(Level::Error), ..all() },
            LogFilter { from: at("2026-11-21T09:30:00.123457Z"), ..all() },
            LogFilter { until: at("2026-11-21T09:30:00.123456Z"), ..all() },
            LogFilter { text: some("SAID"), ..all() },
            LogFilter { target: some("plexi"), ..all() },
            LogFilter { fields: pair("n", "1"), ..all() },
            LogFilter { fields: pair("message", "zoe"), ..all() },
            LogFilter { correlation_id: some("req"), ..all() },
        ];
        for filter in &refused {
            assert!(!fits(filter), "{filter:?}");
        }
    }

    impl LogFilter {
        fn with_text(self, text: &str) -> Self {
            Self { text: Some(text.to_owned()), ..self }
        }
    }

    #[test]
    fn lines_without_time_and_level_fit_only_when_neither_is_asked_for() {
        let line = b"thread 'main' panicked";
        assert!(Matcher::new(&LogFilter { text: Some("panicked".into()), ..all() }).fits(line));
        assert!(!Matcher::new(&LogFilter { level: Some(Level::Trace), ..all() }).fits(line));
        assert!(!Matcher::new(&LogFilter { from: Some(Timestamp::default()), ..all() }).fits(line));
    }
}
