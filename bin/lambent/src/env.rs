//! `lambent env`: the export lines, for `eval`.

use crate::cli::{DataArguments, EnvArguments};
use crate::config::Configuration;
use crate::error::Error;
use crate::first_key::FirstKey;
use seal::{RootKey, Sealer};
use std::path::Path;

/// The shell's line for this installation: one that works from any directory.
pub(crate) fn line(arguments: &DataArguments, data_dir: &Path) -> String {
    let program = std::env::current_exe().unwrap_or_else(|_| "lambent".into());
    let config = arguments.config.as_ref().and_then(|path| path.canonicalize().ok());
    // The file says where the root key is.
    let config = config.map(|path| format!(" --config {}", quoted(&path))).unwrap_or_default();
    format!("eval \"$({} env{config} --data-dir {})\"", quoted(&program), quoted(data_dir))
}

fn quoted(path: &Path) -> String {
    let text = path.to_string_lossy();
    let plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/._-+".contains(&byte));
    if plain { text.into_owned() } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

/// Prints the lines. The platform may be running or not.
pub(crate) fn print(arguments: &EnvArguments) -> Result<(), Error> {
    let configuration = Configuration::read(&arguments.data)?;
    let dir = configuration.data_dir();
    if !FirstKey::is_in(&dir)? {
        return Err(Error::NoFirstKey { path: dir });
    }
    let sealer = Sealer::new(RootKey::load(&configuration.root_key())?)?;
    let key = FirstKey::read(&dir, &sealer)?.ok_or(Error::NoFirstKey { path: dir })?;
    crate::output::line(format_args!("{}", key.export_lines()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_one_word_of_the_shell() {
        assert_eq!(quoted(Path::new("/srv/lambent-data_1")), "/srv/lambent-data_1");
        assert_eq!(quoted(Path::new("/home/a b/it's")), r"'/home/a b/it'\''s'");
    }
}
