//! Which shared objects programs need in all, found as the dynamic loader would find them.
//!
//! Order of search (ld.so(8)): DT_RPATH of the object and of the program when the object has no DT_RUNPATH, DT_RUNPATH,
//! the directories of /etc/ld.so.conf, the standard directories. LD_LIBRARY_PATH is no part of a host's set-up.

use super::RuntimesError;
use super::elf::{self, Dynamic};
use object::ReadCache;
use std::collections::{BTreeMap, VecDeque};
use std::fs::File;
use std::path::{Path, PathBuf};

/// Where the loader looks without being told, before and after multiarch.
const STANDARD: [&str; 4] = ["/lib64", "/usr/lib64", "/lib", "/usr/lib"];
/// No program has more; a cycle can't pass it, because each name is looked up once.
const MOST_LIBRARIES: usize = 4096;

/// One shared object of a closure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Library {
    /// Where it was found, before symbolic links are followed.
    pub(super) path: PathBuf,
    /// Whether the loader finds it there without being told.
    pub(super) standard: bool,
}

/// Everything that a set of programs needs.
#[derive(Debug, Default)]
pub(super) struct Closure {
    /// By the name that is asked for.
    pub(super) libraries: BTreeMap<String, Library>,
    /// The loaders that the programs name.
    pub(super) loaders: Vec<PathBuf>,
}

/// The loader's configuration on this host.
#[derive(Debug)]
pub(super) struct Search {
    configured: Vec<PathBuf>,
    standard: Vec<PathBuf>,
}

impl Search {
    /// Reads the host's configuration.
    pub(super) fn of_this_host() -> Self {
        let multiarch = format!("{}-linux-gnu", std::env::consts::ARCH);
        let mut standard: Vec<PathBuf> =
            ["/lib", "/usr/lib"].iter().map(|dir| Path::new(dir).join(&multiarch)).collect();
        standard.extend(STANDARD.iter().map(PathBuf::from));
        let mut configured = Vec::new();
        read_configuration(Path::new("/etc/ld.so.conf"), 0, &mut configured);
        configured.retain(|dir| !standard.contains(dir));
        Self { configured, standard }
    }

    /// Adds to `closure` what the program or shared object at `path` needs.
    ///
    /// # Errors
    /// The first object that is nowhere. What was found before stays in the closure, and does no harm there.
    pub(super) fn add(&self, path: &Path, closure: &mut Closure) -> Result<(), RuntimesError> {
        let program = read(path)?;
        if let Some(loader) = program.interpreter.as_ref().map(PathBuf::from)
            && !closure.loaders.contains(&loader)
        {
            closure.loaders.push(loader);
        }
        let inherited = expanded(&program.rpath, path);
        let machine = program.machine;
        let mut queue = VecDeque::from([(path.to_owned(), program)]);
        while let Some((object, dynamic)) = queue.pop_front() {
            for name in &dynamic.needed {
                if closure.libraries.contains_key(name) || closure.loaders.iter().any(|l| l.ends_with(name)) {
                    continue;
                }
                let library = self.find(name, &object, &dynamic, &inherited, machine).ok_or_else(|| {
                    RuntimesError::MissingLibrary { program: object.clone(), library: name.clone() }
                })?;
                queue.push_back((library.path.clone(), read(&library.path)?));
                closure.libraries.insert(name.clone(), library);
                if closure.libraries.len() > MOST_LIBRARIES {
                    return Err(RuntimesError::TooLarge { path: object, limit: "shared objects" });
                }
            }
        }
        Ok(())
    }

    /// A library that the loader finds without being told, for programs that open it by name.
    pub(super) fn standard(&self, name: &str) -> Option<PathBuf> {
        self.standard.iter().map(|dir| dir.join(name)).find(|path| path.is_file())
    }

    fn find(
        &self,
        name: &str,
        object: &Path,
        dynamic: &Dynamic,
        inherited: &[PathBuf],
        machine: u16,
    ) -> Option<Library> {
        let fits = |path: &PathBuf| read(path).is_ok_and(|found| found.machine == machine);
        if name.contains('/') {
            let path = PathBuf::from(name);
            return fits(&path).then_some(Library { path, standard: true });
        }
        let own = if dynamic.runpath.is_empty() {
            let mut own = expanded(&dynamic.rpath, object);
            own.extend_from_slice(inherited);
            own
        } else {
            expanded(&dynamic.runpath, object)
        };
        let told = own.iter().chain(&self.configured).map(|dir| (dir, false));
        told.chain(self.standard.iter().map(|dir| (dir, true)))
            .map(|(dir, standard)| Library { path: dir.join(name), standard })
            .find(|library| fits(&library.path))
            .map(|library| Library {
                standard: library.standard || self.is_standard(&library.path),
                ..library
            })
    }

    fn is_standard(&self, path: &Path) -> bool {
        path.parent().is_some_and(|dir| self.standard.iter().any(|standard| standard == dir))
    }
}

