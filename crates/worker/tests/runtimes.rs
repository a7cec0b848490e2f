//! Roots made from what this machine has, compared with what they promise, and, where the tests run as root, run.
#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]
#![allow(
    clippy::disallowed_methods,
    clippy::print_stderr,
    reason = "it starts interpreters, and says where this machine has none"
)]

use std::fs;
use std::os::fd::AsFd;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;
use types::RuntimeName;
use worker::runtimes::{EntrypointError, Runtimes, RuntimesError};

fn name(text: &str) -> RuntimeName {
    text.parse().unwrap()
}

/// The newest python that this machine has, in a registry of its own.
fn python() -> Option<(TempDir, Runtimes, RuntimeName)> {
    let found = Runtimes::discover().into_iter().rfind(|c| c.name.as_str().starts_with("python"))?;
    let dir = tempfile::tempdir().unwrap();
    let mut runtimes = Runtimes::open(dir.path()).unwrap();
    runtimes.add(&found.name, &found.prefix).unwrap();
    Some((dir, runtimes, found.name))
}

/// The node of this machine, in a registry of its own.
fn node() -> Option<(TempDir, Runtimes, RuntimeName)> {
    let found = Runtimes::discover().into_iter().find(|c| c.name.as_str().starts_with("nodejs"))?;
    let dir = tempfile::tempdir().unwrap();
    let mut runtimes = Runtimes::open(dir.path()).unwrap();
    runtimes.add(&found.name, &found.prefix).unwrap();
    Some((dir, runtimes, found.name))
}

fn skipped(test: &str, why: &str) {
    eprintln!("SKIPPED {test}: {why}");
}

/// Runs a program with the root as its `/`, and with the runtime's variables only.
fn run_inside(root: &Path, env: &[(String, String)], argv: &[&str]) -> Output {
    Command::new("/usr/sbin/chroot")
        .arg(root)
        .args(argv)
        .env_clear()
        .envs(env.iter().cloned())
        .output()
        .unwrap()
}

fn may_chroot() -> bool {
    rustix::process::geteuid().is_root()
}

#[test]
fn discovery_names_real_versions() {
    for candidate in Runtimes::discover() {
        let name = candidate.name.as_str();
        let node = name.strip_prefix("nodejs").and_then(|version| version.strip_suffix(".x"));
        let node = node.is_some_and(|major| major.parse::<u32>().is_ok_and(|major| major >= 18));
        assert!(node || name.starts_with("python3.") || name.starts_with("provided."), "{name}");
    }
}

#[test]
fn a_python_root_is_listed_again_and_verified() {
    let Some((dir, runtimes, python)) = python() else {
        return skipped("a_python_root_is_listed_again_and_verified", "no python3.N on this machine");
    };
    let runtime = runtimes.get(&python).unwrap();
    assert!(
        runtime.version.starts_with(&format!("python:{}.", &python.as_str()[6..])),
        "{}",
        runtime.version
    );
    assert!(runtime.argv[0].starts_with("/var/lang/bin/python3."));
    let inside = |path: &str| runtime.root.join(path.trim_start_matches('/'));
    for path in [
        "/var/runtime/bootstrap.py",
        "/usr/bin/env",
        "/etc/passwd",
        "/var/task",
        "/proc",
        "/tmp",
        &runtime.argv[0],
    ] {
        assert!(inside(path).exists(), "{path}");
    }
    runtimes.verify(&python).unwrap();
    let again = Runtimes::open(dir.path()).unwrap();
    assert_eq!(again.names(), [python]);
}

#[test]
fn everything_is_readable_by_everyone_and_nothing_is_writable_or_special() {
    let Some((_dir, runtimes, python)) = python() else {
        return skipped("everything_is_readable_by_everyone", "no python3.N on this machine");
    };
    let mut open = vec![runtimes.get(&python).unwrap().root.clone()];
    while let Some(path) = open.pop() {
        let metadata = path.symlink_metadata().unwrap();
        if metadata.is_symlink() {
            continue;
        }
        let mode = metadata.permissions().mode() & 0o7777;
        assert!(mode == 0o755 || (mode == 0o644 && metadata.is_file()), "{mode:o} {}", path.display());
        if metadata.is_dir() {
            open.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        }
    }
}

