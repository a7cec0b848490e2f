//! Medians, percentiles, spreads and verdicts: numbers in, numbers out.

use serde_json::{Value, json};

/// The value in the middle.
pub(super) fn median(values: &[f64]) -> f64 {
    percentile(values, 0.5)
}

/// The value that this share of the values doesn't exceed; 0 for no values.
pub(super) fn percentile(values: &[f64], share: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let index = (sorted.len().saturating_sub(1) as f64 * share).round() as usize;
    sorted.get(index).copied().unwrap_or_default()
}

/// Half of the distance between the largest and the smallest value.
pub(super) fn spread(values: &[f64]) -> f64 {
    let largest = values.iter().copied().fold(f64::MIN, f64::max);
    let smallest = values.iter().copied().fold(f64::MAX, f64::min);
    if values.is_empty() { 0.0 } else { (largest - smallest) / 2.0 }
}

/// What a goal came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Reached,
    Missed,
    /// The rounds differ by more than the distance from the goal.
    Inconclusive,
}

impl Verdict {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Reached => "reached",
            Self::Missed => "missed",
            Self::Inconclusive => "inconclusive",
        }
    }
}

/// What a figure is held to: as a ratio to the peer's where there is one, else in its unit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Goal {
    AtMost(f64),
    AtLeast(f64),
}

impl Goal {
    pub(super) fn value(self) -> f64 {
        match self {
            Self::AtMost(value) | Self::AtLeast(value) => value,
        }
    }

    pub(super) fn sign(self) -> char {
        match self {
            Self::AtMost(_) => '≤',
            Self::AtLeast(_) => '≥',
        }
    }

    fn is_met_by(self, value: f64) -> bool {
        match self {
            Self::AtMost(most) => value <= most,
            Self::AtLeast(least) => value >= least,
        }
    }
}

/// Whether the values meet the goal.
pub(super) fn verdict(values: &[f64], goal: Goal) -> Verdict {
    let middle = median(values);
    if spread(values) > (goal.value() - middle).abs() {
        Verdict::Inconclusive
    } else if goal.is_met_by(middle) {
        Verdict::Reached
    } else {
        Verdict::Missed
    }
}

/// One quantity over all rounds, ours beside the peer's when the peer has one.
pub(super) struct Series {
    pub(super) name: String,
    pub(super) unit: &'static str,
    pub(super) ours: Vec<f64>,
    /// One per round, or empty.
    pub(super) peer: Vec<f64>,
    pub(super) goal: Option<Goal>,
}

impl Series {
    /// What is held against the goal: the ratios of the rounds, or our own values.
    pub(super) fn judged(&self) -> Vec<f64> {
        if self.peer.is_empty() {
            return self.ours.clone();
        }
        self.ours.iter().zip(&self.peer).map(|(ours, peer)| ours / peer).collect()
    }

    pub(super) fn verdict(&self) -> Option<Verdict> {
        self.goal.map(|goal| verdict(&self.judged(), goal))
    }

    pub(super) fn json(&self) -> Value {
        let mut value = json!({
            "name": self.name, "unit": self.unit, "ours": self.ours, "median": median(&self.ours),
            "judged_median": median(&self.judged()), "judged_spread": spread(&self.judged()),
        });
        if !self.peer.is_empty() {
            value["peer"] = json!(self.peer);
            value["peer_median"] = json!(median(&self.peer));
        }
        if let (Some(goal), Some(verdict)) = (self.goal, self.verdict()) {
            value["goal"] = json!(format!("{} {}", goal.sign(), goal.value()));
            value["verdict"] = json!(verdict.word());
        }
        value
    }
}

/// Series in the order in which they came up.
#[derive(Default)]
pub(super) struct Figures(pub(super) Vec<Series>);

impl Figures {
    /// One more value of the series of that name.
    pub(super) fn add(
        &mut self,
        name: &str,
        unit: &'static str,
        ours: f64,
        peer: Option<f64>,
        goal: Option<Goal>,
    ) {
        let known = self.0.iter().position(|series| series.name == name);
        let index = known.unwrap_or_else(|| {
            let name = name.to_owned();
            self.0.push(Series { name, unit, ours: Vec::new(), peer: Vec::new(), goal });
            self.0.len() - 1
        });
        self.0[index].ours.push(ours);
        self.0[index].peer.extend(peer);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_and_the_end() {
        assert_eq!(median(&[3.0, 1.0, 2.0]), 2.0);
        assert_eq!(percentile(&[1.0, 2.0, 3.0, 4.0, 5.0], 0.99), 5.0);
        assert_eq!(median(&[]), 0.0);
    }

    #[test]
    fn a_spread_wider_than_the_margin_decides_nothing() {
        let (most, least) = (Goal::AtMost(0.8), Goal::AtLeast(0.8));
        assert_eq!(verdict(&[0.4, 0.5, 0.6], most), Verdict::Reached);
        assert_eq!(verdict(&[0.4, 0.5, 0.6], least), Verdict::Missed);
        assert_eq!(verdict(&[0.95, 1.0, 1.05], most), Verdict::Missed);
        assert_eq!(verdict(&[0.95, 1.0, 1.05], least), Verdict::Reached);
        assert_eq!(verdict(&[0.5, 0.7, 0.9], most), Verdict::Inconclusive);
    }

    #[test]
    fn ratios_are_taken_round_by_round() {
        let series = Series {
            name: "x".to_owned(),
            unit: "µs",
            ours: vec![1.0, 8.0],
            peer: vec![2.0, 4.0],
            goal: Some(Goal::AtMost(1.0)),
        };
        assert_eq!(series.judged(), [0.5, 2.0]);
    }
}
