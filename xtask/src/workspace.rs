//! What cargo knows about the workspace: its root, its members in their order, and their dependencies.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::program;

/// The workspace as `cargo metadata` reports it.
pub(crate) struct Workspace {
    pub(crate) root: PathBuf,
    pub(crate) target: PathBuf,
    /// In the order of Cargo.toml.
    pub(crate) members: Vec<Member>,
}

/// One package of the workspace.
pub(crate) struct Member {
    pub(crate) name: String,
    pub(crate) manifest: PathBuf,
    pub(crate) dependencies: Vec<Dependency>,
}

/// One line of a `[dependencies]` table.
pub(crate) struct Dependency {
    pub(crate) name: String,
    pub(crate) kind: Kind,
}

/// Which table the dependency stands in.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// `[dependencies]` and `[build-dependencies]`: part of what is built.
    Built,
    /// `[dev-dependencies]`: tests only.
    Dev,
}

impl Workspace {
    pub(crate) fn read() -> Result<Self, String> {
        let here = Path::new(env!("CARGO_MANIFEST_DIR")).parent().ok_or("xtask has no parent folder")?;
        let mut command = program::cargo(here);
        let json = program::answer(command.args(["metadata", "--format-version", "1", "--no-deps"]))?;
        let mut workspace =
            Self::parse(&json).ok_or_else(|| "cargo metadata printed something unexpected".to_owned())?;
        let order = listed(&workspace.root)?;
        let place = |member: &Member| order.iter().position(|dir| member.manifest.parent() == Some(dir));
        workspace.members.sort_by_key(|member| place(member).unwrap_or(usize::MAX));
        Ok(workspace)
    }

    fn parse(json: &str) -> Option<Self> {
        let metadata: Value = serde_json::from_str(json).ok()?;
        let packages = metadata["packages"].as_array()?;
        let ids = metadata["workspace_members"].as_array()?;
        let by_id = |id: &Value| packages.iter().find(|package| package["id"] == *id);
        Some(Self {
            root: PathBuf::from(metadata["workspace_root"].as_str()?),
            target: PathBuf::from(metadata["target_directory"].as_str()?),
            members: ids.iter().map(|id| member(by_id(id)?)).collect::<Option<_>>()?,
        })
    }
}

/// The folders of the members as Cargo.toml lists them; cargo's own order follows dependencies of tests too.
fn listed(root: &Path) -> Result<Vec<PathBuf>, String> {
    let text = fs::read_to_string(root.join("Cargo.toml")).map_err(|error| error.to_string())?;
    let manifest: toml::Table = text.parse().map_err(|error| format!("Cargo.toml: {error}"))?;
    let members = manifest["workspace"]["members"].as_array().ok_or("Cargo.toml lists no members")?;
    Ok(members.iter().filter_map(toml::Value::as_str).map(|dir| root.join(dir)).collect())
}

fn member(package: &Value) -> Option<Member> {
    let dependencies = package["dependencies"].as_array()?.iter();
    Some(Member {
        name: package["name"].as_str()?.to_owned(),
        manifest: PathBuf::from(package["manifest_path"].as_str()?),
        dependencies: dependencies.map(dependency).collect::<Option<_>>()?,
    })
}

fn dependency(entry: &Value) -> Option<Dependency> {
    let kind = if entry["kind"] == "dev" { Kind::Dev } else { Kind::Built };
    Some(Dependency { name: entry["name"].as_str()?.to_owned(), kind })
}