#[test]
fn a_changed_root_is_not_listed() {
    let dir = tempfile::tempdir().unwrap();
    let provided = name("provided.al2023");
    let mut runtimes = Runtimes::open(dir.path()).unwrap();
    let root = runtimes.add(&provided, Path::new("/")).unwrap().root.clone();
    let file = root.join("etc/hosts");
    let contents = fs::read_to_string(&file).unwrap();

    fs::write(&file, contents.to_uppercase()).unwrap();
    assert!(matches!(runtimes.verify(&provided), Err(RuntimesError::Changed { why: "other contents", .. })));
    fs::write(&file, "").unwrap();
    assert!(Runtimes::open(dir.path()).unwrap().names().is_empty(), "a file was cut off");
    runtimes.add(&provided, Path::new("/")).unwrap();
    runtimes.verify(&provided).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o666)).unwrap();
    assert!(Runtimes::open(dir.path()).unwrap().names().is_empty(), "a mode was widened");
    let left: Vec<_> = fs::read_dir(dir.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(left, ["provided.al2023"], "nothing is left aside");
}

#[test]
fn what_another_release_made_is_made_again() {
    let Some((dir, runtimes, python)) = python() else {
        return skipped("what_another_release_made_is_made_again", "no python3.N on this machine");
    };
    let version = runtimes.get(&python).unwrap().version.clone();
    let manifest = dir.path().join(python.as_str()).join("manifest.json");
    let text = fs::read_to_string(&manifest).unwrap();
    fs::write(&manifest, text.replacen("\"embedded\":\"", "\"embedded\":\"0", 1)).unwrap();
    let mut again = Runtimes::open(dir.path()).unwrap();
    assert!(again.names().is_empty());
    let [outdated] = again.outdated() else { panic!("{:?}", again.outdated()) };
    let outdated = outdated.clone();
    assert_eq!(again.add(&outdated.name, &outdated.prefix).unwrap().version, version);
    assert!(again.outdated().is_empty());
}

#[test]
fn what_a_dead_process_left_is_removed() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir_all(dir.path().join(".aside-4194305-python3.11/root")).unwrap();
    let mine = dir.path().join(format!(".aside-{}-python3.11", std::process::id()));
    fs::create_dir(&mine).unwrap();
    Runtimes::open(dir.path()).unwrap();
    assert!(!dir.path().join(".aside-4194305-python3.11").exists());
    assert!(mine.exists(), "its process lives");
}

#[test]
fn names_and_prefixes_that_lead_nowhere() {
    let dir = tempfile::tempdir().unwrap();
    let mut runtimes = Runtimes::open(dir.path()).unwrap();
    let unknown = runtimes.add(&name("cobol85"), Path::new("/usr")).unwrap_err();
    assert!(matches!(unknown, RuntimesError::UnknownName(_)));
    let empty = runtimes.add(&name("python3.99"), dir.path()).unwrap_err();
    assert!(matches!(empty, RuntimesError::NoInterpreter { .. }), "{empty}");
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
}

#[test]
fn root_required_the_interpreter_runs_inside_its_root() {
    let test = "root_required_the_interpreter_runs_inside_its_root";
    let Some((_dir, runtimes, python)) = python() else {
        return skipped(test, "no python3.N on this machine");
    };
    if !may_chroot() {
        return skipped(test, "needs root for chroot");
    }
    let runtime = runtimes.get(&python).unwrap();
    let script = "import sys, ssl, sqlite3, ctypes, hashlib, zlib, bz2, lzma, decimal, socket, locale, zoneinfo;\
        assert zoneinfo.ZoneInfo('Europe/Berlin'); assert ssl.create_default_context().get_ca_certs();\
        locale.setlocale(locale.LC_ALL, ''); print(sys.prefix, sys.version.split()[0], sys.stdout.encoding)";
    let output = run_inside(&runtime.root, &runtime.env, &[&runtime.argv[0], "-S", "-B", "-c", script]);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let version = runtime.version.strip_prefix("python:").unwrap();
    assert_eq!(text.trim_end(), format!("/var/lang {version} utf-8"));
}

