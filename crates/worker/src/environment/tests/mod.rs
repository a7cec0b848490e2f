//! What an environment does, told with simulated runtimes and a clock that jumps.

mod endings;
mod floods;
mod hostile;
mod logging;
mod ordinary;
mod protocol;
