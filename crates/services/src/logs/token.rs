//! Tokens that clients hand back unchanged, and event ids.
//!
//! Invariant: a token names a place between events or names, not an offset, so that it stays right whatever is written or
//! removed meanwhile. It is no secret and no permission: each page is authorised by itself.

use super::messages;
use super::place::{Gap, LAST_TIME};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use types::ServiceError;

/// The longest name in a token: what keys have room for beside an account and a group's name.
const NAME_BYTES: usize = 1400;

/// The place of one event within a group: events sort by time, then by stream, then by number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    /// The event's time.
    pub(super) at: i64,
    /// Its stream's ordinal.
    pub(super) ordinal: u64,
    /// Its number in the stream.
    pub(super) number: u64,
}

/// Which way a page of GetLogEvents goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    /// To later events.
    Forward,
    /// To earlier events.
    Backward,
}

impl Place {
    /// Behind all events before this time.
    pub(super) fn before(at: i64) -> Self {
        let last = 10u64.pow(18) - 1;
        Self { at: at.saturating_sub(1).max(0), ordinal: last, number: last }
    }

    /// 56 digits, as the service's ids are; they sort as the places do.
    pub(super) fn digits(self) -> String {
        format!("{:020}{:018}{:018}", self.at, self.ordinal, self.number)
    }

    /// Reads what [`Place::digits`] wrote.
    pub(super) fn read(digits: &str) -> Result<Self, ServiceError> {
        if digits.len() != 56 || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Err(messages::bad_token());
        }
        let number = |part: &str| part.parse().map_err(|_| messages::bad_token());
        let at = digits[..20].parse().map_err(|_| messages::bad_token())?;
        if at > LAST_TIME {
            return Err(messages::bad_token());
        }
        Ok(Self { at, ordinal: number(&digits[20..38])?, number: number(&digits[38..])? })
    }
}

/// `f/DIGITS/s` or `b/DIGITS/s`: a gap in a stream with a direction.
pub(super) fn of_gap(direction: Direction, gap: Gap) -> String {
    let letter = if direction == Direction::Forward { 'f' } else { 'b' };
    format!("{letter}/{}/s", Place { at: gap.at, ordinal: 0, number: gap.number }.digits())
}

/// Reads what [`of_gap`] wrote.
pub(super) fn read_gap(token: &str) -> Result<(Direction, Gap), ServiceError> {
    let direction = match token.get(..2) {
        Some("f/") => Direction::Forward,
        Some("b/") => Direction::Backward,
        _ => return Err(messages::bad_token()),
    };
    let digits = token[2..].strip_suffix("/s").ok_or_else(messages::bad_token)?;
    let place = Place::read(digits)?;
    Ok((direction, Gap { at: place.at, number: place.number }))
}

/// A token after a name.
pub(super) fn of_name(name: &str) -> String {
    URL_SAFE_NO_PAD.encode(name)
}

/// Reads what [`of_name`] wrote.
pub(super) fn read_name(token: &str) -> Result<String, ServiceError> {
    let bytes = URL_SAFE_NO_PAD.decode(token).map_err(|_| messages::bad_token())?;
    let name = String::from_utf8(bytes).map_err(|_| messages::bad_token())?;
    let may_be_a_name = name.len() <= NAME_BYTES && !name.chars().any(char::is_control);
    if may_be_a_name { Ok(name) } else { Err(messages::bad_token()) }
}