#[test]
fn root_required_every_shared_object_inside_a_root_finds_its_own() {
    let test = "root_required_every_shared_object_inside_a_root_finds_its_own";
    let Some((_dir, runtimes, python)) = python() else {
        return skipped(test, "no python3.N on this machine");
    };
    if !may_chroot() {
        return skipped(test, "needs root for chroot");
    }
    let runtime = runtimes.get(&python).unwrap();
    let Some(loader) = ["/lib64/ld-linux-x86-64.so.2", "/lib/ld-linux-aarch64.so.1"]
        .into_iter()
        .find(|loader| runtime.root.join(loader.trim_start_matches('/')).exists())
    else {
        return skipped(test, "another loader than glibc's");
    };
    let mut objects = elf_files(&runtime.root);
    objects.retain(|object| !object.to_str().unwrap().contains("/ld-linux"));
    assert!(objects.len() > 100, "{}", objects.len());
    for object in objects {
        let path = format!("/{}", object.strip_prefix(&runtime.root).unwrap().display());
        let output = run_inside(&runtime.root, &runtime.env, &[loader, "--list", &path]);
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success() && !text.contains("not found"), "{path}: {text}{output:?}");
    }
}

fn elf_files(root: &Path) -> Vec<PathBuf> {
    let (mut open, mut found) = (vec![root.to_owned()], Vec::new());
    while let Some(path) = open.pop() {
        let metadata = path.symlink_metadata().unwrap();
        if metadata.is_dir() {
            open.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        } else if metadata.is_file() && fs::read(&path).unwrap().starts_with(b"\x7fELF") {
            found.push(path);
        }
    }
    found
}

#[test]
fn a_node_root_is_listed_again_and_verified() {
    let Some((dir, runtimes, node)) = node() else {
        return skipped("a_node_root_is_listed_again_and_verified", "no node on this machine");
    };
    let runtime = runtimes.get(&node).unwrap();
    let major = node.as_str().trim_start_matches("nodejs").trim_end_matches(".x");
    assert!(runtime.version.starts_with(&format!("nodejs:{major}.")), "{}", runtime.version);
    assert_eq!(runtime.argv, ["/var/lang/bin/node", "/var/runtime/bootstrap.cjs"]);
    for path in ["var/runtime/bootstrap.cjs", "var/lang/bin/node", "usr/bin/env", "var/task"] {
        assert!(runtime.root.join(path).exists(), "{path}");
    }
    runtimes.verify(&node).unwrap();
    assert_eq!(Runtimes::open(dir.path()).unwrap().names(), [node]);
}

#[test]
fn root_required_node_runs_inside_its_root() {
    let test = "root_required_node_runs_inside_its_root";
    let Some((_dir, runtimes, node)) = node() else {
        return skipped(test, "no node on this machine");
    };
    if !may_chroot() {
        return skipped(test, "needs root for chroot");
    }
    let runtime = runtimes.get(&node).unwrap();
    let script = "for (const name of require('module').builtinModules) if (!name.startsWith('_')) require(name);        require('crypto').createHash('sha256').update('x').digest('hex');        console.log(process.versions.node, new Date(0).toLocaleString('de-DE', { timeZone: 'Europe/Berlin' }))";
    let output = run_inside(&runtime.root, &runtime.env, &[&runtime.argv[0], "-e", script]);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let version = runtime.version.strip_prefix("nodejs:").unwrap();
    assert_eq!(
        text.trim_end(),
        format!("{version} 1.1.1970, 01:00:00"),
        "the version was found without running it"
    );
}

