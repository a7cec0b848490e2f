//! Node.js: where interpreters are on a host, and what of them goes into a root.
//!
//! An interpreter is one program with its library inside; npm and its like stay behind. Which version it is, is read from it,
//! never by running it. How it is started depends on the function too: see [`options`].

use super::libraries::{Closure, Search};
use super::node_version::{Version, of_header, of_program};
use super::tree::Tree;
use super::{RuntimesError, base, layout};
use std::path::{Path, PathBuf};
use types::{MemoryMb, RuntimeName};

/// The bootstrap, file by file.
pub(super) const BOOTSTRAP: [(&str, &str); 8] = [
    ("bootstrap.cjs", include_str!("../../../../runtimes/nodejs/bootstrap.cjs")),
    ("callbacks.cjs", include_str!("../../../../runtimes/nodejs/callbacks.cjs")),
    ("channel.cjs", include_str!("../../../../runtimes/nodejs/channel.cjs")),
    ("faults.cjs", include_str!("../../../../runtimes/nodejs/faults.cjs")),
    ("http.cjs", include_str!("../../../../runtimes/nodejs/http.cjs")),
    ("loading.cjs", include_str!("../../../../runtimes/nodejs/loading.cjs")),
    ("logging.cjs", include_str!("../../../../runtimes/nodejs/logging.cjs")),
    ("streaming.cjs", include_str!("../../../../runtimes/nodejs/streaming.cjs")),
];

/// The oldest Node.js that reads the bootstrap.
const OLDEST: u32 = 18;
/// Where it is inside.
const PROGRAM: &str = "/var/lang/bin/node";
/// Above this a larger young generation is no faster, in MB; V8's own default is half of it.
const LARGEST_SEMI_SPACE: u32 = 32;
/// What an idle interpreter holds outside of its heap, in MB.
const LEAST_OUTSIDE: u32 = 14;
/// What NODE_OPTIONS names when the function has heap limits of its own; V8 takes both spellings.
const HEAP_OPTIONS: [&str; 4] =
    ["max-semi-space-size", "max_semi_space_size", "max-old-space-size", "max_old_space_size"];
/// What the service turns off although Node.js has it on: the option, and the versions that have it on among those for which
/// the service does so. Source: "Building Lambda functions with Node.js" in the developer guide.
const TURNED_OFF: [(&str, &[(Version, Version)]); 2] = [
    ("experimental-require-module", &[((20, 19, 0), (21, 0, 0)), ((22, 12, 0), (23, 0, 0))]),
    ("experimental-detect-module", &[((22, 7, 0), (23, 0, 0))]),
];

/// An interpreter of the host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Interpreter {
    version: Version,
    pub(super) program: PathBuf,
}

/// The major version that a runtime's name asks for: 20 of `nodejs20.x`.
pub(super) fn version_of(name: &str) -> Option<u32> {
    let major = name.strip_prefix("nodejs")?.strip_suffix(".x")?;
    let written = (2..=3).contains(&major.len()) && major.bytes().all(|b| b.is_ascii_digit());
    major.parse().ok().filter(|major| written && *major >= OLDEST && !name.starts_with("nodejs0"))
}

/// The interpreter of this version below `prefix`, which may also be the interpreter itself.
pub(super) fn find(
    name: &RuntimeName,
    major: u32,
    prefix: &Path,
    search: &Search,
) -> Result<Interpreter, RuntimesError> {
    let real = std::fs::canonicalize(prefix).map_err(RuntimesError::file(prefix))?;
    let program = if real.is_file() { real } else { real.join("bin/node") };
    if !program.is_file() {
        let (prefix, expected) = (prefix.to_owned(), program);
        return Err(RuntimesError::NoInterpreter { prefix, name: name.clone(), expected });
    }
    let version = version(&program, search)?;
    match version.0 == major {
        true => Ok(Interpreter { version, program }),
        false => {
            let found = format!("nodejs{}.x", version.0);
            Err(RuntimesError::OtherVersion { program, name: name.clone(), found })
        }
    }
}

/// What the program says itself or, where it is a shell around a library, what that says; else the header that came with it.
fn version(program: &Path, search: &Search) -> Result<Version, RuntimesError> {
    let mut closure = Closure::default();
    search.add(program, &mut closure)?;
    let libraries = closure.libraries.iter().filter(|(name, _)| name.starts_with("libnode"));
    let mut places = vec![program];
    places.extend(libraries.map(|(_, library)| library.path.as_path()));
    for place in places {
        if let Some(version) = of_program(place).map_err(RuntimesError::file(place))? {
            return Ok(version);
        }
    }
    of_header(program).ok_or_else(|| RuntimesError::NoVersion { program: program.to_owned() })
}

