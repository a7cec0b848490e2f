//! The channel of managed runtimes: frames over an inherited stream socket, the second front of the environment's state
//! machine beside HTTP. `docs/adr/0012-framed-channel.md` has every field.
//!
//! The other end is hostile, as on the first front: lengths are bounded before anything is allocated for them, and a frame
//! that is none ends the environment.

mod conversation;
mod frame;
mod reader;
#[cfg(test)]
mod tests;

pub(crate) use conversation::converse;

/// The version of the frames, in the variable that offers the channel and in a runtime's first frame.
pub(crate) const VERSION: u16 = 1;
