//! The control plane of Lambda: one file per resource.
