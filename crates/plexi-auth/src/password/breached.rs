//! Passwords known from breaches, in a file of SHA-1 digests in order: looked up by halving the file, so that any size
//! costs a few dozen small reads and no memory.

use std::cmp::Ordering;
use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};

/// The longest line with its end: 40 digits, a colon, a count of at most 20 digits, carriage return and line feed.
const LONGEST_LINE: u64 = 64;
/// The digits of a digest.
const DIGITS: usize = 40;
/// At how many places a file is looked at before it is used.
const SAMPLES: u64 = 256;

type Sha1 = [u8; 20];

/// Why a list of breached passwords cannot be used. It names the file and says what to do; for operators.
#[derive(Debug, thiserror::Error)]
#[error("the list of breached passwords {} {problem}", path.display())]
pub struct BreachedListError {
    path: PathBuf,
    problem: Problem,
}

#[derive(Debug, thiserror::Error)]
enum Problem {
    #[error("cannot be read ({0}); check auth.breached_passwords and who may read the file")]
    Unreadable(io::Error),
    #[error("is empty; download it again")]
    Empty,
    #[error(
        "has a line at byte {0} that is not 40 hexadecimal digits, alone or with a colon and a count; it must be the list of SHA-1 \
         digests, not of NTLM hashes, unpacked"
    )]
    Malformed(u64),
    #[error(
        "is not in order at byte {0}; take the list that is ordered by hash, or sort it with LC_ALL=C sort"
    )]
    Disorder(u64),
}

impl From<io::Error> for Problem {
    fn from(error: io::Error) -> Self {
        Self::Unreadable(error)
    }
}

/// A file of digests. It is opened for each look, so that it can be replaced by a newer one while the server runs.
#[derive(Clone, Debug)]
pub struct BreachedList {
    path: PathBuf,
}

impl BreachedList {
    /// The list in a file, after a look at it: it can be read, its first and last lines and some hundred in between are
    /// digests and in order. Blocks for some milliseconds.
    pub fn open(path: &Path) -> Result<Self, BreachedListError> {
        let list = Self { path: path.to_owned() };
        list.read(check)?;
        Ok(list)
    }

    /// Whether a password is in it. Blocks: for a thread that may.
    pub fn has(&self, password: &str) -> Result<bool, BreachedListError> {
        let mut wanted: Sha1 = [0; 20];
        wanted.copy_from_slice(digest(&SHA1_FOR_LEGACY_USE_ONLY, password.as_bytes()).as_ref());
        self.read(|lines| find(lines, &wanted))
    }

    fn read<T>(&self, work: impl FnOnce(&mut Lines) -> Result<T, Problem>) -> Result<T, BreachedListError> {
        let lines = Lines::open(&self.path);
        let done = lines.and_then(|mut lines| work(&mut lines));
        done.map_err(|problem| BreachedListError { path: self.path.clone(), problem })
    }
}

/// A line of the file.
struct Line {
    /// Where it begins.
    start: u64,
    /// Where the next one begins.
    end: u64,
    digest: Sha1,
}

/// The file by its lines.
struct Lines {
    file: File,
    /// Where the last line ends, without blank lines after it.
    end: u64,
}

impl Lines {
    fn open(path: &Path) -> Result<Self, Problem> {
        let mut file = File::open(path)?;
        let length = file.seek(SeekFrom::End(0))?;
        let mut lines = Self { file, end: length };
        let (from, tail) = lines.window(length)?;
        let kept = tail.iter().rposition(|byte| !byte.is_ascii_whitespace()).map_or(0, |last| last + 1);
        lines.end = from + kept as u64;
        if lines.end == 0 { Err(Problem::Empty) } else { Ok(lines) }
    }

    /// What stands around a place: one longest line before it and one after it. And where that begins.
    fn window(&mut self, at: u64) -> Result<(u64, Vec<u8>), Problem> {
        let from = at.saturating_sub(LONGEST_LINE);
        let until = at.saturating_add(LONGEST_LINE).min(self.end);
        let mut bytes = vec![0; usize::try_from(until - from).unwrap_or(0)];
        self.file.seek(SeekFrom::Start(from))?;
        self.file.read_exact(&mut bytes)?;
        Ok((from, bytes))
    }

