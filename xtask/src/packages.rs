//! Programs that the tests need from the system: found, or installed from Debian's packages.

use std::fs;
use std::path::{Path, PathBuf};

use crate::failure::{Doing, Failure, Outcome};
use crate::process::{Call, find_program};

/// Debian's place for `PostgreSQL` 15; its programs are not in `PATH`.
pub const POSTGRES_PROGRAMS: &str = "/usr/lib/postgresql/15/bin";
/// Where Debian's server programs are, which an ordinary `PATH` leaves out.
const SYSTEM_PROGRAMS: &str = "/usr/sbin";
/// The script that Debian asks before it starts a service of a package just installed.
const START_POLICY: &str = "/usr/sbin/policy-rc.d";

/// A program and the Debian package that brings it.
pub struct Need {
    /// The program's file name.
    pub program: &'static str,
    /// The package to install when it is missing.
    pub package: &'static str,
}

/// The two database servers, and the store that caches share.
pub const SERVICES: &[Need] = &[
    Need { program: "initdb", package: "postgresql-15" },
    Need { program: "mariadbd", package: "mariadb-server" },
    Need { program: "redis-server", package: "redis-server" },
];

/// The browser of the browser tests.
pub const BROWSER: &[Need] = &[Need { program: "chromium", package: "chromium" }];

/// Python, in which the schema fuzzer is written.
const PYTHON: &[Need] = &[Need { program: "python3", package: "python3-venv" }];

/// Where a system program is.
pub fn locate(program: &str) -> Option<PathBuf> {
    find_program(program, &[POSTGRES_PROGRAMS, SYSTEM_PROGRAMS])
}

/// Where a system program is, or a failure that says which package brings it.
pub fn require(program: &str, package: &str) -> Outcome<PathBuf> {
    locate(program).ok_or_else(|| {
        Failure::new(format!(
            "`{program}` is missing: install Debian's package {package} (apt-get install {package})"
        ))
    })
}

/// Installs the packages of the needs that are not met, without starting any service they bring.
pub fn ensure(needs: &[Need]) -> Outcome {
    let missing: Vec<&str> =
        needs.iter().filter(|need| locate(need.program).is_none()).map(|need| need.package).collect();
    install(&missing)
}

/// Python with the means to make virtual environments, which Debian packs apart from the interpreter.
pub fn ensure_python() -> Outcome {
    ensure(PYTHON)?;
    if Call::new("python3").args(["-c", "import ensurepip"]).output().is_ok() {
        return Ok(());
    }
    install(&["python3-venv"])
}

/// Installs Debian packages; nothing happens for an empty list.
fn install(packages: &[&str]) -> Outcome {
    if packages.is_empty() {
        return Ok(());
    }
    let wanted = packages.join(" ");
    let by_hand = format!("install these Debian packages and try again: apt-get install {wanted}");
    if locate("apt-get").is_none() || !is_root()? {
        return Err(Failure::new(by_hand));
    }
    println!("        installing {wanted}");
    // Debian starts a database server as soon as it is installed; the tests want only those they start themselves.
    let _policy = NoAutostart::begin()?;
    apt(&["update", "--quiet=2"], &by_hand)?;
    let mut install = vec!["install", "--yes", "--quiet=2", "--no-install-recommends"];
    install.extend(packages);
    apt(&install, &by_hand)
}

/// Whether this program runs as root.
pub fn is_root() -> Outcome<bool> {
    Ok(Call::new("id").arg("-u").output()?.trim() == "0")
}

fn apt(arguments: &[&str], by_hand: &str) -> Outcome {
    let done = Call::new("apt-get").args(arguments).env("DEBIAN_FRONTEND", "noninteractive").succeeds()?;
    if done { Ok(()) } else { Err(Failure::new(format!("apt-get {} failed; {by_hand}", arguments[0]))) }
}

/// Keeps Debian from starting services while packages are installed; undone when dropped.
struct NoAutostart {
    ours: bool,
}

impl NoAutostart {
    fn begin() -> Outcome<Self> {
        if Path::new(START_POLICY).exists() {
            return Ok(Self { ours: false });
        }
        fs::write(START_POLICY, "#!/bin/sh\nexit 101\n").doing(format!("cannot write {START_POLICY}"))?;
        let guard = Self { ours: true };
        Call::new("chmod").args(["755", START_POLICY]).run()?;
        Ok(guard)
    }
}

impl Drop for NoAutostart {
    fn drop(&mut self) {
        if self.ours
            && let Err(error) = fs::remove_file(START_POLICY)
        {
            eprintln!("warning: remove {START_POLICY} by hand: {error}");
        }
    }
}
