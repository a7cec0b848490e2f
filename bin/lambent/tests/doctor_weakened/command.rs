//! The command under test, as the user that runs this test, as a plain one, or on a host of the test's own.
//!
//! Invariant: runs that share a host go one after the other: without a layer environments are not kept from each other.

use crate::Names;
use sandbox::Layer;
use sandbox::attacks::{self, Attack, Twin};
use serde_json::Value;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::{fs, iter};

/// The plain user that root runs half of this as.
const PLAIN_USER: u32 = 65_534;

/// The command.
pub(crate) struct Doctor {
    program: PathBuf,
    /// Where a plain user finds the command, and may write.
    folder: Option<tempfile::TempDir>,
    /// What comes before the command, in a shell in a network namespace of its own.
    host: Option<String>,
    /// Attacks that disturb too.
    pub(crate) all: bool,
    _alone: MutexGuard<'static, ()>,
}

impl Doctor {
    pub(crate) fn own() -> Self {
        let program = env!("CARGO_BIN_EXE_lambent").into();
        Self { program, folder: None, host: None, all: false, _alone: alone() }
    }

    /// On a host that these lines of a shell make, in a network of its own.
    pub(crate) fn on(host: String) -> Self {
        Self { host: Some(host), ..Self::own() }
    }

    /// Only root can be somebody else; who isn't root is a plain user already.
    pub(crate) fn of_a_plain_user() -> Option<Self> {
        if !is_root() {
            crate::skipped("as a plain user", "it needs root to become one");
            return None;
        }
        let folder = tempfile::tempdir().expect("a directory");
        let open = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode));
        open(folder.path(), 0o777).expect("open the directory");
        let program = folder.path().join("lambent");
        fs::copy(env!("CARGO_BIN_EXE_lambent"), &program).expect("copy the command");
        open(&program, 0o755).expect("make it executable");
        Some(Self { program, folder: Some(folder), ..Self::own() })
    }

    pub(crate) fn is_privileged(&self) -> bool {
        is_root() && self.folder.is_none()
    }

    #[expect(clippy::disallowed_methods, reason = "the command under test")]
    pub(crate) fn run(&self, options: &[String]) -> Output {
        let mut command = match &self.host {
            Some(lines) => {
                let mut command = Command::new("unshare");
                let script = format!("{lines}\nexec \"$0\" \"$@\"");
                command.args(["--net", "sh", "-ec", &script]).arg(&self.program);
                command
            }
            None => Command::new(&self.program),
        };
        command.args(["doctor", "--accept-weak-isolation"]).args(options);
        if let Some(folder) = &self.folder {
            command.uid(PLAIN_USER).gid(PLAIN_USER).env("TMPDIR", folder.path()).current_dir("/");
        }
        command.output().expect("run doctor")
    }

    /// What a run says, and its exit code.
    pub(crate) fn examine(&self, without: &[Layer]) -> (Value, Option<i32>) {
        self.examine_with(without, &[])
    }

    pub(crate) fn examine_with(&self, without: &[Layer], more: &[String]) -> (Value, Option<i32>) {
        let layers = without.iter().flat_map(|layer| ["--without".to_owned(), format!("{layer:?}")]);
        let all = self.all.then(|| "--all".to_owned());
        let options: Vec<String> =
            iter::once("--json".to_owned()).chain(all).chain(layers).chain(more.iter().cloned()).collect();
        let done = self.run(&options);
        let document = serde_json::from_slice(&done.stdout).unwrap_or_else(|error| {
            panic!("{without:?}: {error}: {}", String::from_utf8_lossy(&done.stderr))
        });
        (document, done.status.code())
    }

    /// The layers without which it gets through.
    pub(crate) fn twin(&self, attack: &Attack) -> Option<Vec<Layer>> {
        match if self.is_privileged() { attack.twins.privileged } else { attack.twins.rootless } {
            Twin::Without(layers) => Some(layers.to_vec()),
            Twin::Start(layer) => Some(vec![layer]),
            Twin::None(_) => None,
        }
    }
}

pub(crate) fn rows(document: &Value) -> &[Value] {
    document["protections"].as_array().expect("rows")
}

/// Rows that a machine has, and that are not in force.
pub(crate) fn fallen(document: &Value) -> Names {
    let rows = rows(document).iter().filter(|row| row["in_force"] == false && row["configured"] == true);
    rows.map(|row| row["name"].as_str().expect("a name").to_owned()).collect()
}

/// Attacks of which this was found.
pub(crate) fn found(document: &Value, finding: &str) -> Names {
    let attacks = rows(document).iter().flat_map(|row| row["attacks"].as_array().expect("attacks"));
    let these = attacks.filter(|attack| attack["finding"] == finding);
    these.map(|attack| attack["name"].as_str().expect("a name").to_owned()).collect()
}

pub(crate) fn find(name: &str) -> &'static Attack {
    attacks::all().find(|attack| attack.name == name).expect("an attack of the suite")
}

pub(crate) fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// One run at a time.
fn alone() -> MutexGuard<'static, ()> {
    static ONE: Mutex<()> = Mutex::new(());
    ONE.lock().unwrap_or_else(PoisonError::into_inner)
}
