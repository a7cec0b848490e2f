//! The rules that no compiler checks: which crate may use which, what every source file looks like, and that promises name
//! tests that exist.

mod edges;
mod files;
mod promises;

use crate::workspace::Workspace;

/// What a look at the workspace found.
#[derive(Default)]
pub(crate) struct Findings {
    /// Rules that are broken.
    pub(crate) errors: Vec<String>,
    /// Worth a look, not a failure.
    pub(crate) notes: Vec<String>,
}

/// Prints what is out of order; an error when a rule is broken.
pub(crate) fn run() -> Result<(), String> {
    let workspace = Workspace::read()?;
    let findings = check(&workspace)?;
    for note in &findings.notes {
        println!("note: {note}");
    }
    if findings.errors.is_empty() {
        println!("tidy: {} crates in order", workspace.members.len());
        return Ok(());
    }
    Err(findings.errors.join("\n"))
}

/// All rules, over all members and all files.
pub(crate) fn check(workspace: &Workspace) -> Result<Findings, String> {
    let mut findings = Findings::default();
    edges::check(workspace, &mut findings);
    files::check(&workspace.root, &mut findings)?;
    promises::check(&workspace.root, &mut findings)?;
    Ok(findings)
}
