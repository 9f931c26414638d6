//! Paths of keys and how they are written.

/// A key's path: `["server", "listen"]`.
pub(crate) type Path = Vec<String>;

/// `server.listen`; a part that is no bare TOML key is quoted.
pub(crate) fn dotted(path: &[String]) -> String {
    path.iter().map(|part| part_text(part)).collect::<Vec<_>>().join(".")
}

/// One part of a key as TOML writes it.
pub(crate) fn part_text(part: &str) -> String {
    let bare = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-');
    if !part.is_empty() && part.bytes().all(bare) {
        part.to_owned()
    } else {
        format!("\"{}\"", part.escape_default())
    }
}

/// `PLEXICHAT_SERVER__LISTEN`.
pub(crate) fn variable(path: &[String]) -> String {
    format!("{}{}", crate::ENV_PREFIX, path.join("__").to_ascii_uppercase())
}

/// `path` and one part more.
pub(crate) fn below(path: &[String], part: &str) -> Path {
    let mut longer = path.to_vec();
    longer.push(part.to_owned());
    longer
}
