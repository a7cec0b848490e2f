//! Everything that a developer of Lambent runs: `cargo xtask test`, `tidy`, `deny`, `models`, `size`, `bench`.
//!
//! This is a developers' tool and not part of the service: it starts programs, reads the environment and prints,
//! which the service's own crates may not.
#![allow(
    clippy::disallowed_methods,
    reason = "starting programs and reading the environment is this tool's work"
)]
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "its reader is a person at a terminal, or CI's log"
)]

mod bench;
mod deny;
mod models;
mod nothing;
mod program;
mod server;
mod size;
mod test;
mod tidy;
mod workspace;

use std::process::ExitCode;

const HELP: &str = "\
cargo xtask COMMAND

  test [--quick | --slow | --guest] [NAME…]
                                    install what the tests need, check and test everything, end with one summary
                                    --quick leaves out the slow tests, --slow runs only them,
                                    --guest runs the sandbox's own on Debian's kernels in a virtual machine,
                                    NAME… runs only the tests whose names contain one of them
  tidy                              dependency directions and the rules that every source file follows
  deny                              licences and advisories of dependencies (needs cargo-deny)
  models [--print [SERVICE…]]       refresh models/ from the pinned botocore, or print the code that is made from it
  bench [ROUNDS]                    speed and memory beside aws-lambda-rie and a bare echo, into docs/benchmarks/
  bench many [FUNCTIONS]            speed and memory with 100,000 functions beside ten, into docs/benchmarks/
  bench sandbox                     an environment's cost beside bubblewrap, crun, runc and runsc, into docs/benchmarks/
  size                              build times, number of dependencies, size of the binary, idle memory";

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    let command = args.next().unwrap_or_default();
    let rest: Vec<String> = args.collect();
    let outcome = match command.as_str() {
        "test" => test::run(&rest),
        "tidy" => tidy::run(),
        "deny" => deny::run(),
        "bench" => bench::run(&rest),
        #[cfg(feature = "bench")]
        "echo" => bench::echo::run(&rest),
        "models" => models::run(&rest),
        "size" => size::run(),
        "" | "help" | "--help" | "-h" => {
            println!("{HELP}");
            Ok(())
        }
        other => Err(format!("`{other}` is not a command of xtask\n\n{HELP}")),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            if !message.is_empty() {
                eprintln!("{message}");
            }
            ExitCode::FAILURE
        }
    }
}
