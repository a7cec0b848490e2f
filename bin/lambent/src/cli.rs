//! The command line.

use clap::{Args, Parser, Subcommand};
use std::net::SocketAddr;
use std::path::PathBuf;
use types::{AccountId, Region, RuntimeName};

/// A self-hosted function service that speaks the AWS Lambda API.
///
/// Start it with `lambent serve --demo`, copy the export lines that it prints into another shell, and use the AWS CLI.
#[derive(Parser)]
#[command(version, about)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Run the service until it gets SIGINT or SIGTERM
    Serve(ServeArguments),
    /// Attack this machine's own environments, and show which protections hold: exit code 0 when all that is configured do
    Doctor(DoctorArguments),
    /// Print the export lines for the AWS CLI and the SDKs: eval "$(lambent env)"
    Env(EnvArguments),
    /// Show the installed runtimes, or add one
    Runtimes(RuntimesArguments),
    /// Print the version
    Version,
}

/// Where the data is.
#[derive(Args)]
pub(crate) struct DataArguments {
    /// TOML file with the configuration
    #[arg(long, value_name = "FILE", env = "LAMBENT_CONFIG", global = true)]
    pub(crate) config: Option<PathBuf>,
    /// Directory for everything that is kept [default: ./lambent-data]
    #[arg(long, value_name = "DIR", env = "LAMBENT_DATA_DIR", global = true)]
    pub(crate) data_dir: Option<PathBuf>,
}

#[derive(Args)]
pub(crate) struct ServeArguments {
    #[command(flatten)]
    pub(crate) data: DataArguments,
    /// Address to listen on; plain HTTP, so a loopback address [default: 127.0.0.1:4566]
    #[arg(long, value_name = "ADDRESS:PORT", value_parser = socket_address)]
    pub(crate) listen: Option<SocketAddr>,
    /// Deploy the sample functions, call one, print its answer, and keep serving. Implies --accept-weak-isolation
    #[arg(long)]
    pub(crate) demo: bool,
    /// Serve although this machine can't enforce memory, process and time limits; what is missing is printed
    #[arg(long)]
    pub(crate) accept_weak_isolation: bool,
    /// Create this account with the key below instead of the first account with a random key; for tests and CI jobs, repeatable, one access key each
    #[arg(long, value_name = "ACCOUNT", requires = "bootstrap_access_key")]
    pub(crate) bootstrap_account: Vec<AccountId>,
    /// Access key of the account's owner; for tests and CI jobs: everyone who can list processes can read it
    #[arg(long, value_name = "ID:SECRET", requires = "bootstrap_account", value_parser = access_key)]
    pub(crate) bootstrap_access_key: Vec<(String, String)>,
    /// Region that this installation serves [default: us-east-1]
    #[arg(long)]
    pub(crate) region: Option<Region>,
}

#[derive(Args)]
pub(crate) struct DoctorArguments {
    #[command(flatten)]
    pub(crate) data: DataArguments,
    /// Try the attacks too that would disturb other programs of this host: bombs and floods
    #[arg(long)]
    pub(crate) all: bool,
    /// Print one JSON document instead of tables
    #[arg(long, conflicts_with = "verbose")]
    pub(crate) json: bool,
    /// List each attack below its protection
    #[arg(long, short)]
    pub(crate) verbose: bool,
    /// Judge as for a `serve` with the same option: missing memory, process and time limits are no failure
    #[arg(long)]
    pub(crate) accept_weak_isolation: bool,
    /// Layer that every environment lacks; only builds for tests have this
    #[cfg(feature = "weaken")]
    #[arg(long, value_name = "LAYER", value_parser = layer)]
    pub(crate) without: Vec<sandbox::Layer>,
}

#[derive(Args)]
pub(crate) struct EnvArguments {
    #[command(flatten)]
    pub(crate) data: DataArguments,
}

#[derive(Args)]
pub(crate) struct RuntimesArguments {
    #[command(flatten)]
    pub(crate) data: DataArguments,
    #[command(subcommand)]
    pub(crate) action: Option<RuntimesAction>,
}

