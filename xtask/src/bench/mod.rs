//! `cargo xtask bench`: what Lambent costs beside aws-lambda-rie, which checks nothing and isolates nothing, beside other
//! peers in the same run, and beside a bare HTTP echo over loopback, which is the floor.
//!
//! Rules: both sides run in turns within each round (A B A B …), with the same client, payload, interpreter and pinning;
//! the figure is the median over the rounds of their ratio; a verdict whose distance from its goal is within the
//! spread of the rounds is called inconclusive.
//! `cargo xtask bench many` measures an account with 100,000 functions beside one with ten, and `cargo xtask bench sandbox` an
//! environment beside other sandboxes, by the same rules.

#[cfg(feature = "bench")]
mod connection;
#[cfg(feature = "bench")]
mod deploy;
#[cfg(feature = "bench")]
pub(crate) mod echo;
#[cfg(feature = "bench")]
mod goals;
#[cfg(feature = "bench")]
mod load;
#[cfg(feature = "bench")]
mod many;
#[cfg(feature = "bench")]
mod measure;
#[cfg(feature = "bench")]
mod peers;
#[cfg(feature = "bench")]
mod pinning;
#[cfg(feature = "bench")]
mod plot;
#[cfg(feature = "bench")]
mod report;
#[cfg(feature = "bench")]
mod sandbox;
#[cfg(feature = "bench")]
mod statistics;
#[cfg(feature = "bench")]
mod subjects;

/// One of the three measurements.
#[cfg(feature = "bench")]
pub(crate) fn run(args: &[String]) -> Result<(), String> {
    match args.split_first() {
        Some((first, rest)) if first == "many" => many::run(rest),
        Some((first, [])) if first == "sandbox" => sandbox::run(),
        _ => measure::run(args),
    }
}

/// Without the load generator: builds this tool again, optimised and with it, and runs that.
#[cfg(not(feature = "bench"))]
pub(crate) fn run(args: &[String]) -> Result<(), String> {
    let workspace = crate::workspace::Workspace::read()?;
    let mut cargo = crate::program::cargo(&workspace.root);
    cargo.args(["run", "--quiet", "--release", "--package", "xtask", "--features", "bench", "--", "bench"]);
    match cargo.args(args).status() {
        Ok(status) if status.success() => Ok(()),
        Ok(_) => Err(String::new()),
        Err(error) => Err(error.to_string()),
    }
}
