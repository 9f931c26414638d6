//! Writes the table of embedded files. It never builds the client: that is `cargo xtask ui`.
//!
//! The files are copied into `OUT_DIR` first, so that a client build that runs at the same time cannot change or
//! remove a file between hashing and embedding.
#![expect(clippy::print_stdout, reason = "a build script speaks to cargo on its output")]

mod rules;

use std::env;
use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

/// Names another folder of a built client, for a service that embeds one of its own.
const FOLDER_VARIABLE: &str = "PLEXI_UI_DIST";
/// The page of a development build without a client. No style and no script: the strict policy allows neither inline.
const PLAIN_PAGE: &str = include_str!("without_client.html");

/// A file's path below the client's folder, with `/`, and its content.
type Content = (String, Vec<u8>);

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-env-changed={FOLDER_VARIABLE}");
    let dist = match env::var_os(FOLDER_VARIABLE) {
        Some(folder) => PathBuf::from(folder),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("../../apps/web/dist"),
    };
    // Cargo runs this again at every build as long as a watched path is missing, and everything above is then linked
    // again. An empty folder (ignored by git, emptied by the client's build) is watched at no cost.
    if !dist.exists() && dist.parent().is_some_and(Path::is_dir) {
        fs::create_dir(&dist).or_else(|error| if dist.is_dir() { Ok(()) } else { Err(error) })?;
    }
    println!("cargo::rerun-if-changed={}", dist.display());
    println!("cargo::rerun-if-changed=build");

    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("OUT_DIR is set by cargo")?);
    let files = if dist.join("index.html").is_file() {
        read_folder(&dist)?
    } else if env::var_os("PROFILE").is_some_and(|profile| profile == "release") {
        println!(
            "cargo::error=the web client is not built: run `cargo xtask ui` (or `npm ci && npm run build` in apps/web), then build again"
        );
        return Ok(());
    } else {
        vec![("index.html".to_owned(), PLAIN_PAGE.as_bytes().to_vec())]
    };
    fs::write(out.join("assets.rs"), table(&files, &out)?)?;
    Ok(())
}

/// Every file below `dist` as its path with `/` and its content, sorted by path.
fn read_folder(dist: &Path) -> Result<Vec<Content>, Box<dyn Error>> {
    let mut files = Vec::new();
    let mut folders = vec![dist.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let parts: Option<Vec<&str>> =
                path.strip_prefix(dist)?.components().map(|part| part.as_os_str().to_str()).collect();
            let name = parts.ok_or_else(|| format!("{} is not named in UTF-8", path.display()))?.join("/");
            files.push((name, fs::read(&path)?));
        }
    }
    files.sort();
    Ok(files)
}

/// The Rust source of the table; contents are copied to `out` and included from there.
fn table(files: &[Content], out: &Path) -> Result<String, Box<dyn Error>> {
    let mut source = String::from("&[\n");
    for (number, (path, content)) in files.iter().enumerate() {
        if !rules::is_served(path, |name| has(files, name)) {
            continue;
        }
        let identity = include(out, &format!("{number}"), content)?;
        let compressed = |ending: &str| -> Result<String, Box<dyn Error>> {
            let name = format!("{path}.{ending}");
            match files.iter().find(|(candidate, _)| *candidate == name) {
                // A sibling that saves nothing is not worth a header.
                Some((_, bytes)) if bytes.len() < content.len() => {
                    Ok(format!("Some({})", include(out, &format!("{number}.{ending}"), bytes)?))
                }
                _ => Ok("None".to_owned()),
            }
        };
        let gzip = compressed("gz")?;
        let brotli = compressed("br")?;
        let content_type = rules::content_type(path);
        let etag = rules::content_hash(content);
        let immutable = rules::is_immutable(path);
        writeln!(
            source,
            "    Asset {{ path: {path:?}, content_type: {content_type:?}, identity: {identity}, gzip: {gzip}, \
             brotli: {brotli}, etag: \"{etag}\", immutable: {immutable} }},"
        )?;
    }
    source.push(']');
    Ok(source)
}

fn has(files: &[Content], name: &str) -> bool {
    files.iter().any(|(path, _)| path == name)
}

/// Copies a content below `out` and answers the expression that includes it as a slice.
fn include(out: &Path, name: &str, content: &[u8]) -> Result<String, Box<dyn Error>> {
    let folder = out.join("files");
    fs::create_dir_all(&folder)?;
    fs::write(folder.join(name), content)?;
    Ok(format!("include_bytes!(concat!(env!(\"OUT_DIR\"), \"/files/{name}\")).as_slice()"))
}
