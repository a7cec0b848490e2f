//! The control plane on a whole platform: over HTTP, signed, into a real store.
#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

mod accounts;
mod aliases;
mod concurrency;
mod golden;
mod interrupted;
mod layer_permissions;
mod layered;
mod layers;
mod layers_model;
mod lives;
mod members;
mod packages;
mod pages;
mod permissions;
mod races;
mod refusals;
mod releases;
mod restarts;
mod tags;
mod versions;
mod words;
