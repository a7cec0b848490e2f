//! The registry over the runtimes' directory.

use super::candidate::{self, Candidate};
use super::manifest::Manifest;
use super::{Runtime, RuntimesError};
use rustix::fs::{CWD, RenameFlags};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use types::RuntimeName;

const MANIFEST: &str = "manifest.json";
const ROOT: &str = "root";
/// Before the name of a runtime that is being made, or thrown away.
const ASIDE: &str = ".aside-";

/// The runtimes that are ready for use.
#[derive(Debug, Clone, Default)]
pub struct Runtimes {
    directory: PathBuf,
    ready: BTreeMap<RuntimeName, Runtime>,
    outdated: Vec<Candidate>,
}

impl FromIterator<Runtime> for Runtimes {
    /// Runtimes that were made in another way, for tests.
    fn from_iter<I: IntoIterator<Item = Runtime>>(runtimes: I) -> Self {
        let ready = runtimes.into_iter().map(|runtime| (runtime.name.clone(), runtime)).collect();
        Self { directory: PathBuf::new(), ready, outdated: Vec::new() }
    }
}

impl Runtimes {
    /// Reads the manifests below `directory`, which is made if need be, and compares names, sizes and modes of all files with
    /// them. Takes milliseconds. A runtime that doesn't match, or that this release would make otherwise, isn't listed.
    ///
    /// # Errors
    /// The directory can't be made or read.
    pub fn open(directory: &Path) -> Result<Self, RuntimesError> {
        std::fs::create_dir_all(directory).map_err(RuntimesError::file(directory))?;
        let mut runtimes = Self { directory: directory.to_owned(), ..Self::default() };
        for entry in std::fs::read_dir(directory).map_err(RuntimesError::file(directory))? {
            let entry = entry.map_err(RuntimesError::file(directory))?;
            let file_name = entry.file_name();
            let name = file_name.to_string_lossy();
            if let Some(owner) = name.strip_prefix(ASIDE) {
                remove_abandoned(&entry.path(), owner);
            } else if let Ok(name) = name.parse::<RuntimeName>() {
                runtimes.list(&name);
            }
        }
        Ok(runtimes)
    }

    /// The names of all runtimes, in order.
    pub fn names(&self) -> Vec<RuntimeName> {
        self.ready.keys().cloned().collect()
    }

    /// One by its name.
    pub fn get(&self, name: &RuntimeName) -> Option<&Runtime> {
        self.ready.get(name)
    }

    /// Runtimes that were made once and are not listed now, because they are damaged, or this release or this host would make
    /// them otherwise: what to give to [`Self::add`] to have them again.
    pub fn outdated(&self) -> &[Candidate] {
        &self.outdated
    }

    /// What this host has the parts for: interpreters in the usual places, and the runtimes that need none.
    pub fn discover() -> Vec<Candidate> {
        candidate::discover()
    }

    /// Makes a runtime from the interpreter below `prefix` (which may also be the interpreter itself), replacing one of this
    /// name. Blocks for about a second. No environment may be running on the one that is replaced.
    ///
    /// # Errors
    /// There is no such interpreter, the host lacks something that it needs, or the directory can't be written.
    pub fn add(&mut self, name: &RuntimeName, prefix: &Path) -> Result<&Runtime, RuntimesError> {
        let candidate = Candidate { name: name.clone(), prefix: prefix.to_owned() };
        let aside = self.directory.join(format!("{ASIDE}{}-{name}", std::process::id()));
        let made = make_aside(&candidate, &aside).and_then(|()| self.replace(name, &aside));
        let _ = std::fs::remove_dir_all(&aside);
        made?;
        let runtime = read(&self.directory.join(name.as_str()))?;
        self.outdated.retain(|candidate| candidate.name != *name);
        Ok(self.ready.entry(name.clone()).insert_entry(runtime).into_mut())
    }

    /// Reads every file of a runtime and compares it with the manifest. Takes about a tenth of a second.
    ///
    /// # Errors
    /// The first file that differs.
    pub fn verify(&self, name: &RuntimeName) -> Result<(), RuntimesError> {
        let runtime = self.get(name).ok_or_else(|| RuntimesError::NotInstalled(name.clone()))?;
        manifest_of(&self.directory.join(name.as_str()))?.verify(&runtime.root)
    }

    fn list(&mut self, name: &RuntimeName) {
        let place = self.directory.join(name.as_str());
        match read(&place) {
            Ok(runtime) if runtime.name == *name => {
                self.ready.insert(name.clone(), runtime);
            }
            Ok(_) => tracing::warn!(runtime = %name, "a runtime's directory has another runtime's manifest"),
            Err(error) => {
                tracing::info!(runtime = %name, %error, "a runtime has to be made again");
                self.outdated.extend(manifest_of(&place).ok().map(|manifest| manifest.candidate()));
            }
        }
    }

    /// Puts what was made aside in its place; what was there is then aside.
    fn replace(&self, name: &RuntimeName, aside: &Path) -> Result<(), RuntimesError> {
        let place = self.directory.join(name.as_str());
        let flags = if place.exists() { RenameFlags::EXCHANGE } else { RenameFlags::NOREPLACE };
        rustix::fs::renameat_with(CWD, aside, CWD, &place, flags)
            .map_err(|errno| RuntimesError::File { path: place, cause: errno.into() })
    }
}

fn make_aside(candidate: &Candidate, aside: &Path) -> Result<(), RuntimesError> {
    let _ = std::fs::remove_dir_all(aside);
    std::fs::create_dir(aside).map_err(RuntimesError::file(aside))?;
    let manifest = candidate::make(candidate, &aside.join(ROOT))?;
    let path = aside.join(MANIFEST);
    let text = serde_json::to_vec(&manifest)
        .map_err(|error| RuntimesError::File { path: path.clone(), cause: error.into() })?;
    std::fs::write(&path, text).map_err(RuntimesError::file(&path))
}

fn manifest_of(place: &Path) -> Result<Manifest, RuntimesError> {
    let path = place.join(MANIFEST);
    let text = std::fs::read(&path).map_err(RuntimesError::file(&path))?;
    serde_json::from_slice(&text).map_err(|error| RuntimesError::File { path, cause: error.into() })
}

fn read(place: &Path) -> Result<Runtime, RuntimesError> {
    let manifest = manifest_of(place)?;
    let root = place.join(ROOT);
    if !manifest.is_current() {
        return Err(RuntimesError::Changed {
            path: root,
            why: "made by another release or from another interpreter",
        });
    }
    manifest.compare(&root)?;
    let Manifest { name, version, argv, env, .. } = manifest;
    Ok(Runtime { name, root, version, argv, env })
}

/// Removes what a process left that died while it made a runtime. `owner` begins with its process id.
fn remove_abandoned(path: &Path, owner: &str) {
    let process = owner.split('-').next().unwrap_or_default();
    if !Path::new("/proc").join(process).exists() {
        let _ = std::fs::remove_dir_all(path);
    }
}
