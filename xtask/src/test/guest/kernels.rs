//! The kernels: Debian's for clouds, of this system's release and of its backports, by apt and without root.
//!
//! apt gets folders of its own, so that neither the system's lists nor its packages change. Invariant: a kernel that is
//! unpacked in target/guest is used as it is; removing that folder brings newer ones.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::program;

/// The package that depends on the newest of its kind.
const PACKAGE: &str = "linux-image-cloud-amd64";
const BACKPORTS: &str = "-backports";
const KEYRING: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";

/// One that is unpacked.
#[derive(Debug, Clone)]
pub(super) struct Kernel {
    /// As `uname -r` has it.
    pub(super) version: String,
    pub(super) image: PathBuf,
    pub(super) modules: PathBuf,
}

/// The release's kernel and that of its backports, and why one of them is missing.
pub(super) fn obtain(place: &Path, logs: &Path) -> Result<(Vec<Kernel>, Vec<String>), String> {
    let release = release()?;
    let suites = [release.clone(), format!("{release}{BACKPORTS}")];
    let places: Vec<PathBuf> = suites.iter().map(|suite| place.join("kernels").join(suite)).collect();
    let mut missing = Vec::new();
    if places.iter().any(|place| unpacked(place).is_none()) {
        for tool in ["apt-get", "apt-cache", "dpkg-deb"] {
            program::find(tool).ok_or_else(|| format!("{tool} is not installed"))?;
        }
        let apt = Apt::prepare(place, &release, logs)?;
        for (suite, place) in suites.iter().zip(&places).filter(|(_, place)| unpacked(place).is_none()) {
            if let Err(why) = apt.unpack(suite, place) {
                missing.push(format!("the kernel of {suite}: {why}"));
            }
        }
    }
    let kernels: Vec<Kernel> = places.iter().filter_map(|place| unpacked(place)).collect();
    if kernels.is_empty() { Err(missing.join("; ")) } else { Ok((kernels, missing)) }
}

fn release() -> Result<String, String> {
    let text = fs::read_to_string("/etc/os-release").map_err(|error| error.to_string())?;
    let field = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
    if field("ID") != Some("debian") {
        return Err("this system is not Debian, whose kernels are used".to_owned());
    }
    field("VERSION_CODENAME").map(str::to_owned).ok_or_else(|| "this Debian has no code name".to_owned())
}

fn unpacked(place: &Path) -> Option<Kernel> {
    let mut versions = fs::read_dir(place.join("lib/modules")).ok()?.flatten();
    let modules = versions.next()?.path();
    let version = modules.file_name()?.to_str()?.to_owned();
    let image = place.join("boot").join(format!("vmlinuz-{version}"));
    image.is_file().then_some(Kernel { version, image, modules })
}

/// apt with its own folders and with lists of Debian alone.
struct Apt<'a> {
    place: PathBuf,
    logs: &'a Path,
}

impl<'a> Apt<'a> {
    fn prepare(place: &Path, release: &str, logs: &'a Path) -> Result<Self, String> {
        let apt = Self { place: place.join("apt"), logs };
        for folder in ["state/lists/partial", "cache/archives/partial"] {
            fs::create_dir_all(apt.place.join(folder)).map_err(|error| error.to_string())?;
        }
        fs::write(apt.place.join("sources.list"), sources(release)?).map_err(|error| error.to_string())?;
        println!("asking apt for kernels");
        apt.run(apt.command("apt-get").args(["update", "-qq"]), "update")?;
        Ok(apt)
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        let at = |name: &str| self.place.join(name).display().to_string();
        for (name, value) in [
            ("Dir::State", at("state")),
            ("Dir::State::status", "/var/lib/dpkg/status".to_owned()),
            ("Dir::Cache", at("cache")),
            ("Dir::Etc::SourceList", at("sources.list")),
            ("Dir::Etc::SourceParts", "/dev/null".to_owned()),
            // Root's apt would hand downloads to a user who can't write here.
            ("APT::Sandbox::User", String::new()),
        ] {
            command.args(["-o", &format!("{name}={value}")]);
        }
        command
    }

    fn run(&self, command: &mut Command, what: &str) -> Result<(), String> {
        let finished = program::run(command, &self.logs.join(format!("guest-apt-{what}.log")))?;
        let last = finished.output.lines().last().unwrap_or_default();
        if finished.succeeded() { Ok(()) } else { Err(format!("{what}: {last}")) }
    }

    /// The kernel that a suite's package depends on, into a folder that appears when it is complete.
    fn unpack(&self, suite: &str, place: &Path) -> Result<(), String> {
        // Without a suite it is the one that would be installed, which may be a security update.
        let name = if suite.ends_with(BACKPORTS) { format!("{PACKAGE}/{suite}") } else { PACKAGE.to_owned() };
        let text = program::answer(self.command("apt-cache").args(["depends", &name]))?;
        let found = text.lines().find_map(|line| line.trim().strip_prefix("Depends: linux-image-"));
        let package = format!("linux-image-{}", found.ok_or("it has no kernel for clouds")?);
        let partial = self.place.join(suite);
        // Left by a run that was ended.
        let _ = fs::remove_dir_all(&partial);
        fs::create_dir_all(&partial).map_err(|error| error.to_string())?;
        self.run(
            self.command("apt-get").current_dir(&partial).args(["download", "-qq", &package]),
            "download",
        )?;
        let mut files = fs::read_dir(&partial).map_err(|error| error.to_string())?.flatten();
        let file = files.next().ok_or("apt downloaded nothing")?.path();
        self.run(Command::new("dpkg-deb").arg("-x").arg(&file).arg(partial.join("tree")), "unpack")?;
        fs::create_dir_all(place.parent().unwrap_or(place)).map_err(|error| error.to_string())?;
        fs::rename(partial.join("tree"), place).map_err(|error| error.to_string())
    }
}

/// This system's own sources of the release, and the backports from where the release comes from.
fn sources(release: &str) -> Result<String, String> {
    let format = "$(CREATED_BY) $(REPO_URI) $(RELEASE)";
    let text = program::answer(Command::new("apt-get").args(["indextargets", "--format", format]))?;
    let mut list = String::new();
    for line in text.lines() {
        let ["Packages", uri, suite] = line.split(' ').collect::<Vec<_>>()[..] else { continue };
        let mut add = |suite: &str| list += &format!("deb [signed-by={KEYRING}] {uri} {suite} main\n");
        if suite == release {
            add(&format!("{release}{BACKPORTS}"));
        }
        if suite == release || suite == format!("{release}-security") {
            add(suite);
        }
    }
    if list.is_empty() { Err("apt has no source of this release".to_owned()) } else { Ok(list) }
}
