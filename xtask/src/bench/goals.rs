//! The figures that the next release is held to.

use super::statistics::Goal::{self, AtLeast, AtMost};

/// By the name of the series: ratios where there is a peer, else in the unit.
const GOALS: &[(&str, Goal)] = &[
    ("warm python p50", AtMost(0.55)),
    ("warm python p50, one CPU", AtMost(0.5)),
    ("warm python p99", AtMost(0.4)),
    ("warm node p50", AtMost(0.5)),
    ("warm native p50", AtMost(0.5)),
    ("python at 8 clients", AtLeast(8000.0)),
    ("native at 8 clients", AtLeast(15_000.0)),
    ("cold python", AtMost(1.3)),
    ("idle memory", AtMost(20.0)),
];

/// The goal of a series.
pub(super) fn of(name: &str) -> Option<Goal> {
    GOALS.iter().find(|(goal, _)| *goal == name).map(|(_, goal)| *goal)
}
