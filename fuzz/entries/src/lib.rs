//! The places where strangers' bytes are read, each as a function that takes any bytes and panics where an invariant breaks.
//!
//! The fuzzers of `fuzz/` call these, and so does the replay of the kept corpora, which is an ordinary test.

mod packages;
mod patterns;
mod requests;
mod signatures;

use std::thread_local;

pub use packages::package;
pub use patterns::pattern;
pub use requests::values;
pub use sandbox::fuzzing::{spawner_protocol, spawner_protocol_seeds};
pub use signatures::signature;

/// One entry.
pub type Entry = fn(&[u8]);

/// All of them, by the names of their corpora.
pub const ALL: [(&str, Entry); 6] = [
    ("spawner_protocol", spawner_protocol),
    ("runtime_api", runtime_api),
    ("package", package),
    ("signature", signature),
    ("values", values),
    ("pattern", pattern),
];

thread_local! {
    static RUNTIME_API: worker::fuzzing::RuntimeApi =
        worker::fuzzing::RuntimeApi::new().unwrap_or_else(|error| panic!("{error}"));
}

/// What a function's runtime says, on either front of the Runtime API.
pub fn runtime_api(input: &[u8]) {
    RUNTIME_API.with(|api| api.feed(input));
}