#[test]
fn a_node_of_another_version_or_of_none_is_refused() {
    let test = "a_node_of_another_version_or_of_none_is_refused";
    let Some((dir, mut runtimes, node)) = node() else {
        return skipped(test, "no node on this machine");
    };
    let other = runtimes.add(&name("nodejs99.x"), Path::new("/usr")).unwrap_err();
    let absent = !Path::new("/usr/bin/node").is_file();
    match other {
        RuntimesError::OtherVersion { found, .. } => assert!(found.starts_with("nodejs"), "{found}"),
        RuntimesError::NoInterpreter { .. } if absent => {}
        other => panic!("{other}"),
    }
    let prefix = tempfile::tempdir().unwrap();
    fs::create_dir(prefix.path().join("bin")).unwrap();
    let missing = runtimes.add(&node, prefix.path()).unwrap_err();
    assert!(matches!(missing, RuntimesError::NoInterpreter { .. }), "{missing}");
    fs::copy("/bin/true", prefix.path().join("bin/node")).unwrap();
    let unknown = runtimes.add(&node, prefix.path()).unwrap_err();
    assert!(matches!(unknown, RuntimesError::NoVersion { .. }), "{unknown}");
    fs::write(prefix.path().join("bin/node"), "#!/bin/sh\nexec node \"$@\"\n").unwrap();
    let script = runtimes.add(&node, prefix.path()).unwrap_err();
    assert!(matches!(script, RuntimesError::NotAProgram { .. }), "a version manager's shim: {script}");
    assert_eq!(Runtimes::open(dir.path()).unwrap().names(), [node], "the one that was there stays");
}

#[test]
fn root_required_scripts_find_the_base_set() {
    let test = "root_required_scripts_find_the_base_set";
    if !may_chroot() {
        return skipped(test, "needs root for chroot");
    }
    let dir = tempfile::tempdir().unwrap();
    let mut runtimes = Runtimes::open(dir.path()).unwrap();
    let runtime = runtimes.add(&name("provided.al2023"), Path::new("/")).unwrap();
    let script = "set -e; echo a b | sed s/a/x/ | cut -d' ' -f1; ls / | sort | head -1 >/dev/null; \
        date +%Z; id -u; env | grep -c PATH; printf %s \"$(dirname /a/b)\"";
    let output = run_inside(&runtime.root, &runtime.env, &["/bin/sh", "-c", script]);
    assert!(output.status.success(), "{output:?}");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "x\nUTC\n0\n2\n/a");
    if runtime.root.join("usr/bin/bash").exists() {
        let script = "set -euo pipefail; source /dev/null 2>/dev/null || true; [[ abc == a* ]] && printf ok";
        let output = run_inside(&runtime.root, &runtime.env, &["/bin/sh", "-c", script]);
        assert_eq!(String::from_utf8_lossy(&output.stdout), "ok", "{output:?}");
    }
}

#[test]
fn functions_bring_their_own_program() {
    let dir = tempfile::tempdir().unwrap();
    let mut runtimes = Runtimes::open(dir.path()).unwrap();
    let runtime = runtimes.add(&name("provided.al2"), Path::new("/")).unwrap();
    let [code, layers, above] = [(); 3].map(|()| tempfile::tempdir().unwrap());
    let entrypoint = || {
        let open = |dir: &TempDir| fs::File::open(dir.path()).unwrap();
        runtime.entrypoint(open(&code).as_fd(), &[open(&layers).as_fd(), open(&above).as_fd()])
    };
    assert_eq!(entrypoint(), Err(EntrypointError::Missing));
    let bootstrap = layers.path().join("bootstrap");
    fs::write(&bootstrap, "#!/bin/sh\n").unwrap();
    assert_eq!(entrypoint(), Err(EntrypointError::NotExecutable("/opt/bootstrap")));
    fs::set_permissions(&bootstrap, fs::Permissions::from_mode(0o755)).unwrap();
    assert_eq!(entrypoint(), Ok(vec!["/opt/bootstrap".to_owned()]));
    let hidden_by = above.path().join("bootstrap");
    fs::write(&hidden_by, "#!/bin/sh\n").unwrap();
    assert_eq!(entrypoint(), Err(EntrypointError::NotExecutable("/opt/bootstrap")), "a later layer wins");
    fs::remove_file(hidden_by).unwrap();
    std::os::unix::fs::symlink("/bin/sh", code.path().join("bootstrap")).unwrap();
    assert_eq!(entrypoint(), Ok(vec!["/opt/bootstrap".to_owned()]), "a link out of the code is no program");
    fs::remove_file(code.path().join("bootstrap")).unwrap();
    fs::copy(&bootstrap, code.path().join("bootstrap")).unwrap();
    assert_eq!(entrypoint(), Ok(vec!["/var/task/bootstrap".to_owned()]));
}
