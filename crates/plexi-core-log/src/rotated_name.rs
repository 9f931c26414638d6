//! Names of files that were put aside: `latest-20261121T093000.123456Z.txt` and its `.zip`.
//!
//! Only what reads back as such a name is ever compressed or deleted; other files are not ours.

use std::fmt;

use plexi_core::Timestamp;

use crate::line::fixed_width;

/// What stands at the end of a name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    /// The log itself.
    Plain,
    /// The finished archive.
    Zip,
    /// An archive that was being written.
    Partial,
}

impl Kind {
    const fn suffix(self) -> &'static str {
        match self {
            Self::Plain => ".txt",
            Self::Zip => ".zip",
            Self::Partial => ".zip.tmp",
        }
    }
}

/// The name of a file that was put aside.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct RotatedName {
    pub(crate) stem: String,
    pub(crate) at: Timestamp,
    pub(crate) kind: Kind,
}

impl RotatedName {
    pub(crate) fn new(stem: &str, at: Timestamp) -> Self {
        Self { stem: stem.to_owned(), at, kind: Kind::Plain }
    }

    /// The same log in another form.
    pub(crate) fn of_kind(&self, kind: Kind) -> Self {
        Self { kind, ..self.clone() }
    }

    /// Reads a name back; `None` when it is not one of ours or belongs to another log.
    pub(crate) fn parse(stem: &str, name: &str) -> Option<Self> {
        let rest = name.strip_prefix(stem)?.strip_prefix('-')?;
        let kinds = [Kind::Partial, Kind::Zip, Kind::Plain];
        let (stamp, kind) =
            kinds.into_iter().find_map(|kind| Some((rest.strip_suffix(kind.suffix())?, kind)))?;
        if !stamp.is_ascii() || stamp.len() != "20261121T093000.123456Z".len() {
            return None;
        }
        let (date, time) = stamp.split_once('T')?;
        let (year, month, day) = (date.get(..4)?, date.get(4..6)?, date.get(6..)?);
        let (hour, minute, second) = (time.get(..2)?, time.get(2..4)?, time.get(4..)?);
        let at = Timestamp::parse(&format!("{year}-{month}-{day}T{hour}:{minute}:{second}"))?;
        let found = Self { stem: stem.to_owned(), at, kind };
        (found.to_string() == name).then_some(found)
    }
}

impl fmt::Display for RotatedName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let stamp = fixed_width(self.at).replace(['-', ':'], "");
        write!(f, "{}-{stamp}{}", self.stem, self.kind.suffix())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_read_back_and_foreign_names_do_not() {
        let at = Timestamp::from_micros(1_795_253_400_123_456);
        let name = RotatedName::new("latest", at);
        assert_eq!(name.to_string(), "latest-20261121T093000.123456Z.txt");
        for kind in [Kind::Plain, Kind::Zip, Kind::Partial] {
            let name = name.of_kind(kind);
            assert_eq!(RotatedName::parse("latest", &name.to_string()), Some(name));
        }
        let foreign = [
            "latest.txt",
            "latest-.txt",
            "latest-notes.txt",
            "latest-20261121T093000.123456Z.txt.bak",
            "latest-20261321T093000.123456Z.txt",
            "other-20261121T093000.123456Z.txt",
            "latest-20261121T093000.123456+.txt",
        ];
        for bad in foreign {
            assert_eq!(RotatedName::parse("latest", bad), None, "{bad}");
        }
    }
}
