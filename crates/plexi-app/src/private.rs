/// Lets only the owner read what this process writes from now on. For programs, once, before any thread: the mask is the process's.
#[cfg(unix)]
pub fn keep_files_private() {
    let _former = rustix::process::umask(rustix::fs::Mode::RWXG | rustix::fs::Mode::RWXO);
}

/// Lets only the owner read what this process writes; on this system the folder's own rights decide.
#[cfg(not(unix))]
pub fn keep_files_private() {}
