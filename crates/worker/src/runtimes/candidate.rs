//! A runtime that can be made on this host.

use super::libraries::Search;
use super::manifest::{Manifest, Source};
use super::tree::Tree;
use super::{Runtime, RuntimesError, base, layout, python};
use std::path::{Path, PathBuf};
use types::RuntimeName;

/// The runtimes whose program is the function's own.
pub(super) const PROVIDED: [&str; 2] = ["provided.al2", "provided.al2023"];

/// A runtime's name and where its interpreter is: what [`super::Runtimes::add`] takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// The runtime's name.
    pub name: RuntimeName,
    /// The prefix of its interpreter; `/` for runtimes without one.
    pub prefix: PathBuf,
}

/// What this host has.
pub(super) fn discover() -> Vec<Candidate> {
    let provided = PROVIDED.iter().filter_map(|name| name.parse().ok());
    let provided = provided.map(|name| Candidate { name, prefix: PathBuf::from("/") });
    let python = python::discover().into_iter().map(|(name, prefix)| Candidate { name, prefix });
    provided.chain(python).collect()
}

/// What a runtime is made of.
enum Recipe {
    Provided,
    Python(python::Interpreter),
}

impl Recipe {
    fn of(candidate: &Candidate) -> Result<Self, RuntimesError> {
        let name = candidate.name.as_str();
        if PROVIDED.contains(&name) {
            return Ok(Self::Provided);
        }
        match python::version_of(name) {
            Some(version) => python::find(&candidate.name, version, &candidate.prefix).map(Self::Python),
            None => Err(RuntimesError::UnknownName(candidate.name.clone())),
        }
    }

    fn runtime(&self, name: &RuntimeName, root: &Path) -> Runtime {
        let (version, argv, language) = match self {
            Self::Provided => {
                let version = format!("provided:{}", name.as_str().trim_start_matches("provided."));
                (version, vec![super::entrypoint::PLACES[0].to_owned()], None)
            }
            Self::Python(python) => {
                (python.version_text(), python.argv(), Some(("PYTHONPATH", layout::RUNTIME)))
            }
        };
        let env = layout::variables(name, language);
        Runtime { name: name.clone(), root: root.to_owned(), version, argv, env }
    }
}

/// Makes the root of `candidate` in the directory `root`, which must not exist.
pub(super) fn make(candidate: &Candidate, root: &Path) -> Result<Manifest, RuntimesError> {
    let recipe = Recipe::of(candidate)?;
    let search = Search::of_this_host();
    let mut tree = Tree::create(root)?;
    let source = match &recipe {
        Recipe::Provided => None,
        Recipe::Python(python) => {
            python.add(&mut tree, &search)?;
            Some(Source::of(&python.program)?)
        }
    };
    base::add(&mut tree, &search)?;
    Ok(Manifest::new(&recipe.runtime(&candidate.name, root), source, tree.into_entries()))
}
