//! `lambent env`: the export lines, for `eval`.

use crate::cli::EnvArguments;
use crate::config::Configuration;
use crate::error::Error;
use crate::first_key::FirstKey;
use seal::{RootKey, Sealer};

/// Prints the lines. The platform may be running or not.
pub(crate) fn print(arguments: &EnvArguments) -> Result<(), Error> {
    let configuration = Configuration::read(&arguments.data)?;
    let dir = configuration.data_dir();
    if !configuration.root_key().exists() {
        return Err(Error::NoFirstKey { path: dir });
    }
    let sealer = Sealer::new(RootKey::load(&configuration.root_key())?)?;
    let key = FirstKey::read(&dir, &sealer)?.ok_or(Error::NoFirstKey { path: dir })?;
    print!("{}", key.export_lines());
    Ok(())
}
