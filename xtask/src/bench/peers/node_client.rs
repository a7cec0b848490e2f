//! The official runtime client for node, which is built from source: that takes a C++ compiler, cmake and the autotools.

use std::path::{Path, PathBuf};

use super::npm;

const PACKAGES: &[&str] = &["aws-lambda-ric@3.3.0"];

/// The client's program, to be run by node.
pub(in crate::bench) fn program(dir: &Path) -> Result<PathBuf, String> {
    let folder = npm::installed(dir, "node-client", PACKAGES)?;
    Ok(folder.join("node_modules/aws-lambda-ric/bin/index.mjs"))
}
