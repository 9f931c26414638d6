//! Fenced code in Markdown, as `CommonMark` has it: what stands in it is shown, not meant.

/// Follows a file line by line.
#[derive(Default)]
pub struct Fences {
    /// The character and the length of the fence that is open.
    open: Option<(char, usize)>,
}

impl Fences {
    /// Whether this line is code or a fence. Every line must be shown to it, in order.
    pub fn cover(&mut self, line: &str) -> bool {
        let line = line.trim();
        let mark = line.chars().next().unwrap_or_default();
        let length = line.chars().take_while(|c| *c == mark).count();
        let rest = &line[length * mark.len_utf8()..];
        let is_fence = matches!(mark, '`' | '~') && length >= 3;
        match self.open {
            Some((opened, least)) => {
                if is_fence && mark == opened && length >= least && rest.is_empty() {
                    self.open = None;
                }
                true
            }
            None if is_fence && !(mark == '`' && rest.contains('`')) => {
                self.open = Some((mark, length));
                true
            }
            None => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Fences;

    /// The lines that are no code.
    fn prose(page: &str) -> Vec<&str> {
        let mut fences = Fences::default();
        page.lines().filter(|line| !fences.cover(line)).collect()
    }

    #[test]
    fn code_is_what_stands_between_fences_of_one_kind() {
        assert_eq!(prose("a\n```text\nb\n~~~\nc\n```\nd"), ["a", "d"]);
        assert_eq!(prose("~~~\n```\n~~~\na\n  ```sh\n  b\n  ```\nc"), ["a", "c"]);
    }

    #[test]
    fn a_fence_is_closed_by_one_as_long_with_nothing_behind() {
        assert_eq!(prose("````\n```\na\n```\n````\nb"), ["b"]);
        assert_eq!(prose("```\n```text\na\n`````\nb"), ["b"]);
        assert_eq!(prose("```\nnever closed"), Vec::<&str>::new());
    }

    #[test]
    fn code_within_a_line_is_no_fence() {
        assert_eq!(prose("```a``` b\n``c\nd"), ["```a``` b", "``c", "d"]);
    }
}
