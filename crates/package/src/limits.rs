//! How large a package may be, in every direction in which it can grow.

use types::limits::{CODE_UNZIPPED_BYTES, CODE_ZIPPED_BYTES};

/// Bounds for one package. The default is the service's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The archive itself, in bytes.
    pub zipped_bytes: u64,
    /// Contents of all files and links, in bytes.
    pub unzipped_bytes: u64,
    /// Files, links and directories, counting the directories that paths only imply: each costs an inode.
    pub entries: u64,
    /// One path, in bytes.
    pub path_bytes: usize,
    /// Components of one path.
    pub depth: usize,
    /// All paths together, in bytes, counting the directories that paths only imply: they are held in memory.
    pub all_paths_bytes: u64,
}

impl Default for Limits {
    /// Sizes: "Lambda quotas" in the Lambda developer guide. The service publishes no limit for the number of files;
    /// 200,000 is above what packages within the size limit hold in practice, and bounds the memory that inodes
    /// take. Paths: what Linux accepts, less the room that `/var/task/` takes.
    fn default() -> Self {
        Self {
            zipped_bytes: CODE_ZIPPED_BYTES,
            unzipped_bytes: CODE_UNZIPPED_BYTES,
            entries: 200_000,
            path_bytes: 4096 - "/var/task/".len() - 1,
            depth: 128,
            all_paths_bytes: 64 << 20,
        }
    }
}
