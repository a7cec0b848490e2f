//! Leasing the rows that come first.

use super::groups;
use super::ledger::{self, Ledger};
use super::remove::{Gone, remove};
use super::row::{LEASED, READY, limit, time, time_or_none, unsigned};
use super::step::Apply;
use super::tidy::ripen;
use crate::engine::{Take, TakenRow};
use crate::{LaneKind, LeaseToken, Sequence};
use rusqlite::{Connection, Row, params};
use types::Timestamp;

/// Rows that one take may bring from asleep to ready, and expired ones that it may remove, at most.
const TIDIED: usize = 256;

impl Apply for Take {
    type Output = Vec<TakenRow>;

    fn apply(&self, connection: &Connection, ledger: &mut Ledger) -> rusqlite::Result<Vec<TakenRow>> {
        match ledger::find(connection, &self.lane)? {
            Some(lane) if !lane.paused => match self.lane.kind() {
                LaneKind::Standard => self.in_order(connection, ledger, lane.id),
                LaneKind::Fifo => self.by_group(connection, ledger, lane.id),
            },
            _ => Ok(Vec::new()),
        }
    }
}

/// A row that may be given.
struct Candidate {
    state: i64,
    visible: Timestamp,
    fence: u32,
    bytes: i64,
    group: Option<i64>,
    row: TakenRow,
}

macro_rules! candidates {
    ($which:literal) => {
        concat!(
            "SELECT m.seq, m.state, m.visible, m.fence, m.attempts, m.first_taken, m.enqueued, m.expires, m.grp,
             m.bytes, b.sealed FROM messages m LEFT JOIN bodies b ON b.seq = m.seq WHERE ",
            $which
        )
    };
}

/// The first ready rows of a lane.
pub(super) const FIRST_READY: &str =
    candidates!("m.lane = ?1 AND m.state = 0 ORDER BY m.visible, m.seq LIMIT ?2");
/// The first rows of a group.
pub(super) const FIRST_OF_GROUP: &str =
    candidates!("m.grp = ?1 AND m.grp IS NOT NULL ORDER BY m.seq LIMIT ?2");

fn candidate(row: &Row<'_>, now: Timestamp) -> rusqlite::Result<Candidate> {
    let fence: u32 = row.get(3)?;
    let taken = TakenRow {
        lease: LeaseToken { sequence: Sequence(unsigned(row, 0)?), fence: fence + 1 },
        sealed: row.get(10)?,
        attempts: row.get::<_, u32>(4)? + 1,
        first_taken: time_or_none(row, 5)?.unwrap_or(now),
        enqueued: time(row, 6)?,
        expires: time_or_none(row, 7)?,
    };
    let (state, visible, group, bytes) = (row.get(1)?, time(row, 2)?, row.get(8)?, row.get(9)?);
    Ok(Candidate { state, visible, fence, bytes, group, row: taken })
}

impl Candidate {
    fn gone(&self, lane: i64) -> Gone {
        Gone {
            sequence: self.row.lease.sequence,
            lane,
            state: self.state,
            bytes: self.bytes,
            group: self.group,
        }
    }
}

impl Take {
    fn in_order(
        &self,
        connection: &Connection,
        ledger: &mut Ledger,
        lane: i64,
    ) -> rusqlite::Result<Vec<TakenRow>> {
        ripen(connection, ledger, lane, self.now, TIDIED)?;
        let mut taken = Vec::new();
        let mut expired = 0;
        while taken.len() < self.options.max && expired < TIDIED {
            let wanted = self.options.max - taken.len();
            let found = self.candidates(connection, FIRST_READY, lane, wanted)?;
            let last_round = found.len() < wanted;
            for candidate in found {
                if self.is_over(&candidate) {
                    expired += 1;
                    remove(connection, ledger, &candidate.gone(lane))?;
                } else {
                    taken.push(self.lease(connection, ledger, lane, candidate)?);
                }
            }
            if last_round {
                break;
            }
        }
        Ok(taken)
    }

    fn by_group(
        &self,
        connection: &Connection,
        ledger: &mut Ledger,
        lane: i64,
    ) -> rusqlite::Result<Vec<TakenRow>> {
        let mut taken = Vec::new();
        for group in groups::due(connection, lane, self.now, self.options.max)? {
            if taken.len() == self.options.max {
                break;
            }
            let wanted = self.options.per_group.min(self.options.max - taken.len());
            self.of_group(connection, ledger, lane, group, wanted, &mut taken)?;
            groups::settle(connection, group)?;
        }
        Ok(taken)
    }

    /// Leases the first messages of a group, up to one that can't be given yet. Only where all that were looked at had
    /// expired, those behind them are looked at.
    fn of_group(
        &self,
        connection: &Connection,
        ledger: &mut Ledger,
        lane: i64,
        group: i64,
        wanted: usize,
        taken: &mut Vec<TakenRow>,
    ) -> rusqlite::Result<()> {
        for _ in 0..TIDIED {
            let found = self.candidates(connection, FIRST_OF_GROUP, group, wanted)?;
            let all_over = !found.is_empty() && found.iter().all(|candidate| self.is_over(candidate));
            for candidate in found {
                if self.is_over(&candidate) {
                    remove(connection, ledger, &candidate.gone(lane))?;
                } else if candidate.state == READY || candidate.visible <= self.now {
                    taken.push(self.lease(connection, ledger, lane, candidate)?);
                } else {
                    break;
                }
            }
            if !all_over {
                break;
            }
        }
        Ok(())
    }

    fn candidates(
        &self,
        connection: &Connection,
        sql: &str,
        of: i64,
        count: usize,
    ) -> rusqlite::Result<Vec<Candidate>> {
        let mut statement = connection.prepare_cached(sql)?;
        let rows = statement.query_map(params![of, limit(count)], |row| candidate(row, self.now))?;
        rows.collect()
    }

    fn is_over(&self, candidate: &Candidate) -> bool {
        candidate.row.expires.is_some_and(|expires| expires <= self.now)
    }

    fn lease(
        &self,
        connection: &Connection,
        ledger: &mut Ledger,
        lane: i64,
        candidate: Candidate,
    ) -> rusqlite::Result<TakenRow> {
        connection
            .prepare_cached(
                "UPDATE messages SET state = 2, visible = ?2, fence = ?3, attempts = ?4, first_taken = ?5
                 WHERE seq = ?1",
            )?
            .execute(params![
                candidate.row.lease.sequence.0.cast_signed(),
                self.options.lease_until.0,
                candidate.fence + 1,
                candidate.row.attempts,
                candidate.row.first_taken.0,
            ])?;
        ledger.moved(lane, candidate.state, LEASED);
        Ok(candidate.row)
    }
}
