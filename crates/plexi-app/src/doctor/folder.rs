use std::fs;
use std::io::Write as _;
use std::path::Path;

use plexi_core::Timestamp;

use super::{Finding, Health};
use crate::error::AppError;

const GIB: u64 = 1024 * 1024 * 1024;

/// Existence, permissions, writing and room of the data folder.
pub(super) fn examine(root: &Path) -> Vec<Finding> {
    if !root.exists() {
        let parent =
            root.ancestors().skip(1).find(|folder| folder.is_dir()).unwrap_or_else(|| Path::new("."));
        return vec![
            Finding::good(
                "data folder",
                format!("{} does not exist yet; the first start makes it", root.display()),
            ),
            room(parent),
        ];
    }
    let mut findings = vec![writing(root)];
    findings.extend(permissions(root));
    findings.push(room(root));
    findings
}

fn writing(root: &Path) -> Finding {
    let probe = root.join(".doctor");
    let written = fs::File::create(&probe).and_then(|mut file| {
        file.write_all(&[0; 4_096])?;
        file.sync_all()
    });
    // left behind it would do no harm; that it cannot be removed is no news after it could not be written
    let _ = fs::remove_file(&probe);
    match written {
        Ok(()) => Finding::good("data folder", format!("{} can be written", root.display())),
        Err(source) => Finding::failed(
            "data folder",
            &AppError::Folder { action: "write to", path: root.to_owned(), source },
        ),
    }
}

#[cfg(unix)]
fn permissions(root: &Path) -> Vec<Finding> {
    use std::os::unix::fs::PermissionsExt as _;
    let open = |path: &Path| fs::metadata(path).is_ok_and(|found| found.permissions().mode() & 0o007 != 0);
    let mut exposed = Vec::new();
    for name in ["keys", "plexichat.db", "backups", "logs"] {
        let path = root.join(name);
        if open(&path) && open(root) {
            exposed.push(path);
        }
    }
    exposed
        .into_iter()
        .map(|path| {
            Finding::new(
                "permissions",
                Health::Doubtful,
                format!("every account of this machine can open {}", path.display()),
                format!("Run: chmod -R o-rwx {}", root.display()),
            )
        })
        .collect()
}

#[cfg(not(unix))]
fn permissions(_: &Path) -> Vec<Finding> {
    Vec::new()
}

fn room(folder: &Path) -> Finding {
    const REMEDY: &str = "Make room, or move server.data_dir to a larger disk.";
    match free(folder) {
        Err(error) => {
            Finding::new("disk", Health::Doubtful, format!("free space is not known: {error}"), REMEDY)
        }
        Ok(free) => {
            #[expect(clippy::cast_precision_loss, reason = "shown with one digit")]
            let found = format!("{:.1} GiB free", free as f64 / GIB as f64);
            match free {
                ..=0x0400_0000 => Finding::new("disk", Health::Bad, found, REMEDY),
                _ if free < GIB => Finding::new("disk", Health::Doubtful, found, REMEDY),
                _ => Finding::good("disk", found),
            }
        }
    }
}

/// How many bytes the server may still write there.
#[cfg(unix)]
pub(crate) fn free(folder: &Path) -> std::io::Result<u64> {
    let found = rustix::fs::statvfs(folder)?;
    Ok(found.f_bavail.saturating_mul(found.f_frsize))
}

#[cfg(not(unix))]
pub(crate) fn free(_: &Path) -> std::io::Result<u64> {
    Err(std::io::Error::from(std::io::ErrorKind::Unsupported))
}

/// When something in the folder was last written.
pub(super) fn last_written(root: &Path) -> Option<Timestamp> {
    let files = fs::read_dir(root).ok()?.take(1_000);
    let times = files.filter_map(|file| file.ok()?.metadata().ok()?.modified().ok());
    let newest = times.max()?.duration_since(std::time::UNIX_EPOCH).ok()?;
    Some(Timestamp::from_micros(i64::try_from(newest.as_micros()).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_can_be_written_is_left_as_it_was() {
        let dir = tempfile::tempdir().unwrap();
        let findings = examine(dir.path());
        assert_eq!(findings[0].health, Health::Good, "{findings:?}");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
        assert!(last_written(dir.path()).is_none());
    }

    #[test]
    fn a_folder_that_does_not_exist_yet_is_no_fault() {
        let dir = tempfile::tempdir().unwrap();
        let findings = examine(&dir.path().join("data"));
        assert!(findings.iter().all(|finding| finding.health != Health::Bad), "{findings:?}");
    }
}