/// Interpreters in the usual places, as runtime name and prefix. Those that no bootstrap is for are left out.
pub(super) fn discover(search: &Search) -> Vec<(RuntimeName, PathBuf)> {
    let mut found: Vec<(RuntimeName, PathBuf)> = Vec::new();
    for prefix in ["/usr/local", "/usr"].map(PathBuf::from) {
        let Ok(program) = std::fs::canonicalize(prefix.join("bin/node")) else { continue };
        // The header first: it is small, and a start should not read a whole interpreter to learn that it knows it.
        let version = of_header(&program).map_or_else(|| version(&program, search), Ok);
        let Ok((major, ..)) = version else { continue };
        let Ok(name) = format!("nodejs{major}.x").parse::<RuntimeName>() else { continue };
        if version_of(name.as_str()).is_some() && !found.iter().any(|(known, _)| *known == name) {
            found.push((name, prefix));
        }
    }
    found
}

impl Interpreter {
    /// Fills a root that has the base set.
    pub(super) fn add(&self, tree: &mut Tree, search: &Search) -> Result<(), RuntimesError> {
        let mut closure = Closure::default();
        search.add(&self.program, &mut closure)?;
        tree.copy(&self.program, PROGRAM)?;
        base::add_closure(tree, &closure, Some(&format!("{}/lib", layout::LANGUAGE)))?;
        for (name, contents) in BOOTSTRAP {
            tree.write(&format!("{}/{name}", layout::RUNTIME), contents.as_bytes())?;
        }
        Ok(())
    }

    /// `nodejs:20.20.2`
    pub(super) fn version_text(&self) -> String {
        let (major, minor, patch) = self.version;
        format!("nodejs:{major}.{minor}.{patch}")
    }

    /// How an environment starts it, without what depends on the function.
    pub(super) fn argv() -> Vec<String> {
        vec![PROGRAM.to_owned(), format!("{}/bootstrap.cjs", layout::RUNTIME)]
    }

    /// NODE_PATH. Source: "Defined runtime environment variables" in the developer guide.
    pub(super) fn module_path(&self) -> String {
        let (runtime, layers) = (layout::RUNTIME, "/opt/nodejs");
        format!(
            "{layers}/node{}/node_modules:{layers}/node_modules:{runtime}/node_modules:{runtime}:/var/task",
            self.version.0
        )
    }
}

/// The options of the interpreter for a function of this memory size and with these NODE_OPTIONS. `version` is a runtime's:
/// `nodejs:20.20.2`.
pub(super) fn options(version: &str, memory: MemoryMb, customers: &str) -> Vec<String> {
    let mut options = vec!["--expose-gc".to_owned()];
    if !HEAP_OPTIONS.iter().any(|option| customers.contains(option)) {
        options.extend(heap_limits(memory.get()));
    }
    let version = version.strip_prefix("nodejs:").and_then(super::node_version::parse);
    for (option, versions) in TURNED_OFF {
        let on = version.is_some_and(|v| versions.iter().any(|(from, to)| (*from..*to).contains(&v)));
        if on && !customers.contains(option) {
            options.push(format!("--no-{option}"));
        }
    }
    options
}

/// A twentieth of the memory for a semi-space, of which the young generation may fill three; a tenth for all that is no heap;
/// the rest for the old generation. All in MB.
///
/// So a heap that is full of garbage is collected, and one that is full ends as V8 ends it, before the kernel takes the memory for
/// exhausted. The service gives nine tenths to the old generation, with which here half as much live data was killed.
fn heap_limits(memory: u32) -> [String; 2] {
    let semi = (memory / 20).min(LARGEST_SEMI_SPACE);
    let old = memory - 3 * semi - (memory / 10).max(LEAST_OUTSIDE);
    [format!("--max-semi-space-size={semi}"), format!("--max-old-space-size={old}")]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_ask_for_major_versions() {
        assert_eq!(version_of("nodejs18.x"), Some(18));
        assert_eq!(version_of("nodejs24.x"), Some(24));
        for other in
            ["nodejs", "nodejs16.x", "nodejs20", "nodejs020.x", "nodejs20.x.x", "nodejs+20.x", "node20.x"]
        {
            assert_eq!(version_of(other), None, "{other}");
        }
    }

    #[test]
    fn options_follow_the_memory_and_what_the_customer_set() {
        let memory = |mb: u32| mb.try_into().unwrap();
        let off = ["--no-experimental-require-module", "--no-experimental-detect-module"];
        let limits = ["--expose-gc", "--max-semi-space-size=6", "--max-old-space-size=96"];
        assert_eq!(options("nodejs:18.20.8", memory(128), ""), limits);
        assert_eq!(options("nodejs:20.18.0", memory(128), ""), limits);
        assert_eq!(options("nodejs:20.20.2", memory(128), ""), [&limits[..], &off[..1]].concat());
        assert_eq!(options("nodejs:22.23.3", memory(128), ""), [&limits[..], &off].concat());
        assert_eq!(options("nodejs:24.21.0", memory(128), ""), limits);
        let large = options("nodejs:24.21.0", memory(10_240), "");
        assert_eq!(large[1..], ["--max-semi-space-size=32", "--max-old-space-size=9120"]);
        let own = "--experimental-require-module --max_old_space_size=64";
        assert_eq!(options("nodejs:22.23.3", memory(128), own), ["--expose-gc", off[1]]);
    }
}
