//! The accounts that exist from the first start on, and their owners' access keys.

use super::platform::Platform;
use crate::cli::ServeArguments;
use crate::config::Configuration;
use crate::error::Error;
use crate::first_key::FirstKey;
use secrecy::SecretString;
use std::net::SocketAddr;
use types::AccountId;

/// The first account's key, and whether it was made just now.
pub(super) struct First {
    pub(super) key: FirstKey,
    pub(super) is_new: bool,
}

/// Creates what is missing. With keys of the operator's own there is no random one, and `lambent env` prints the first of
/// them.
pub(super) async fn prepare(
    arguments: &ServeArguments,
    configuration: &Configuration,
    address: SocketAddr,
    platform: &Platform,
) -> Result<Option<First>, Error> {
    let given = given(arguments, configuration, address);
    if given.is_empty() {
        return random(configuration, address, platform).await.map(Some);
    }
    for key in &given {
        ensure(platform, key).await?;
    }
    let Some(key) = given.into_iter().next() else { return Ok(None) };
    key.keep(&configuration.data_dir(), platform.sealer())?;
    Ok(Some(First { key, is_new: false }))
}

fn given(arguments: &ServeArguments, configuration: &Configuration, address: SocketAddr) -> Vec<FirstKey> {
    let pairs = arguments.bootstrap_account.iter().zip(&arguments.bootstrap_access_key);
    pairs
        .map(|(account, (id, secret))| FirstKey {
            account: *account,
            access_key_id: id.clone(),
            secret_access_key: secret.clone(),
            region: configuration.region(),
            address,
        })
        .collect()
}

async fn random(
    configuration: &Configuration,
    address: SocketAddr,
    platform: &Platform,
) -> Result<First, Error> {
    let dir = configuration.data_dir();
    let known = FirstKey::read(&dir, platform.sealer())?;
    let is_new = known.is_none();
    let key = match known {
        Some(known) => FirstKey { address, region: configuration.region(), ..known },
        None => FirstKey::generate(AccountId::FIRST, configuration.region(), address, platform.random()),
    };
    // Kept before it is good for anything: a key that works and can't be printed again would be lost.
    key.keep(&dir, platform.sealer())?;
    ensure(platform, &key).await?;
    Ok(First { key, is_new })
}

async fn ensure(platform: &Platform, key: &FirstKey) -> Result<(), Error> {
    let secret = SecretString::from(key.secret_access_key.clone());
    platform
        .iam()
        .ensure_root_access_key(key.account, &key.access_key_id, secret)
        .await
        .map_err(Error::FirstAccount)
}
