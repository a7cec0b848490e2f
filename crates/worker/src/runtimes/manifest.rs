//! What a runtime consists of: each file with its digest and mode, and how it is started.

use super::{Candidate, Runtime, RuntimesError, node, python};
use aws_lc_rs::digest::{Context, SHA256};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use types::RuntimeName;

/// Changes whenever roots are made in another way, so that older ones are made again.
const FORMAT: u32 = 2;

/// `manifest.json`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Manifest {
    format: u32,
    /// Digest of the files that are part of this crate: another release may bring others.
    embedded: String,
    /// The runtime's name.
    pub(super) name: RuntimeName,
    /// Its version, as `INIT_START` prints it.
    pub(super) version: String,
    /// The interpreter on the host that it was made from.
    pub(super) source: Option<Source>,
    pub(super) argv: Vec<String>,
    pub(super) env: Vec<(String, String)>,
    /// What is in the root, by path without a leading slash.
    pub(super) entries: BTreeMap<String, Entry>,
}

/// Digest of the files that are part of this crate.
fn embedded_digest() -> String {
    let files = python::BOOTSTRAP.iter().chain(&node::BOOTSTRAP);
    let parts: Vec<&str> = files.flat_map(|(name, contents)| [*name, *contents]).collect();
    hex_digest(parts.join("\0").as_bytes())
}

/// A file of the host, as it was when the runtime was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Source {
    path: String,
    size: u64,
    modified: i64,
}

/// One entry of the root.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Entry {
    Directory,
    File {
        /// Permission bits: 0644 or 0755, in decimal as JSON has it.
        mode: u32,
        size: u64,
        /// In hex.
        sha256: String,
    },
    /// A symbolic link and its target.
    Link(String),
}

impl Manifest {
    pub(super) fn new(runtime: &Runtime, source: Option<Source>, entries: BTreeMap<String, Entry>) -> Self {
        Self {
            format: FORMAT,
            embedded: embedded_digest(),
            name: runtime.name.clone(),
            version: runtime.version.clone(),
            source,
            argv: runtime.argv.clone(),
            env: runtime.env.clone(),
            entries,
        }
    }

    /// What it was made from.
    pub(super) fn candidate(&self) -> Candidate {
        let prefix = self.source.as_ref().map_or("/", |source| source.path.as_str());
        Candidate { name: self.name.clone(), prefix: prefix.into() }
    }

    /// Whether this release would make the same root: same format, same embedded files, same interpreter.
    pub(super) fn is_current(&self) -> bool {
        let same = |source: &Source| Source::of(Path::new(&source.path)).is_ok_and(|now| now == *source);
        self.format == FORMAT && self.embedded == embedded_digest() && self.source.as_ref().is_none_or(same)
    }

    /// Compares names, kinds, sizes and modes of all entries with what is in `root`: no contents are read.
    pub(super) fn compare(&self, root: &Path) -> Result<(), RuntimesError> {
        for (path, entry) in &self.entries {
            compare_one(&root.join(path), entry)?;
        }
        Ok(())
    }

    /// Reads every file and compares its digest. What [`Self::compare`] finds is found first.
    pub(super) fn verify(&self, root: &Path) -> Result<(), RuntimesError> {
        self.compare(root)?;
        for (path, entry) in &self.entries {
            let Entry::File { sha256, .. } = entry else { continue };
            let path = root.join(path);
            let contents = std::fs::read(&path).map_err(RuntimesError::file(&path))?;
            if hex_digest(&contents) != *sha256 {
                return Err(RuntimesError::Changed { path, why: "other contents" });
            }
        }
        Ok(())
    }
}

fn compare_one(path: &Path, entry: &Entry) -> Result<(), RuntimesError> {
    let changed = |why| Err(RuntimesError::Changed { path: path.to_owned(), why });
    let found = path.symlink_metadata().map_err(RuntimesError::file(path))?;
    match entry {
        Entry::Directory if found.is_dir() => Ok(()),
        Entry::Link(target) if found.is_symlink() => {
            let now = std::fs::read_link(path).map_err(RuntimesError::file(path))?;
            if now == Path::new(target) { Ok(()) } else { changed("another target") }
        }
        Entry::File { mode, size, .. } if found.is_file() => match found.mode() & 0o7777 {
            _ if found.len() != *size => changed("another size"),
            now if now != *mode => changed("another mode"),
            _ => Ok(()),
        },
        _ => changed("another kind of file"),
    }
}

impl Source {
    pub(super) fn of(path: &Path) -> Result<Self, RuntimesError> {
        let found = path.metadata().map_err(RuntimesError::file(path))?;
        Ok(Self { path: path.to_string_lossy().into_owned(), size: found.len(), modified: found.mtime() })
    }
}

/// A SHA-256 in the making.
pub(super) struct Digest(Context);

impl Default for Digest {
    fn default() -> Self {
        Self(Context::new(&SHA256))
    }
}

impl Digest {
    /// Adds bytes.
    pub(super) fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// 64 hexadecimal digits.
    pub(super) fn finish(self) -> String {
        self.0.finish().as_ref().iter().fold(String::with_capacity(64), |mut text, byte| {
            // Writing into a string can't fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
    }
}

/// The SHA-256 of these bytes in hexadecimal digits.
pub(super) fn hex_digest(contents: &[u8]) -> String {
    let mut digest = Digest::default();
    digest.update(contents);
    digest.finish()
}
