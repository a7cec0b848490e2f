//! Random values of a shape. Kinds hold, constraints don't: the codecs know none.
//!
//! Invariant: the same seed gives the same value.

use crate::schema::{Kind, Location, Member, Operation, Shape};
use crate::value::{Fields, Value};

const LETTERS: [char; 16] =
    ['a', 'Z', '0', ' ', '"', '\\', '/', '<', '&', '=', '+', '%', '.', '\n', 'é', '\u{1f600}'];
const PLAIN: [char; 8] = ['a', 'Z', '0', '-', '_', '%', '/', ':'];

/// What a protocol can tell apart.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Texts {
    /// Everything.
    Json,
    /// An empty structure or map can't be written in a form.
    Form,
}

pub(super) struct Dice {
    state: u64,
    texts: Texts,
}

impl Dice {
    pub(super) fn new(seed: u64, texts: Texts) -> Self {
        Self { state: seed | 1, texts }
    }

    /// The members of an operation's input.
    pub(super) fn input(&mut self, operation: &Operation) -> Value {
        let fields = operation.input.map(|shape| self.structure(shape, 0)).unwrap_or_default();
        Value::Map(fields)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        (self.state >> 11) % end
    }

    fn structure(&mut self, shape: &'static Shape, depth: u64) -> Fields {
        let mut entries: Vec<(&'static str, Value)> = Vec::new();
        // The reader puts members of the body first, in the order in which they were written.
        let (body, rest): (Vec<_>, Vec<_>) =
            shape.members().iter().partition(|member| member.location == Location::Body);
        for member in body.into_iter().chain(rest) {
            if member.location != Location::Status
                && (self.wanted(member, depth) || self.must_not_be_empty(&entries, depth))
            {
                entries.push((member.name, self.member(member, depth)));
            }
        }
        entries.into_iter().filter(|(_, value)| !self.is_lost(value)).collect()
    }

    fn wanted(&mut self, member: &Member, depth: u64) -> bool {
        member.location == Location::Uri || self.below(3 + depth * depth) < 2
    }

    fn must_not_be_empty(&self, entries: &[(&str, Value)], depth: u64) -> bool {
        self.texts == Texts::Form && depth > 0 && depth < 6 && entries.is_empty()
    }

    fn is_lost(&self, value: &Value) -> bool {
        self.texts == Texts::Form && matches!(value, Value::Map(fields) if fields.is_empty())
    }

    fn member(&mut self, member: &Member, depth: u64) -> Value {
        match member.location {
            Location::Body | Location::Status => self.value(member.shape, depth),
            Location::Uri if matches!(member.shape.kind, Kind::String) => Value::String(self.text(&PLAIN, 1)),
            Location::Uri => self.value(member.shape, depth),
            Location::Query | Location::Header | Location::Headers => self.outside_the_body(member.shape),
        }
    }

    fn outside_the_body(&mut self, shape: &'static Shape) -> Value {
        match shape.kind {
            Kind::String => Value::String(self.text(&PLAIN, 0)),
            Kind::List { element } => {
                Value::List((0..=self.below(2)).map(|_| self.outside_the_body(element.shape)).collect())
            }
            // The forms of time outside a body have whole seconds.
            Kind::Timestamp => Value::Timestamp(self.time() / 1000 * 1000),
            _ => self.value(shape, 0),
        }
    }

    fn value(&mut self, shape: &'static Shape, depth: u64) -> Value {
        match shape.kind {
            Kind::Structure { .. } => Value::Map(self.structure(shape, depth + 1)),
            Kind::List { element } => {
                let values =
                    (0..self.rows(depth)).map(|_| self.value(element.shape, depth + 1)).collect::<Vec<_>>();
                Value::List(values.into_iter().filter(|value| !self.is_lost(value)).collect())
            }
            Kind::Map { key: _, value } => {
                let rows = self.rows(depth);
                let entries: std::collections::BTreeMap<String, Value> =
                    (0..rows).map(|_| (self.text(&LETTERS, 0), self.value(value.shape, depth + 1))).collect();
                let kept = entries.into_iter().filter(|(_, value)| !self.is_lost(value));
                Value::Map(Fields::from_sorted(kept.collect::<Vec<_>>()))
            }
            Kind::String => Value::String(self.text(&LETTERS, 0)),
            Kind::Integer => Value::Int(self.below(1 << 32) as i64 - (1 << 31)),
            Kind::Long => Value::Int((self.below(u64::MAX) as i64).wrapping_mul(4_097)),
            Kind::Double => Value::Float((self.below(1 << 40) as f64 - 5e11) / 8.0),
            Kind::Boolean => Value::Bool(self.below(2) == 0),
            Kind::Blob => {
                Value::Blob((0..=self.below(9)).map(|_| self.below(256) as u8).collect::<Vec<_>>().into())
            }
            Kind::Timestamp => Value::Timestamp(self.time()),
        }
    }

    fn rows(&mut self, depth: u64) -> u64 {
        if depth > 5 { 0 } else { self.below(3) }
    }

    fn time(&mut self) -> i64 {
        self.below(4_000_000_000_000) as i64
    }

    fn text(&mut self, letters: &[char], least: u64) -> String {
        let length = least + self.below(12);
        (0..length).map(|_| letters[self.below(letters.len() as u64) as usize]).collect()
    }
}
