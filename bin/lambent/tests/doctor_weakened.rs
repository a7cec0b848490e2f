//! `lambent doctor` on environments that lack a layer: the rows of the attacks that get through then say "no", all others stay
//! as they are, and the exit code says so.
//!
//! The command is built with the feature `weaken` for this; no release has it. Which attack gets through without which layers
//! is the suite's own data. A run of the command takes half a second or more, so that each set of layers is tried in the slow
//! tests only, and a sample of them always. Invariant: what is expected comes from that data, so that a new attack is covered when it is added.

#![expect(clippy::print_stderr, reason = "a test says what it could not do")]

use sandbox::Layer;
use sandbox::attacks::{self, Attack, Twin};
use serde_json::Value;
use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::{fs, iter};

type Names = BTreeSet<String>;

/// A sample is one of so many sets of layers.
const SAMPLED: usize = 8;

/// The plain user that root runs half of this as.
const PLAIN_USER: u32 = 65_534;

/// The command, as the user that runs this test or as a plain one.
struct Doctor {
    program: PathBuf,
    /// Where a plain user finds the command, and may write.
    folder: Option<tempfile::TempDir>,
}

impl Doctor {
    fn own() -> Self {
        Self { program: env!("CARGO_BIN_EXE_lambent").into(), folder: None }
    }

    /// Only root can be somebody else; who isn't root is a plain user already.
    fn of_a_plain_user() -> Option<Self> {
        if !is_root() {
            eprintln!("SKIPPED as a plain user: it needs root to become one");
            return None;
        }
        let folder = tempfile::tempdir().expect("a directory");
        let open = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode));
        open(folder.path(), 0o777).expect("open the directory");
        let program = folder.path().join("lambent");
        fs::copy(env!("CARGO_BIN_EXE_lambent"), &program).expect("copy the command");
        open(&program, 0o755).expect("make it executable");
        Some(Self { program, folder: Some(folder) })
    }

    fn is_privileged(&self) -> bool {
        is_root() && self.folder.is_none()
    }

    #[expect(clippy::disallowed_methods, reason = "the command under test")]
    fn run(&self, options: &[String]) -> Output {
        let mut command = Command::new(&self.program);
        command.args(["doctor", "--accept-weak-isolation"]).args(options);
        if let Some(folder) = &self.folder {
            command.uid(PLAIN_USER).gid(PLAIN_USER).env("TMPDIR", folder.path()).current_dir("/");
        }
        command.output().expect("run doctor")
    }

    /// What a run says, and its exit code.
    fn examine(&self, without: &[Layer]) -> (Value, Option<i32>) {
        let layers = without.iter().flat_map(|layer| ["--without".to_owned(), format!("{layer:?}")]);
        let options: Vec<String> = iter::once("--json".to_owned()).chain(layers).collect();
        let done = self.run(&options);
        let document = serde_json::from_slice(&done.stdout).unwrap_or_else(|error| {
            panic!("{without:?}: {error}: {}", String::from_utf8_lossy(&done.stderr))
        });
        (document, done.status.code())
    }

    /// The layers without which it gets through.
    fn twin(&self, attack: &Attack) -> Option<&'static [Layer]> {
        match if self.is_privileged() { attack.twins.privileged } else { attack.twins.rootless } {
            Twin::Without(layers) => Some(layers),
            Twin::None(_) => None,
        }
    }

    /// Each set of layers that some attack names as its twin, and what falls without it.
    fn lose_each_layer(&self) {
        let (document, code) = self.examine(&[]);
        assert_eq!((got_through(&document), fallen(&document), code), (Names::new(), Names::new(), Some(0)));
        assert_eq!(document["verdict"], "pass");
        let sets: BTreeSet<&[Layer]> = quiet().filter_map(|attack| self.twin(attack)).collect();
        assert!(sets.len() >= 2, "{sets:?}");
        let (first, step) = self.sample();
        sets.into_iter().skip(first).step_by(step).for_each(|without| self.lose(without));
    }

    /// Which of the sets, and each how manyth, so that this stays quick; all where `LAMBENT_TEST_WHOLE` is set.
    #[expect(clippy::disallowed_methods, reason = "how much a test tries, not configuration")]
    fn sample(&self) -> (usize, usize) {
        match std::env::var_os("LAMBENT_TEST_WHOLE") {
            Some(_) => (0, 1),
            None => (if self.is_privileged() { 0 } else { SAMPLED / 2 }, SAMPLED),
        }
    }

    fn lose(&self, without: &[Layer]) {
        let (document, code) = self.examine(without);
        let through = got_through(&document);
        // Not every one: what the mode or the machine lacks anyway is not enforceable, with all layers too.
        let mut expected = quiet().filter(|attack| self.twin(attack) == Some(without));
        assert!(expected.any(|attack| through.contains(attack.name)), "{without:?}: {through:?}");
        let of_those: Names = through.iter().map(|name| find(name).protection.to_owned()).collect();
        assert_eq!(fallen(&document), of_those, "{without:?}");
        assert_eq!((code, &document["verdict"]), (Some(1), &Value::from("fail")), "{without:?}");
    }

    /// The text says the same as the document.
    fn lose_in_words(&self) {
        let (document, _) = self.examine(&[Layer::UtsNamespace]);
        let text = self.run(&["--without".to_owned(), "UtsNamespace".to_owned()]);
        assert_eq!(text.status.code(), Some(1));
        let text = String::from_utf8(text.stdout).expect("text");
        let is_off = |line: &&str| line.get(22..32).is_some_and(|word| word.trim() == "NO");
        let off: Names = text
            .lines()
            .filter(is_off)
            .filter_map(|line| line.split(' ').next())
            .map(str::to_owned)
            .collect();
        assert_eq!((&off, &off), (&fallen(&document), &Names::from(["namespaces".to_owned()])), "{text}");
        assert!(text.contains("ATTACKS THAT GOT THROUGH") && text.contains("NOT IN FORCE"), "{text}");
    }
}

