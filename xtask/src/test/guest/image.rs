//! The guest's initramfs: its init, the unit tests, the modules in their order, and what is wanted of them.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

use cpio::newc::{self, ModeFileType};

use super::build::Tests;
use super::kernels::Kernel;
use super::modules;

/// Writes the archive; `wanted` has a line for each `situation/test`, and none for everything.
pub(super) fn build(path: &Path, kernel: &Kernel, tests: &Tests, wanted: &str) -> Result<(), String> {
    let read = |path: &Path| fs::read(path).map_err(|error| format!("{}: {error}", path.display()));
    let mut files = vec![
        ("init".to_owned(), read(&tests.environment)?),
        ("unit-tests".to_owned(), read(&tests.unit)?),
        ("wanted".to_owned(), wanted.as_bytes().to_vec()),
    ];
    for (number, (name, content)) in modules::wanted(&kernel.modules)?.into_iter().enumerate() {
        files.push((format!("modules/{number:02}-{name}.ko"), content));
    }
    write(path, &files).map_err(|error| format!("{}: {error}", path.display()))
}

fn write(path: &Path, files: &[(String, Vec<u8>)]) -> std::io::Result<()> {
    let mut archive = File::create(path)?;
    for folder in ["modules", "new"] {
        archive = entry(folder, 0o755, ModeFileType::Directory).write(archive, 0).finish()?;
    }
    for (name, content) in files {
        let length = u32::try_from(content.len()).map_err(std::io::Error::other)?;
        let mut writer = entry(name, 0o755, ModeFileType::Regular).write(archive, length);
        writer.write_all(content)?;
        archive = writer.finish()?;
    }
    newc::trailer(archive)?.flush()
}

fn entry(name: &str, mode: u32, kind: ModeFileType) -> newc::Builder {
    newc::Builder::new(name).mode(mode).set_mode_file_type(kind)
}
