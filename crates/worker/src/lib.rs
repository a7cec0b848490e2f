//! Execution environments: life cycle, Runtime API, log capture, runtimes.
