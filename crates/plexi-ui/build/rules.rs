//! What is served of a built client, and as what. Shared by the build script and its tests.

/// Folder of the files whose names hold a hash of their content.
const HASHED: &str = "assets/";

/// Whether a file is served under its own name: compressed siblings are served in place of their original, and source
/// maps stay with the developer.
pub fn is_served(path: &str, exists: impl Fn(&str) -> bool) -> bool {
    let is_sibling = [".gz", ".br"].iter().any(|ending| path.strip_suffix(ending).is_some_and(&exists));
    let (name, ending) = name_and_ending(path);
    !is_sibling && ending != "map" && !name.starts_with('.')
}

/// Whether the name changes with the content, so that a browser may keep it for ever.
pub fn is_immutable(path: &str) -> bool {
    path.starts_with(HASHED)
}

/// The media type by the file's ending; text is UTF-8.
pub fn content_type(path: &str) -> &'static str {
    match name_and_ending(path).1 {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" => "application/json",
        "webmanifest" => "application/manifest+json",
        "txt" => "text/plain; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "webp" => "image/webp",
        "avif" => "image/avif",
        "gif" => "image/gif",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "woff" => "font/woff",
        "wasm" => "application/wasm",
        "mp3" => "audio/mpeg",
        "ogg" => "audio/ogg",
        _ => "application/octet-stream",
    }
}

/// The last part of a path, and what follows its last dot.
fn name_and_ending(path: &str) -> (&str, &str) {
    let name = path.rsplit('/').next().unwrap_or(path);
    (name, name.rsplit_once('.').map_or("", |(_, ending)| ending))
}

/// FNV-1a over 128 bits as 32 hexadecimal digits: names a version, protects nothing.
pub fn content_hash(content: &[u8]) -> String {
    const OFFSET: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
    const PRIME: u128 = 0x0000_0000_0100_0000_0000_0000_0000_013b;
    let hash = content.iter().fold(OFFSET, |hash, byte| (hash ^ u128::from(*byte)).wrapping_mul(PRIME));
    format!("{hash:032x}")
}
