//! From a record to sealed bytes and back.
//!
//! The plain form is the version in two bytes, big endian, and the JSON. Records, log entries and blobs are sealed for
//! places that differ in their first word, so that none can stand in for another.

use crate::engine::Row;
use crate::{Damage, Key, Record, StoreError, Stored, UpgradeError};
use seal::{Place, SealError, Sealer};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// The longest plain form of a record or log entry in bytes.
const MAX_BYTES: usize = 2 << 20;

/// The version of log entries; what an entry holds is versioned by its own type.
const ENTRY_VERSION: u16 = 1;

pub(crate) fn encode<R: Record>(value: &R) -> Result<Vec<u8>, StoreError> {
    write(R::TABLE, R::VERSION, value)
}

pub(crate) fn encode_entry(log: &'static str, entry: &impl Serialize) -> Result<Vec<u8>, StoreError> {
    write(log, ENTRY_VERSION, entry)
}

fn write(table: &'static str, version: u16, value: &impl Serialize) -> Result<Vec<u8>, StoreError> {
    let mut plain = version.to_be_bytes().to_vec();
    serde_json::to_writer(&mut plain, value).map_err(|source| StoreError::Encode { table, source })?;
    if plain.len() > MAX_BYTES {
        return Err(StoreError::TooLong { table, bytes: plain.len() });
    }
    Ok(plain)
}

pub(crate) fn seal(
    sealer: &Sealer,
    table: &'static str,
    key: &Key,
    plain: &[u8],
) -> Result<Vec<u8>, SealError> {
    sealer.seal(&Place { table: &format!("records/{table}"), key: key.as_str() }, plain)
}

pub(crate) fn seal_entry(
    sealer: &Sealer,
    log: &'static str,
    position: u64,
    plain: &[u8],
) -> Result<Vec<u8>, SealError> {
    sealer.seal(&Place { table: &format!("logs/{log}"), key: &position.to_string() }, plain)
}

pub(crate) fn open<R: Record>(sealer: &Sealer, row: Row) -> Result<Stored<R>, StoreError> {
    let Row { key, revision, value } = row;
    let place = format!("records/{}", R::TABLE);
    let read = sealer
        .open(&Place { table: &place, key: key.as_str() }, &value)
        .map_err(Damage::Sealed)
        .and_then(|plain| decode(&plain));
    match read {
        Ok(value) => Ok(Stored { key, revision, value }),
        Err(damage) => Err(StoreError::Corrupt { table: R::TABLE, key: key.as_str().to_owned(), damage }),
    }
}

pub(crate) fn open_entry<T: DeserializeOwned>(
    sealer: &Sealer,
    log: &'static str,
    position: u64,
    sealed: &[u8],
) -> Result<T, StoreError> {
    let key = position.to_string();
    sealer
        .open(&Place { table: &format!("logs/{log}"), key: &key }, sealed)
        .map_err(Damage::Sealed)
        .and_then(|plain| decode_entry(&plain))
        .map_err(|damage| StoreError::Corrupt { table: log, key, damage })
}

fn decode<R: Record>(plain: &[u8]) -> Result<R, Damage> {
    let (version, json) = split(plain)?;
    read(version, json).map_err(Damage::Form)
}

fn decode_entry<T: DeserializeOwned>(plain: &[u8]) -> Result<T, Damage> {
    let (version, json) = split(plain)?;
    if version != ENTRY_VERSION {
        return Err(Damage::Form(UpgradeError::UnknownVersion(version)));
    }
    serde_json::from_slice(json).map_err(|error| Damage::Form(error.into()))
}

/// Reads the JSON that a version stored.
pub(crate) fn read<R: Record>(version: u16, json: &[u8]) -> Result<R, UpgradeError> {
    if version == R::VERSION {
        Ok(serde_json::from_slice(json)?)
    } else if version < R::VERSION {
        R::upgrade(version, serde_json::from_slice(json)?)
    } else {
        Err(UpgradeError::UnknownVersion(version))
    }
}

fn split(plain: &[u8]) -> Result<(u16, &[u8]), Damage> {
    let (version, json) = plain.split_first_chunk::<2>().ok_or(Damage::Cut)?;
    Ok((u16::from_be_bytes(*version), json))
}
