//! Reads a root into the page cache before a function does.
//!
//! The kernel charges a page of a file to the group of the process that first touches it, and doesn't move it: without this, the
//! first environment of a runtime would pay for what all share. Invariant: a root is only read; what can't be, is left.

use std::fs::File;
use std::path::Path;

use rustix::fs::Advice;

/// How deep directories are followed, and how many entries are looked at: more than any root has.
const DEEPEST: usize = 64;
const MOST_ENTRIES: usize = 200_000;

/// Asks the kernel to read every file below `root`, and says how many bytes that is. Blocks as long as reading takes.
pub(super) fn warm(root: &Path) -> u64 {
    let (mut bytes, mut entries) = (0, 0);
    let mut open = vec![(root.to_owned(), 0)];
    while let Some((directory, depth)) = open.pop() {
        for entry in std::fs::read_dir(directory).into_iter().flatten().flatten() {
            entries += 1;
            if entries > MOST_ENTRIES {
                return bytes;
            }
            // A link leads to what is found anyway, or out of the root.
            match entry.file_type() {
                Ok(kind) if kind.is_dir() && depth < DEEPEST => open.push((entry.path(), depth + 1)),
                Ok(kind) if kind.is_file() => bytes += read(&entry.path()),
                _ => {}
            }
        }
    }
    bytes
}

fn read(path: &Path) -> u64 {
    let Ok(file) = File::open(path) else { return 0 };
    match rustix::fs::fadvise(&file, 0, None, Advice::WillNeed) {
        Ok(()) => file.metadata().map_or(0, |metadata| metadata.len()),
        Err(_) => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::warm;

    #[test]
    fn all_files_are_read_and_links_are_not_followed() {
        let root = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(root.path().join("a/b")).unwrap();
        std::fs::write(root.path().join("a/b/large"), vec![1; 100_000]).unwrap();
        std::fs::write(root.path().join("small"), "x").unwrap();
        std::os::unix::fs::symlink("/", root.path().join("out")).unwrap();
        assert_eq!(warm(root.path()), 100_001);
        assert_eq!(warm(&root.path().join("absent")), 0);
    }
}