    /// The line that the byte at `at` belongs to; `at` is before the end.
    fn around(&mut self, at: u64) -> Result<Line, Problem> {
        let (from, bytes) = self.window(at)?;
        let place = usize::try_from(at - from).unwrap_or(0);
        let feed = |byte: &u8| *byte == b'\n';
        let begin = bytes[..place].iter().rposition(feed).map_or(0, |feed| feed + 1);
        let finish = bytes[place..].iter().position(feed).map_or(bytes.len(), |feed| place + feed);
        let start = from + begin as u64;
        let text = bytes[begin..finish].strip_suffix(b"\r").unwrap_or(&bytes[begin..finish]);
        let digest = parse(text).ok_or(Problem::Malformed(start))?;
        Ok(Line { start, end: from + finish as u64 + 1, digest })
    }
}

/// The digest of a line without its end.
fn parse(text: &[u8]) -> Option<Sha1> {
    let (digits, rest) = text.split_at_checked(DIGITS)?;
    let counted = match rest.split_first() {
        None => true,
        Some((b':', count)) => !count.is_empty() && count.len() <= 20 && count.iter().all(u8::is_ascii_digit),
        Some(_) => false,
    };
    let mut digest: Sha1 = [0; 20];
    for (byte, pair) in digest.iter_mut().zip(digits.chunks_exact(2)) {
        let high = char::from(pair[0]).to_digit(16)?;
        let low = char::from(pair[1]).to_digit(16)?;
        *byte = u8::try_from(high << 4 | low).ok()?;
    }
    counted.then_some(digest)
}

/// Halves what is left of the file until the line is found or nothing is left.
fn find(lines: &mut Lines, wanted: &Sha1) -> Result<bool, Problem> {
    let (mut low, mut high) = (0, lines.end);
    while low < high {
        let line = lines.around(low + (high - low) / 2)?;
        match line.digest.cmp(wanted) {
            Ordering::Equal => return Ok(true),
            Ordering::Less => low = line.end,
            Ordering::Greater => high = line.start,
        }
    }
    Ok(false)
}

