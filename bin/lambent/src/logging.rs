//! The platform's own log: for people on a terminal, JSON otherwise. It goes to standard error.

use std::io::IsTerminal;
use tracing_subscriber::EnvFilter;

const VARIABLE: &str = "LAMBENT_LOG";

/// Starts logging: from this level on, unless the variable `LAMBENT_LOG` says otherwise.
pub(crate) fn start(level: &str) {
    let (filter, wrong) = match wanted().map(EnvFilter::try_new) {
        None => (EnvFilter::new(level), None),
        Some(Ok(filter)) => (filter, None),
        Some(Err(error)) => (EnvFilter::new(level), Some(error)),
    };
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // A line that nobody can read is no reason to end.
    let log = log.log_internal_errors(false);
    if std::io::stderr().is_terminal() {
        log.with_target(false).init();
    } else {
        log.json().flatten_event(true).with_current_span(false).with_span_list(false).init();
    }
    if let Some(error) = wrong {
        tracing::warn!(%error, "{VARIABLE} is not understood, and {level} is logged; a level such as debug is");
    }
}

#[allow(clippy::disallowed_methods, reason = "the command is what reads its environment")]
fn wanted() -> Option<String> {
    std::env::var_os(VARIABLE).map(|value| value.to_string_lossy().into_owned())
}
