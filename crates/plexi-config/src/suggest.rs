//! Finds the key that was meant by one that does not exist.

use crate::key::Path;
use crate::schema::ConfigSchema;

/// A longer key is not worth comparing.
const MAX_LEN: usize = 128;

/// The key nearest to `unknown`: one spelt alike, or one of the same name in another section.
pub(crate) fn nearest(schema: &ConfigSchema, unknown: &[String]) -> Option<Path> {
    let last = unknown.last()?;
    // `server_listen` and `server.listen` are alike: separators do not count
    let flat = |path: &[String]| path.join("_").to_ascii_lowercase().replace('-', "_");
    let wanted = flat(unknown);
    if wanted.len() > MAX_LEN {
        return None;
    }
    let room = (last.len() / 3).max(2);
    let keys = schema.keys();
    let by_distance = keys
        .iter()
        .map(|(path, _)| (strsim::osa_distance(&wanted, &flat(path)), path))
        .filter(|(distance, _)| *distance <= room)
        .min_by_key(|(distance, _)| *distance);
    let same_name = || keys.iter().map(|(path, _)| path).find(|path| path.last() == Some(last));
    by_distance.map(|(_, path)| path).or_else(same_name).cloned()
}