/// Looks at places from the first to the last line, and at the line after each.
fn check(lines: &mut Lines) -> Result<(), Problem> {
    let last = lines.end - 1;
    let mut before: Option<Line> = None;
    for sample in 0..=SAMPLES {
        // Multiplied first, so that small files are looked at everywhere; no file is so large that this overflows.
        let at = u128::from(last) * u128::from(sample) / u128::from(SAMPLES);
        let line = lines.around(u64::try_from(at).unwrap_or(last))?;
        let next = if line.end < lines.end { Some(lines.around(line.end)?) } else { None };
        for line in [Some(line), next].into_iter().flatten() {
            if let Some(before) = &before
                && before.start < line.start
                && before.digest > line.digest
            {
                return Err(Problem::Disorder(line.start));
            }
            before = Some(line);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    /// How a file can be written.
    #[derive(Clone, Copy, Debug)]
    struct Form {
        counts: bool,
        upper: bool,
        end: &'static str,
        last_end: bool,
    }

    fn forms() -> impl Strategy<Value = Form> {
        (any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>()).prop_map(
            |(counts, upper, crlf, last_end)| Form {
                counts,
                upper,
                end: if crlf { "\r\n" } else { "\n" },
                last_end,
            },
        )
    }

    fn hex(digest: &Sha1, upper: bool) -> String {
        let digits = digest.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"));
        if upper { digits.to_uppercase() } else { digits }
    }

    fn text_of<'a>(digests: impl IntoIterator<Item = &'a Sha1>, form: Form) -> String {
        let count = |digest: &Sha1| 10_u64.pow(u32::from(digest[19]) % 19);
        let lines: Vec<String> = digests
            .into_iter()
            .map(|digest| {
                let digits = hex(digest, form.upper);
                if form.counts { format!("{digits}:{}", count(digest)) } else { digits }
            })
            .collect();
        lines.join(form.end) + if form.last_end { form.end } else { "" }
    }

    fn kept(text: &str) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        file
    }

    fn refused(text: &str) -> String {
        BreachedList::open(kept(text).path()).unwrap_err().to_string()
    }

    /// The digests just before and after.
    fn neighbours(digest: &Sha1) -> [Sha1; 2] {
        let (mut less, mut more) = (*digest, *digest);
        for byte in less.iter_mut().rev() {
            *byte = byte.wrapping_sub(1);
            if *byte != u8::MAX {
                break;
            }
        }
        for byte in more.iter_mut().rev() {
            *byte = byte.wrapping_add(1);
            if *byte != 0 {
                break;
            }
        }
        [less, more]
    }

    proptest! {
        #[test]
        fn every_entry_is_found_and_its_neighbours_are_not(
            digests in prop::collection::btree_set(any::<Sha1>(), 1..200), form in forms()
        ) {
            let file = kept(&text_of(&digests, form));
            BreachedList::open(file.path()).unwrap();
            let mut lines = Lines::open(file.path()).unwrap();
            for digest in &digests {
                prop_assert!(find(&mut lines, digest).unwrap());
                for other in neighbours(digest) {
                    prop_assert_eq!(find(&mut lines, &other).unwrap(), digests.contains(&other));
                }
            }
        }

        #[test]
        fn a_small_file_out_of_order_is_refused(
            digests in prop::collection::btree_set(any::<Sha1>(), 2..60), form in forms(), at in any::<prop::sample::Index>()
        ) {
            let mut shuffled: Vec<Sha1> = digests.into_iter().collect();
            let at = at.index(shuffled.len() - 1);
            shuffled.swap(at, at + 1);
            prop_assert!(refused(&text_of(&shuffled, form)).contains("not in order"));
        }

        #[test]
        fn no_file_makes_looking_panic(text in "[0-9a-fA-F:\r\n ]{0,400}") {
            let file = kept(&text);
            if let Ok(list) = BreachedList::open(file.path()) {
                let _ = list.has("anything");
            }
        }
    }

    #[test]
    fn a_password_is_looked_up_by_its_digest() {
        let form = Form { counts: true, upper: true, end: "\r\n", last_end: true };
        let of = |text: &str| {
            let mut out: Sha1 = [0; 20];
            out.copy_from_slice(digest(&SHA1_FOR_LEGACY_USE_ONLY, text.as_bytes()).as_ref());
            out
        };
        assert_eq!(hex(&of("password"), true), "5BAA61E4C9B93F3F0682250B6CF8331B7EE68FD8");
        let digests: BTreeSet<Sha1> = ["password", "nine calm otters", "caf\u{e9} au lait"].map(of).into();
        let file = kept(&text_of(&digests, form));
        let list = BreachedList::open(file.path()).unwrap();
        assert!(list.has("password").unwrap() && list.has("caf\u{e9} au lait").unwrap());
        assert!(!list.has("Password").unwrap() && !list.has("").unwrap());
    }

    #[test]
    fn what_is_no_such_list_is_refused_and_the_error_says_what_to_do() {
        let good = "0".repeat(40);
        let cases = [
            (String::new(), "is empty"),
            ("\r\n\n".to_owned(), "is empty"),
            ("<html>".to_owned(), "at byte 0"),
            ("8846F7EAEE8FB117AD06BDD830B7586C:1\n".repeat(3), "not of NTLM hashes"),
            (format!("{good}:1\n{good}:x\n"), "at byte 43"),
            (format!("{good} 1\n"), "at byte 0"),
            (format!("{good}:\n"), "at byte 0"),
            (format!("{good}:1\n\n{good}:1\n"), "at byte 43"),
            (format!("{good}:{}\n", "1".repeat(400)), "40 hexadecimal digits"),
            (format!("{}:1\n{good}:1\n", "F".repeat(40)), "LC_ALL=C sort"),
        ];
        for (text, problem) in cases {
            let said = refused(&text);
            assert!(said.contains(problem), "{text:?}: {said}");
        }
        let missing = BreachedList::open(Path::new("no/such/list.txt")).unwrap_err().to_string();
        assert!(
            missing.contains("no/such/list.txt") && missing.contains("auth.breached_passwords"),
            "{missing}"
        );
    }

    #[test]
    fn a_file_that_went_away_is_an_error_and_no_answer() {
        let file = kept(&"A".repeat(40));
        let list = BreachedList::open(file.path()).unwrap();
        file.close().unwrap();
        assert!(list.has("password").is_err());
    }
}
