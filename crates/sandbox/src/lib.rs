//! The spawner and the Linux sandbox of an execution environment; the only crate with unsafe code.
