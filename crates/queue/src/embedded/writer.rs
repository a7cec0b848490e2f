//! Carrying out groups of commands, one transaction and one fsync for each group.
//!
//! Where there is no room for a group, its commands are tried one by one, so that a large one does not take those with it
//! for which there is room: settling makes some.

use super::ledger::Ledger;
use super::step::Step;
use crate::LaneName;
use crate::engine::Observer;
use sqlite::{Durable, GroupError};

/// A moment in the life of a group of commands at which a process may die.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// All of its commands are applied, none is durable.
    Applied,
    /// All are durable, none is answered.
    Durable,
}

/// Hears of each moment, on the writer's thread. Tests end the process there.
pub type Watch = Box<dyn Fn(Moment) + Send>;

pub(super) struct Committer {
    database: Durable,
    observer: Observer,
    watch: Watch,
    reserved: u64,
}

impl Committer {
    pub(super) fn new(database: Durable, observer: Observer, watch: Watch, reserved: u64) -> Self {
        Self { database, observer, watch, reserved }
    }

    pub(super) fn carry_out(&mut self, mut group: Vec<Box<dyn Step>>) {
        match self.commit(&mut group) {
            Ok(woken) => {
                (self.watch)(Moment::Durable);
                woken.iter().for_each(|lane| (self.observer)(lane));
                group.into_iter().for_each(|step| step.answer(Ok(())));
            }
            Err(error) if error.is_full() && group.len() > 1 => {
                group.into_iter().for_each(|step| self.carry_out(vec![step]));
            }
            Err(error) => group.into_iter().for_each(|step| step.answer(Err(error.meaning()))),
        }
    }

    fn commit(&mut self, group: &mut [Box<dyn Step>]) -> Result<Vec<LaneName>, GroupError> {
        let (reserved, watch) = (self.reserved, &self.watch);
        let (woken, reserved) = self.database.commit(|connection| {
            let mut ledger = Ledger::default();
            for step in group {
                step.apply(connection, &mut ledger)?;
            }
            let closed = ledger.close(connection, reserved)?;
            watch(Moment::Applied);
            Ok(closed)
        })?;
        self.reserved = reserved;
        Ok(woken)
    }
}
