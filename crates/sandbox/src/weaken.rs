//! The layers of an environment by name, which a test may leave out to show that the layer is what stops an attack.
//!
//! Invariant: without the cargo feature `weaken` nothing can be left out: the set is a type without a value but "none".

#[cfg(not(feature = "weaken"))]
pub(crate) use off::Weakened;
#[cfg(feature = "weaken")]
pub(crate) use on::Weakened;

/// One layer of an environment. Each doc comment says what an environment without it is like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u32)]
#[non_exhaustive]
pub enum Layer {
    /// No system call filter.
    Seccomp = 1,
    /// No Landlock domain.
    Landlock = 1 << 1,
    /// Capabilities stay.
    Capabilities = 1 << 2,
    /// The spawner's own uid and groups stay.
    Identity = 1 << 3,
    /// The host's network.
    Network = 1 << 4,
    /// The host's processes.
    PidNamespace = 1 << 5,
    /// Root, code and a single layer are writable, and set-user-id files in them mean what they say.
    ReadOnlyRoot = 1 << 6,
    /// All of /proc is there, and writable.
    ProcMasks = 1 << 7,
    /// No cgroup.
    Cgroup = 1 << 8,
    /// No limit of processes by rlimit.
    ProcessLimit = 1 << 9,
    /// A descriptor of the host's root stays open.
    Descriptors = 1 << 10,
    /// It goes on while it is idle.
    Freezer = 1 << 11,
    /// Files of the runtime, of the code and of devices are the same inodes in every environment, and /proc shows the host's
    /// figures.
    OwnInodes = 1 << 13,
    /// The host's cgroup namespace.
    CgroupNamespace = 1 << 14,
    /// The host's name.
    UtsNamespace = 1 << 15,
    /// The host's System V shared memory, semaphores and queues.
    IpcNamespace = 1 << 16,
    /// A set-user-id file may give privilege.
    NoNewPrivileges = 1 << 17,
    /// What /proc has of pid 1 belongs to its uid.
    Dumpable = 1 << 18,
    /// Rootless: more namespaces may be made.
    NamespaceLimits = 1 << 19,
    /// /tmp and /dev/shm are the host's /dev/shm.
    PrivateTmp = 1 << 20,
    /// The host's /dev.
    Devices = 1 << 21,
    /// The host's firewall does not know the environment's egress.
    EgressFilter = 1 << 22,
    /// Egress leads everywhere, as far as routes go.
    EgressRoutes = 1 << 23,
    /// /tmp and /dev/shm may be swapped out.
    NoSwap = 1 << 24,
    /// The spawner's, not an environment's: the copy of the executable that it runs from has no seals.
    Seals = 1 << 25,
}

#[cfg(not(feature = "weaken"))]
mod off {
    use super::Layer;

    /// No layer is left out.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub(crate) struct Weakened;

    impl Weakened {
        pub(crate) fn none() -> Self {
            Self
        }

        pub(crate) fn from_bits(bits: u32) -> Option<Self> {
            (bits == 0).then_some(Self)
        }

        pub(crate) fn bits(self) -> u32 {
            0
        }

        pub(crate) fn keeps(self, _layer: Layer) -> bool {
            true
        }
    }
}

#[cfg(feature = "weaken")]
mod on {
    use super::Layer;

    /// The layers that are left out.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub(crate) struct Weakened(u32);

    impl Weakened {
        pub(crate) fn none() -> Self {
            Self(0)
        }

        pub(crate) fn new(list: &[Layer]) -> Self {
            Self(list.iter().fold(0, |bits, layer| bits | *layer as u32))
        }

        pub(crate) fn from_bits(bits: u32) -> Option<Self> {
            Some(Self(bits))
        }

        pub(crate) fn bits(self) -> u32 {
            self.0
        }

        pub(crate) fn keeps(self, layer: Layer) -> bool {
            self.0 & layer as u32 == 0
        }
    }
}
