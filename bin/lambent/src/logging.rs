//! The platform's own log: for people on a terminal, JSON otherwise. It goes to standard error.

use std::io::IsTerminal;
use tracing_subscriber::EnvFilter;

/// What is logged unless the variable `LAMBENT_LOG` says otherwise.
const DEFAULT: &str = "info";

/// Starts logging.
pub(crate) fn start() {
    let filter = EnvFilter::try_from_env("LAMBENT_LOG").unwrap_or_else(|_| EnvFilter::new(DEFAULT));
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    if std::io::stderr().is_terminal() {
        log.with_target(false).init();
    } else {
        log.json().flatten_event(true).with_current_span(false).with_span_list(false).init();
    }
}
