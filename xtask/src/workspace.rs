//! Where things are, and what `cargo metadata` knows about them.

use std::env;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::failure::{Doing, Failure, Outcome};
use crate::process::Call;

/// The checkout that the chores work on.
pub struct Workspace {
    /// The folder of the root `Cargo.toml`.
    pub root: PathBuf,
    /// Where cargo puts what it builds.
    pub target: PathBuf,
}

/// How programs are built.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    /// Built fast.
    Debug,
    /// Fast when they run.
    Release,
}

impl Profile {
    /// The folder of the target folder with what was built so.
    pub const fn folder(self) -> &'static str {
        match self {
            Self::Debug => "debug",
            Self::Release => "release",
        }
    }
}

impl Workspace {
    /// The workspace that this program was built from.
    pub fn find() -> Outcome<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"))
            .parent()
            .ok_or_else(|| Failure::new("xtask is not inside a workspace"))?
            .to_path_buf();
        if !root.join("Cargo.toml").is_file() {
            return Err(Failure::new(format!(
                "the checkout has moved from {}: build xtask again where it is now",
                root.display()
            )));
        }
        let target =
            env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), |dir| root.join(dir));
        Ok(Self { root, target })
    }

    /// The web client's folder.
    pub fn web(&self) -> PathBuf {
        self.root.join("apps/web")
    }

    /// Where cargo puts the program `name` of the profile folder `profile` (`debug` or `release`).
    pub fn program(&self, profile: &str, name: &str) -> PathBuf {
        self.target.join(profile).join(format!("{name}{}", env::consts::EXE_SUFFIX))
    }

    /// A call of cargo in the root.
    pub fn cargo(&self) -> Call {
        let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        Call::new(cargo).in_folder(&self.root)
    }

    /// Builds programs, by name. Always out of all the packages that `default-members` in the root `Cargo.toml` names, because a part of them has
    /// other features of the same dependencies and cargo would compile those again; only what is named is linked.
    pub fn build_programs(&self, profile: Profile, programs: &[&str]) -> Outcome {
        let release: &[&str] = if profile == Profile::Release { &["--release"] } else { &[] };
        let named = programs.iter().flat_map(|program| ["--bin", program]);
        self.cargo().arg("build").args(release).args(named).run()
    }

    /// `cargo metadata` of the workspace's own packages.
    pub fn packages(&self) -> Outcome<Value> {
        self.metadata(&["--no-deps"])
    }

    /// `cargo metadata` with the given further arguments.
    pub fn metadata(&self, arguments: &[&str]) -> Outcome<Value> {
        let text = self.cargo().args(["metadata", "--format-version", "1"]).args(arguments).output()?;
        serde_json::from_str(&text).doing("cargo metadata wrote something else than JSON")
    }

    /// The files that git tracks or would track, relative to the root, in order.
    pub fn files(&self) -> Outcome<Vec<PathBuf>> {
        let listed = Call::new("git")
            .in_folder(&self.root)
            .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
            .output()?;
        let mut files: Vec<PathBuf> = listed
            .split('\0')
            .filter(|name| !name.is_empty())
            .map(PathBuf::from)
            .filter(|path| self.root.join(path).is_file())
            .collect();
        files.sort();
        files.dedup();
        Ok(files)
    }
}

/// The text of a field of a JSON object, or the empty string.
pub fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value.get(field).and_then(Value::as_str).unwrap_or_default()
}

/// The elements of a list field of a JSON object, or none.
pub fn list<'a>(value: &'a Value, field: &str) -> impl Iterator<Item = &'a Value> {
    value.get(field).and_then(Value::as_array).into_iter().flatten()
}