fn rows(document: &Value) -> &[Value] {
    document["protections"].as_array().expect("rows")
}

/// Rows that a machine has, and an attack has disproved.
fn fallen(document: &Value) -> Names {
    let rows = rows(document).iter().filter(|row| row["in_force"] == false && row["configured"] == true);
    rows.map(|row| row["name"].as_str().expect("a name").to_owned()).collect()
}

fn got_through(document: &Value) -> Names {
    let attacks = rows(document).iter().flat_map(|row| row["attacks"].as_array().expect("attacks"));
    let broken = attacks.filter(|attack| attack["finding"] == "broken");
    broken.map(|attack| attack["name"].as_str().expect("a name").to_owned()).collect()
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Those that doctor tries without being asked for all.
fn quiet() -> impl Iterator<Item = &'static Attack> {
    attacks::all().filter(|attack| !attack.disturbs)
}

fn find(name: &str) -> &'static Attack {
    attacks::all().find(|attack| attack.name == name).expect("an attack of the suite")
}

/// One run at a time: without a layer environments are no longer kept from each other.
fn alone() -> MutexGuard<'static, ()> {
    static ONE: Mutex<()> = Mutex::new(());
    ONE.lock().unwrap_or_else(PoisonError::into_inner)
}

#[test]
fn each_missing_layer_turns_its_rows_and_no_others() {
    let _alone = alone();
    Doctor::own().lose_each_layer();
}

#[test]
fn root_each_missing_layer_turns_its_rows_for_a_plain_user() {
    let _alone = alone();
    if let Some(doctor) = Doctor::of_a_plain_user() {
        doctor.lose_each_layer();
    }
}

#[test]
fn without_one_namespace_exactly_the_row_of_namespaces_says_no() {
    let _alone = alone();
    Doctor::own().lose_in_words();
}

#[test]
fn a_layer_that_is_not_known_is_refused() {
    let refused = Doctor::own().run(&["--without".to_owned(), "Nothing".to_owned()]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("Seccomp"));
}