/// Directories of an RPATH or RUNPATH, `$ORIGIN` being where `object` really is.
fn expanded(paths: &[String], object: &Path) -> Vec<PathBuf> {
    let real = std::fs::canonicalize(object).unwrap_or_else(|_| object.to_owned());
    let origin = real.parent().unwrap_or(Path::new("/")).to_string_lossy().into_owned();
    let lib = if Path::new("/usr/lib64").is_dir() { "lib64" } else { "lib" };
    let expand = |path: &String| {
        path.replace("${ORIGIN}", &origin)
            .replace("$ORIGIN", &origin)
            .replace("${LIB}", lib)
            .replace("$LIB", lib)
    };
    paths.iter().map(|path| PathBuf::from(expand(path))).filter(|path| path.is_absolute()).collect()
}

fn read(path: &Path) -> Result<Dynamic, RuntimesError> {
    let file = File::open(path).map_err(RuntimesError::file(path))?;
    elf::read(&ReadCache::new(file))
        .map_err(|error| RuntimesError::NotAProgram { path: path.to_owned(), why: error.to_string() })
}

/// ld.so.conf: a directory per line, `include` of patterns whose last part may have one `*`.
fn read_configuration(file: &Path, depth: usize, into: &mut Vec<PathBuf>) {
    let Ok(text) = std::fs::read_to_string(file) else { return };
    for line in text.lines().map(|line| line.split('#').next().unwrap_or_default().trim()) {
        if let Some(pattern) = line.strip_prefix("include").filter(|_| depth < 4) {
            let base = file.parent().unwrap_or(Path::new("/"));
            for included in matching(&base.join(pattern.trim())) {
                read_configuration(&included, depth + 1, into);
            }
        } else if line.starts_with('/') {
            into.push(PathBuf::from(line));
        }
    }
}

fn matching(pattern: &Path) -> Vec<PathBuf> {
    let (Some(dir), Some(name)) = (pattern.parent(), pattern.file_name().and_then(|n| n.to_str())) else {
        return Vec::new();
    };
    let Some((before, after)) = name.split_once('*') else { return vec![pattern.to_owned()] };
    let Ok(entries) = std::fs::read_dir(dir) else { return Vec::new() };
    let mut found: Vec<PathBuf> = entries
        .filter_map(Result::ok)
        .filter(|e| e.file_name().to_str().is_some_and(|n| n.starts_with(before) && n.ends_with(after)))
        .map(|e| e.path())
        .collect();
    found.sort();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_program_s_closure_is_what_the_kernel_mapped() {
        let mut closure = Closure::default();
        Search::of_this_host().add(Path::new("/proc/self/exe"), &mut closure).unwrap();
        let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
        for library in closure.libraries.values() {
            let real = std::fs::canonicalize(&library.path).unwrap();
            assert!(maps.contains(real.to_str().unwrap()), "{} is not mapped", real.display());
        }
        for line in maps.lines().filter(|line| line.contains(".so")) {
            let mapped = Path::new(line.split_whitespace().nth(5).unwrap());
            let in_closure = closure.libraries.values().map(|l| &l.path).chain(&closure.loaders);
            let known = in_closure.filter_map(|path| std::fs::canonicalize(path).ok()).any(|p| p == mapped);
            assert!(known, "{} is not in the closure", mapped.display());
        }
    }

    #[test]
    fn origin_is_where_the_object_is() {
        let expected = vec![PathBuf::from("/proc/../lib"), PathBuf::from("/x")];
        let paths = ["$ORIGIN/../lib".to_owned(), "/x".to_owned(), "relative".to_owned()];
        assert_eq!(expanded(&paths, Path::new("/proc/version")), expected);
        assert_eq!(expanded(&["${ORIGIN}".to_owned()], Path::new("/proc/version")), [PathBuf::from("/proc")]);
    }

    #[test]
    fn configuration_includes_other_files() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("d")).unwrap();
        std::fs::write(dir.path().join("conf"), "# none\ninclude d/*.conf\n/last # comment\n").unwrap();
        std::fs::write(dir.path().join("d/b.conf"), "/second\n").unwrap();
        std::fs::write(dir.path().join("d/a.conf"), "/first\ninclude ../conf\n").unwrap();
        std::fs::write(dir.path().join("d/ignored"), "/ignored\n").unwrap();
        let mut found = Vec::new();
        read_configuration(&dir.path().join("conf"), 3, &mut found);
        assert_eq!(found, ["/first", "/second", "/last"].map(PathBuf::from));
    }

    #[test]
    fn a_missing_library_is_named() {
        let mut closure = Closure::default();
        let nowhere = Search { configured: Vec::new(), standard: Vec::new() };
        let error = nowhere.add(Path::new("/proc/self/exe"), &mut closure).unwrap_err();
        assert!(matches!(error, RuntimesError::MissingLibrary { .. }), "{error}");
    }
}
