//! The freezer: an environment that waits for its next invocation does nothing meanwhile.
//!
//! cgroup v2 has it in every group, and so it is used wherever v2 is mounted, on hybrid machines too, where v2 has no
//! controllers and the environments get a group of it beside their v1 groups. Elsewhere it is v1's controller.
//! Invariant: a frozen process of v1 does not die, so that whoever kills one lets it die ([`Freezer::let_die`]) after it.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use super::Group;
use crate::step::{At, Failed, Step};

/// Whose freezer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FreezerKind {
    /// `cgroup.freeze`. The number is the one in the spawner's answer.
    V2 = 1,
    /// `freezer.state`.
    V1 = 2,
}

impl FreezerKind {
    pub(crate) fn from_number(number: u32) -> Option<Self> {
        [Self::V2, Self::V1].into_iter().find(|kind| *kind as u32 == number)
    }

    fn file(self) -> &'static str {
        match self {
            Self::V2 => "cgroup.freeze",
            Self::V1 => "freezer.state",
        }
    }

    fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::V2 => ("1", "0"),
            Self::V1 => ("FROZEN", "THAWED"),
        }
    }
}

/// The freezer of one environment, as an open file: writing through it needs no privilege.
#[derive(Debug)]
pub(crate) struct Freezer {
    pub(crate) kind: FreezerKind,
    pub(crate) file: File,
}

impl Freezer {
    fn open(kind: FreezerKind, group: &Path) -> io::Result<Self> {
        let file = File::options().write(true).open(group.join(kind.file()))?;
        Ok(Self { kind, file })
    }

    /// Asks the kernel to stop every process of the group. They stop by themselves, some of them a little later.
    pub(crate) fn freeze(&self) -> io::Result<()> {
        self.write(self.kind.words().0)
    }

    /// Lets them go on.
    pub(crate) fn thaw(&self) -> io::Result<()> {
        self.write(self.kind.words().1)
    }

    /// To be called after a kill. v2 kills what is frozen.
    pub(crate) fn let_die(&self) {
        if self.kind == FreezerKind::V1 {
            // ENODEV: the group is gone, and all of it dead.
            let _ = self.thaw();
        }
    }

    pub(crate) fn try_clone(&self) -> io::Result<Self> {
        Ok(Self { kind: self.kind, file: self.file.try_clone()? })
    }

    fn write(&self, word: &str) -> io::Result<()> {
        self.file.write_at(word.as_bytes(), 0).map(|_| ())
    }
}

/// Where the spawner's groups have a freezer.
#[derive(Debug)]
pub(crate) struct FreezerPlace {
    pub(super) kind: FreezerKind,
    pub(super) path: PathBuf,
    /// Whether the groups there are those of the limits too, and made with them.
    pub(super) is_shared: bool,
}

impl FreezerPlace {
    /// Makes the spawner's directory there, unless it is that of the limits, and tries whether groups in it freeze.
    pub(super) fn find(kind: FreezerKind, path: PathBuf, is_shared: bool) -> Result<Self, String> {
        let text = |error: io::Error| format!("{}: {error}", path.display());
        std::fs::create_dir_all(&path).map_err(text)?;
        let freezes = try_out(kind, &path.join("trial")).map_err(text);
        if freezes.is_err() && !is_shared {
            // What could not be used is not left behind; where that fails, it is the next start's.
            let _ = std::fs::remove_dir(&path);
        }
        freezes?;
        Ok(Self { kind, path, is_shared })
    }

    /// Gives an environment its freezer.
    pub(super) fn add(&self, name: &str, group: &mut Group) -> Result<(), Failed> {
        let path = self.path.join(name);
        if !self.is_shared {
            std::fs::create_dir(&path).at(Step::CgroupCreate)?;
            match self.kind {
                FreezerKind::V2 => group.clone_into = Some(File::open(&path).at(Step::CgroupOpen)?.into()),
                FreezerKind::V1 => {
                    let tasks = File::options().write(true).open(path.join("tasks"));
                    group.join.push(tasks.at(Step::CgroupOpen)?);
                }
            }
        }
        group.freezer = Some(Freezer::open(self.kind, &path).at(Step::CgroupOpen)?);
        Ok(())
    }

    /// Whose it is, for the operator.
    pub(crate) fn describe(&self) -> &'static str {
        match self.kind {
            FreezerKind::V2 => "cgroup v2",
            FreezerKind::V1 => "cgroup v1",
        }
    }

    /// Lets what was frozen in a group, and killed, die.
    pub(super) fn let_die(&self, group: &Path) {
        if let Ok(freezer) = Freezer::open(self.kind, group) {
            freezer.let_die();
        }
    }
}

/// An empty group freezes at once, where it can freeze at all.
fn try_out(kind: FreezerKind, group: &Path) -> io::Result<()> {
    // One of an earlier spawner that was killed right here.
    let _ = std::fs::remove_dir(group);
    std::fs::create_dir(group)?;
    let result = Freezer::open(kind, group).and_then(|freezer| {
        freezer.freeze()?;
        let (file, word) = match kind {
            FreezerKind::V2 => ("cgroup.events", "frozen 1"),
            FreezerKind::V1 => ("freezer.state", "FROZEN"),
        };
        let state = std::fs::read_to_string(group.join(file))?;
        freezer.thaw()?;
        if state.lines().any(|line| line == word) { Ok(()) } else { Err(io::ErrorKind::Unsupported.into()) }
    });
    std::fs::remove_dir(group)?;
    result
}
