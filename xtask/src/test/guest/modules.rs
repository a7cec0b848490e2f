//! The kernel's modules that the sandbox and its tests need, each after those that it needs itself.
//!
//! Invariant: what a module needs is read from the module, so that another kernel's other parts are found too.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use object::{Object, ObjectSection};

/// What a host has loaded by itself or loads when it is used, which takes a program that the guest doesn't have. One that a
/// kernel has built in is not among its files.
const WANTED: [&str; 11] = [
    "overlay",
    "veth",
    "nf_tables",
    "nft_ct",
    "nft_chain_nat",
    "nft_masq",
    "nft_nat",
    "nft_limit",
    "nft_reject_inet",
    "nft_reject_ipv4",
    "nft_reject_ipv6",
];

/// Names and contents, in the order in which they can be loaded.
pub(super) fn wanted(folder: &Path) -> Result<Vec<(String, Vec<u8>)>, String> {
    let mut files = BTreeMap::new();
    find(folder, &mut files)?;
    let mut order = Vec::new();
    for name in WANTED {
        add(name, &files, &mut order)?;
    }
    Ok(order)
}

/// Every module below a folder by its name, in which `-` and `_` are the same.
fn find(folder: &Path, files: &mut BTreeMap<String, PathBuf>) -> Result<(), String> {
    for entry in fs::read_dir(folder).map_err(|error| error.to_string())?.flatten() {
        let path = entry.path();
        if path.is_dir() {
            find(&path, files)?;
        } else if let Some((name, _)) = entry.file_name().to_string_lossy().split_once(".ko") {
            files.insert(name.replace('-', "_"), path);
        }
    }
    Ok(())
}

fn add(
    name: &str,
    files: &BTreeMap<String, PathBuf>,
    order: &mut Vec<(String, Vec<u8>)>,
) -> Result<(), String> {
    let Some(path) = files.get(name) else { return Ok(()) };
    if order.iter().any(|(known, _)| known == name) {
        return Ok(());
    }
    let content = read(path)?;
    for needed in needs(&content).map_err(|error| format!("{}: {error}", path.display()))? {
        add(&needed.replace('-', "_"), files, order)?;
    }
    order.push((name.to_owned(), content));
    Ok(())
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    if path.extension().is_some_and(|extension| extension == "ko") {
        return fs::read(path).map_err(|error| error.to_string());
    }
    let output = Command::new("xz").args(["--decompress", "--stdout"]).arg(path).output();
    let output = output.map_err(|error| format!("xz: {error}"))?;
    if output.status.success() { Ok(output.stdout) } else { Err(format!("xz can't read {}", path.display())) }
}

/// The line `depends=` among the module's properties, each of which ends with a NUL.
fn needs(module: &[u8]) -> Result<Vec<String>, object::Error> {
    let file = object::File::parse(module)?;
    let Some(section) = file.section_by_name(".modinfo") else { return Ok(Vec::new()) };
    let properties = String::from_utf8_lossy(section.data()?).into_owned();
    let list = properties.split('\0').find_map(|property| property.strip_prefix("depends=")).unwrap_or("");
    Ok(list.split(',').filter(|name| !name.is_empty()).map(str::to_owned).collect())
}