#[derive(Subcommand)]
pub(crate) enum RuntimesAction {
    /// Make a runtime from an interpreter on this host, while the service is stopped:
    /// lambent runtimes add python3.12 /opt/python3.12
    Add {
        /// Name that functions give: python3.12 or nodejs22.x, for example; its version is the interpreter's
        #[arg(value_parser = runtime_name)]
        name: RuntimeName,
        /// Directory that the interpreter was installed under: what python's sys.base_prefix says; the one whose bin has node
        prefix: PathBuf,
    },
}

fn socket_address(text: &str) -> Result<SocketAddr, String> {
    text.parse()
        .map_err(|_| "expected an IP address and a port, such as 127.0.0.1:4566 or [::1]:4566".to_owned())
}

fn runtime_name(text: &str) -> Result<RuntimeName, String> {
    text.parse().map_err(|_| {
        "runtimes are called python3.N (such as python3.12, from python3.7 on), nodejsN.x (such as nodejs22.x, from nodejs18.x on), \
         provided.al2 or provided.al2023"
            .to_owned()
    })
}

/// A layer that some attack's twin lacks, as the code names it: `Seccomp`.
#[cfg(feature = "weaken")]
fn layer(text: &str) -> Result<sandbox::Layer, String> {
    use sandbox::attacks::{Twin, all};
    let twins = all().flat_map(|attack| [attack.twins.privileged, attack.twins.rootless]);
    let layers = twins.flat_map(|twin| match twin {
        Twin::Without(layers) => layers.to_vec(),
        Twin::Start(layer) => vec![layer],
        Twin::None(_) => Vec::new(),
    });
    let known: std::collections::BTreeSet<sandbox::Layer> = layers.collect();
    let found = known.iter().find(|layer| format!("{layer:?}") == text);
    found.copied().ok_or_else(|| format!("layers are {known:?}"))
}

fn access_key(text: &str) -> Result<(String, String), String> {
    let (id, secret) = text.split_once(':').ok_or("an access key is ID:SECRET")?;
    let is_id = (16..=128).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric());
    if !is_id {
        return Err("an access key's id has 16 to 128 letters and digits".to_owned());
    }
    if !(16..=128).contains(&secret.len()) || !secret.bytes().all(|b| b.is_ascii_graphic()) {
        return Err("a secret has 16 to 128 visible characters".to_owned());
    }
    Ok((id.to_owned(), secret.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        <Cli as clap::CommandFactory>::command().debug_assert();
    }

    #[test]
    fn the_data_directory_may_be_named_before_or_after_the_action() {
        for line in [
            ["lambent", "runtimes", "--data-dir", "d", "add", "python3.12", "/usr"],
            ["lambent", "runtimes", "add", "--data-dir", "d", "python3.12", "/usr"],
            ["lambent", "runtimes", "add", "python3.12", "/usr", "--data-dir", "d"],
        ] {
            let Command::Runtimes(arguments) =
                Cli::try_parse_from(line).unwrap_or_else(|e| panic!("{e}")).command
            else {
                panic!("{line:?} is another command");
            };
            assert_eq!(arguments.data.data_dir.as_deref(), Some("d".as_ref()), "{line:?}");
        }
    }

    #[test]
    fn what_is_no_address_or_no_runtime_is_told_what_is_one() {
        assert!(socket_address("[::1]:0").is_ok() && runtime_name("python3.12").is_ok());
        for bad in ["4566", "localhost:4566", ":4566", "127.0.0.1"] {
            assert!(socket_address(bad).unwrap_err().contains("127.0.0.1:4566"), "{bad}");
        }
        for bad in ["python3.11-mine", "python 3"] {
            assert!(runtime_name(bad).unwrap_err().contains("python3.N"), "{bad}");
        }
    }

    #[test]
    fn an_access_key_has_an_id_and_a_secret() {
        assert!(access_key("AKIAIOSFODNN7EXAMPLE:wJalrXUtnFEMI/K7MDENG").is_ok());
        for bad in ["", "AKIAIOSFODNN7EXAMPLE", "short:wJalrXUtnFEMI", "AKIAIOSFODNN7EXAMPLE:x y z a b c"] {
            assert!(access_key(bad).is_err(), "{bad}");
        }
    }
}
