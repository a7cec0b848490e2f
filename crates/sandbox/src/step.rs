//! The steps of making a spawner and an environment, each one system call or one file, so that an error names its place.
//!
//! Invariant: the numbers travel between processes of one executable only, so that their order may change.

use crate::failpoints;

macro_rules! steps {
    ($($(#[$doc:meta])* $name:ident = $text:literal,)+) => {
        /// A step that can fail, with the errno that it failed with beside it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[allow(missing_docs, reason = "the text of each variant is its documentation")]
        pub enum Step { $($(#[$doc])* $name,)+ }

        const ALL: &[Step] = &[$(Step::$name),+];

        impl std::fmt::Display for Step {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(match self { $(Step::$name => $text,)+ })
            }
        }
    };
}

steps! {
    // The spawner's own start.
    CopyExecutable = "copying the executable into a memfd",
    SealExecutable = "sealing the executable's memfd",
    MakeSocketPair = "making the spawner's socket pair",
    Fork = "forking the spawner",
    ExecSpawner = "executing the spawner",
    WatchPlatform = "opening the platform's pidfd",
    NewSession = "starting a session",
    UnshareUser = "unshare(CLONE_NEWUSER)",
    WriteIdMap = "writing the user namespace's id map",
    ClaimUids = "claiming a range of user ids in /run/lambent/uids",
    UnshareMounts = "unshare(CLONE_NEWNS)",
    SlaveMounts = "making the spawner's mounts slaves of the host's",
    StagingOpen = "making the staging tmpfs",
    StagingMount = "mounting the staging tmpfs in the spawner's mount namespace",
    ViewMount = "mounting the area of what environments see of the machine",
    ViewMake = "making what an environment sees of the machine",
    StagingDirectory = "making a directory in the staging tmpfs",
    MakeNursery = "making the network namespace in which those of environments are made",
    Epoll = "waiting for events",
    Signals = "setting signal dispositions",
    CgroupFind = "finding the cgroups of this machine",
    CgroupClean = "removing a cgroup",

    // What the spawner does for one environment.
    OpenRoot = "opening the runtime root",
    RootMountPoint = "finding the mount points dev, proc, tmp, var/task, opt and etc/passwd in the runtime root",
    HideRoot = "laying the environment's view of the machine over the runtime root",
    CloneRoot = "open_tree(OPEN_TREE_CLONE) of the runtime root",
    OpenLayer = "opening a layer's tree in the staging area",
    OpenCode = "opening the code tree in the staging area",
    CloneCode = "laying an empty directory over the code tree",
    ProtectCode = "mount_setattr of the code tree",
    CloneLayer = "open_tree(OPEN_TREE_CLONE) of a layer's tree",
    MergeLayers = "merging the layers' trees in an overlay",
    ClonePasswd = "open_tree(OPEN_TREE_CLONE) of the passwd file",
    MakePipe = "making a pipe",
    EgressHost = "preparing the host's end of the environment's egress",
    EgressAddress = "finding an address for the environment's egress",
    EgressList = "adding a list of destinations to the firewall: no more than 99 different ones",
    Texts = "taking the arguments and variables",
    MakeChannel = "making the set-up channel",
    CgroupCreate = "creating a cgroup",
    CgroupLimit = "writing a limit of a cgroup",
    CgroupOpen = "opening a file of a cgroup",
    Clone3 = "clone3 of the environment's first process",
    MakeNetwork = "making a network namespace",
    HandNetwork = "handing the network namespace over",
    Watch = "watching the environment's descriptors",
    SetupDied = "setting the environment up: its first process died without a word",
    SetupSpoke = "reading the set-up channel",

    // What the environment's first process does, in this order.
    CgroupJoin = "joining a cgroup",
    OomScore = "making the environment a preferred victim of the host's memory shortage",
    UnshareCgroup = "unshare(CLONE_NEWCGROUP)",
    Hostname = "sethostname",
    EgressNoIpv6 = "switching IPv6 off for the environment's egress",
    EgressPair = "making the pair of interfaces of the environment's egress",
    EgressInside = "preparing the inner end of the environment's egress",
    PrivateMounts = "making the environment's mounts private",
    AttachRoot = "move_mount of the runtime root",
    EnterRoot = "entering the runtime root",
    ProcMount = "mounting a fresh /proc",
    ProcVerify = "verifying that /proc is a proc file system",
    NoMoreNamespaces = "writing 0 to /proc/sys/user/max_*_namespaces",
    ProcMask = "masking an entry of /proc",
    ProcReadOnly = "making /proc read-only",
    DevMount = "mounting /dev",
    DevNode = "binding a device node",
    DevLink = "making a link in /dev",
    DevReadOnly = "making /dev read-only",
    ShmMount = "mounting /dev/shm",
    TmpMount = "mounting /tmp",
    AttachCode = "move_mount of the code tree to /var/task",
    AttachLayers = "move_mount of the layers to /opt",
    AttachPasswd = "move_mount of /etc/passwd",
    PivotRoot = "pivot_root",
    DetachOldRoot = "detaching the old root",
    EnterCwd = "entering the working directory",
    VerifyCwd = "verifying the working directory",
    EnterNetwork = "entering the network namespace",
    LoopbackUp = "raising the loopback interface",
    BindListener = "binding 127.0.0.1:9001, 127.0.0.1:9002 and 127.0.0.1:53",
    StandardStreams = "opening the standard streams",
    CloseRange = "close_range",
    SetLimits = "setrlimit",
    DropBounding = "dropping the capability bounding set",
    SecureBits = "locking the secure bits",
    SetGroups = "dropping supplementary groups",
    SetGid = "setresgid",
    SetUid = "setresuid",
    DropCapabilities = "dropping capabilities",
    NotDumpable = "prctl(PR_SET_DUMPABLE)",
    ParentDeathSignal = "prctl(PR_SET_PDEATHSIG)",
    SpawnerGone = "checking that the spawner lives",
    NoNewPrivileges = "prctl(PR_SET_NO_NEW_PRIVS)",
    LandlockRuleset = "building the Landlock ruleset",
    LandlockRestrict = "landlock_restrict_self",
    SeccompBuild = "building the seccomp filter",
    SeccompInstall = "installing the seccomp filter",
    SendListeners = "passing the listeners out",
    ForkRuntime = "forking the runtime",
    ExecRuntime = "executing the runtime",

    // What its init does, and what the spawner does at its end.
    WaitRuntime = "waiting for the runtime's end",
    Kill = "killing an environment",
    Reap = "reaping an environment's first process",
    Forget = "letting go of an environment's descriptors",
}

#[cfg(feature = "failpoints")]
impl Step {
    /// Every step.
    pub fn all() -> &'static [Self] {
        ALL
    }
}

impl Step {
    pub(crate) fn number(self) -> u16 {
        self as u16
    }

    pub(crate) fn from_number(number: u16) -> Option<Self> {
        ALL.get(usize::from(number)).copied()
    }
}

/// A step that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Failed {
    pub(crate) step: Step,
    pub(crate) errno: rustix::io::Errno,
}

/// Gives an error its place.
pub(crate) trait At<T> {
    /// Says in which step this error happened.
    fn at(self, step: Step) -> Result<T, Failed>;
}

impl<T> At<T> for rustix::io::Result<T> {
    fn at(self, step: Step) -> Result<T, Failed> {
        self.and_then(|done| failpoints::pass(step).map(|()| done)).map_err(|errno| Failed { step, errno })
    }
}

impl<T> At<T> for std::io::Result<T> {
    fn at(self, step: Step) -> Result<T, Failed> {
        self.map_err(|error| errno_of(&error)).at(step)
    }
}

/// The errno in an I/O error; those that have none (such as a short write) count as EIO.
fn errno_of(error: &std::io::Error) -> rustix::io::Errno {
    rustix::io::Errno::from_io_error(error).unwrap_or(rustix::io::Errno::IO)
}
