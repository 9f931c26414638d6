//! The table of embedded files and how to look into it.

/// One file of the client.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Asset {
    /// Where it is served, without a leading slash: `assets/index-4f1c.js`.
    pub path: &'static str,
    /// The value of `Content-Type`.
    pub content_type: &'static str,
    /// The content as it was built.
    pub identity: &'static [u8],
    /// The same for `Content-Encoding: gzip`, when that is smaller.
    pub gzip: Option<&'static [u8]>,
    /// The same for `Content-Encoding: br`, when that is smaller.
    pub brotli: Option<&'static [u8]>,
    /// A hash of [`Asset::identity`], 32 hexadecimal digits without quotes. The encodings of a file share it, so a strong
    /// entity tag needs the encoding added, as in `"4f1c..-br"`.
    pub etag: &'static str,
    /// Whether the name holds a hash of the content, so that a browser may keep the file for ever.
    pub immutable: bool,
}

/// Sorted by path; written by the build script.
static ASSETS: &[Asset] = include!(concat!(env!("OUT_DIR"), "/assets.rs"));

/// What [`index`] falls back to; the build script never writes a table without `index.html`.
static EMPTY: Asset = Asset {
    path: "index.html",
    content_type: "text/html; charset=utf-8",
    identity: b"",
    gzip: None,
    brotli: None,
    etag: "00000000000000000000000000000000",
    immutable: false,
};

/// The file served at `path`, with or without its leading slash. Only exact names are found: there is nothing to
/// normalise, so `..` leads nowhere. A page of the client's own router is none of these; answer [`index`] for it.
pub fn find(path: &str) -> Option<&'static Asset> {
    let path = path.strip_prefix('/').unwrap_or(path);
    let position = ASSETS.binary_search_by(|asset| asset.path.cmp(path)).ok()?;
    ASSETS.get(position)
}

/// The page that starts the client.
pub fn index() -> &'static Asset {
    find("index.html").unwrap_or(&EMPTY)
}

/// Every file, sorted by path.
pub fn all() -> &'static [Asset] {
    ASSETS
}
