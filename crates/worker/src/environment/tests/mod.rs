//! What an environment does, told with simulated runtimes and a clock that jumps.

mod births;
mod channel;
mod creations;
mod endings;
mod floods;
mod framed;
mod freezing;
mod hostile;
mod logging;
mod model;
mod ordinary;
mod protocol;
