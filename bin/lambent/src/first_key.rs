//! The access key of the first account's owner: made at the first start, and kept sealed so that `lambent env` can print
//! it again for whoever can read the root key.

use crate::error::Error;
use seal::{Place, Sealer};
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use services::iam;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::net::SocketAddr;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use types::{AccountId, Random, Region};

const FILE: &str = "first-access-key.sealed";
const PLACE: Place<'static> = Place { table: "first-access-key", key: "0" };

/// What a client needs to be the first account's owner.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct FirstKey {
    pub(crate) account: AccountId,
    pub(crate) access_key_id: String,
    pub(crate) secret_access_key: String,
    pub(crate) region: Region,
    /// Where the platform listened when it was started last.
    pub(crate) address: SocketAddr,
}

impl FirstKey {
    /// A fresh random key.
    pub(crate) fn generate(
        account: AccountId,
        region: Region,
        address: SocketAddr,
        random: &dyn Random,
    ) -> Self {
        Self {
            account,
            access_key_id: iam::access_key_id(random),
            secret_access_key: iam::secret_access_key(random).expose_secret().to_owned(),
            region,
            address,
        }
    }

    /// Whether this data directory has one.
    pub(crate) fn is_in(data_dir: &Path) -> Result<bool, Error> {
        let path = data_dir.join(FILE);
        path.try_exists().map_err(|source| Error::ReadData { path, source })
    }

    /// The key of this data directory, if it has one.
    pub(crate) fn read(data_dir: &Path, sealer: &Sealer) -> Result<Option<Self>, Error> {
        let path = data_dir.join(FILE);
        let sealed = match fs::read(&path) {
            Ok(sealed) => sealed,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(Error::ReadData { path, source }),
        };
        let plain = sealer
            .open(&PLACE, &sealed)
            .map_err(|source| Error::OpenFirstKey { path: path.clone(), source })?;
        let key = serde_json::from_slice(&plain)
            .map_err(|error| Error::ReadData { path, source: io::Error::other(error) })?;
        Ok(Some(key))
    }

    /// Keeps the key: whole or not at all.
    pub(crate) fn keep(&self, data_dir: &Path, sealer: &Sealer) -> Result<(), Error> {
        let path = data_dir.join(FILE);
        let failed = |path: PathBuf| move |source| Error::KeepFirstKey { path, source };
        let plain = serde_json::to_vec(self).map_err(io::Error::other).map_err(failed(path.clone()))?;
        let sealed = sealer.seal(&PLACE, &plain)?;
        write_whole(&path, &sealed).map_err(failed(path))
    }

    /// The lines that make the AWS CLI and the SDKs use this installation.
    pub(crate) fn export_lines(&self) -> String {
        format!(
            "export AWS_ENDPOINT_URL=http://{}\nexport AWS_REGION={}\nexport AWS_DEFAULT_REGION={}\n\
             export AWS_ACCESS_KEY_ID={}\nexport AWS_SECRET_ACCESS_KEY={}\nunset AWS_SESSION_TOKEN AWS_PROFILE AWS_DEFAULT_PROFILE AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
            self.address, self.region, self.region, self.access_key_id, self.secret_access_key
        )
    }
}

fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let unfinished = path.with_extension("new");
    let mut file =
        OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&unfinished)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&unfinished, path)?;
    if let Some(dir) = path.parent() {
        fs::File::open(dir)?.sync_all()?;
    }
    Ok(())
}
