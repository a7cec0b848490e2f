//! A runtime that can be made on this host.

use super::libraries::Search;
use super::manifest::{Manifest, Source};
use super::tree::Tree;
use super::{Runtime, RuntimesError, base, layout, node, python};
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
    let languages = python::discover().into_iter().chain(node::discover(&Search::of_this_host()));
    provided.chain(languages.map(|(name, prefix)| Candidate { name, prefix })).collect()
}

/// What a runtime is made of.
enum Recipe {
    Provided,
    Python(python::Interpreter),
    Node(node::Interpreter),
}

impl Recipe {
    fn of(candidate: &Candidate, search: &Search) -> Result<Self, RuntimesError> {
        let Candidate { name, prefix } = candidate;
        if PROVIDED.contains(&name.as_str()) {
            Ok(Self::Provided)
        } else if let Some(version) = python::version_of(name.as_str()) {
            python::find(name, version, prefix).map(Self::Python)
        } else if let Some(major) = node::version_of(name.as_str()) {
            node::find(name, major, prefix, search).map(Self::Node)
        } else {
            Err(RuntimesError::UnknownName(name.clone()))
        }
    }

    fn runtime(&self, name: &RuntimeName, root: &Path) -> Runtime {
        let (version, argv, language) = match self {
            Self::Provided => {
                let version = format!("provided:{}", name.as_str().trim_start_matches("provided."));
                (version, vec![super::entrypoint::PLACES[0].to_owned()], None)
            }
            Self::Python(python) => {
                let path = ("PYTHONPATH", layout::RUNTIME.to_owned());
                (python.version_text(), python.argv(), Some(path))
            }
            Self::Node(node) => {
                let path = ("NODE_PATH", node.module_path());
                (node.version_text(), node::Interpreter::argv(), Some(path))
            }
        };
        let language = language.as_ref().map(|(variable, value)| (*variable, value.as_str()));
        let env = layout::variables(name, language);
        Runtime { name: name.clone(), root: root.to_owned(), version, argv, env }
    }
}

/// Makes the root of `candidate` in the directory `root`, which must not exist.
pub(super) fn make(candidate: &Candidate, root: &Path) -> Result<Manifest, RuntimesError> {
    let search = Search::of_this_host();
    let recipe = Recipe::of(candidate, &search)?;
    let mut tree = Tree::create(root)?;
    let source = match &recipe {
        Recipe::Provided => None,
        Recipe::Python(python) => {
            python.add(&mut tree, &search)?;
            Some(Source::of(&python.program)?)
        }
        Recipe::Node(node) => {
            node.add(&mut tree, &search)?;
            Some(Source::of(&node.program)?)
        }
    };
    base::add(&mut tree, &search)?;
    Ok(Manifest::new(&recipe.runtime(&candidate.name, root), source, tree.into_entries()))
}
