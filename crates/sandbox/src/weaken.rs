//! Layers that a test may leave out, to show that the layer is what stops an attack.
//!
//! Invariant: without the cargo feature `weaken` nothing can be left out: the set is a type without a value but "none".

#[cfg(not(feature = "weaken"))]
pub(crate) use off::Weakened;
#[cfg(feature = "weaken")]
pub(crate) use on::Weakened;
#[cfg(feature = "weaken")]
pub use on::Weakening;

/// The layers, by the names that the code asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub(crate) enum Layer {
    Seccomp = 1,
    Landlock = 2,
    Capabilities = 4,
    Identity = 8,
    Network = 16,
    PidNamespace = 32,
    ReadOnlyRoot = 64,
    ProcMasks = 128,
    Cgroup = 256,
    ProcessLimit = 512,
    Descriptors = 1024,
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

    /// A layer to leave out of one environment.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    #[repr(u32)]
    pub enum Weakening {
        /// No system call filter.
        NoSeccomp = Layer::Seccomp as u32,
        /// No Landlock domain.
        NoLandlock = Layer::Landlock as u32,
        /// Capabilities stay.
        KeepCapabilities = Layer::Capabilities as u32,
        /// The spawner's own uid and groups stay.
        KeepIdentity = Layer::Identity as u32,
        /// The host's network.
        HostNetwork = Layer::Network as u32,
        /// The host's processes.
        NoPidNamespace = Layer::PidNamespace as u32,
        /// The root is writable.
        WritableRoot = Layer::ReadOnlyRoot as u32,
        /// All of /proc is there, and writable.
        NoProcMasks = Layer::ProcMasks as u32,
        /// No cgroup.
        NoCgroup = Layer::Cgroup as u32,
        /// No limit of processes by rlimit.
        NoProcessLimit = Layer::ProcessLimit as u32,
        /// A descriptor of the host's root stays open.
        LeakDescriptor = Layer::Descriptors as u32,
    }

    /// The layers that are left out.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub(crate) struct Weakened(u32);

    impl Weakened {
        pub(crate) fn none() -> Self {
            Self(0)
        }

        pub(crate) fn new(list: &[Weakening]) -> Self {
            Self(list.iter().fold(0, |bits, weakening| bits | *weakening as u32))
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
