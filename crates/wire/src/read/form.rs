//! awsQuery requests: dotted names (`Tags.member.1.Key`) made into a tree, the tree read by the shape.
//!
//! Invariant: the tree's depth and its number of nodes are bounded while it is built.

use std::collections::BTreeMap;

use super::{Budget, MAX_DEPTH, scalar};
use crate::error::ReadError;
use crate::route::{Incoming, pairs};
use crate::schema::{Kind, Member, Shape, TimestampFormat};
use crate::value::{Fields, Value};

pub(super) fn read(shape: &'static Shape, request: &Incoming<'_>) -> Result<Value, ReadError> {
    let mut root = Node::default();
    let mut budget = Budget::new();
    for (name, text) in pairs(request)? {
        root.insert(&name, text.into_owned(), &mut budget)?;
    }
    structure(shape, &mut root)
}

/// What stands under one name: a text, or more names.
#[derive(Default)]
struct Node {
    text: Option<String>,
    below: BTreeMap<String, Node>,
}

impl Node {
    /// Names go two parts deeper per level of the value (`member.1`), hence twice the depth.
    fn insert(&mut self, name: &str, text: String, budget: &mut Budget) -> Result<(), ReadError> {
        let mut node = self;
        for (depth, part) in name.split('.').enumerate() {
            if depth >= 2 * MAX_DEPTH {
                return Err(ReadError::TooDeep { limit: MAX_DEPTH });
            }
            budget.spend()?;
            node = node.below.entry(part.to_owned()).or_default();
        }
        node.text = node.text.take().or(Some(text));
        Ok(())
    }
}

fn structure(shape: &'static Shape, node: &mut Node) -> Result<Value, ReadError> {
    let mut fields = Fields::default();
    for member in shape.members() {
        if let Some(mut below) = node.below.remove(member.wire_name) {
            fields.insert(member.name, value(member, &mut below)?);
        }
    }
    Ok(Value::Map(fields))
}

fn value(member: &'static Member, node: &mut Node) -> Result<Value, ReadError> {
    match member.shape.kind {
        Kind::Structure { .. } => structure(member.shape, node),
        Kind::List { element } => list(member, element, node),
        Kind::Map { key, value } => map(member, key, value, node),
        _ => match &node.text {
            Some(text) => scalar::read(member, text, TimestampFormat::DateTime),
            None => Err(ReadError::Contradiction { name: member.wire_name.to_owned() }),
        },
    }
}

fn list(member: &Member, element: &'static Member, node: &mut Node) -> Result<Value, ReadError> {
    let rows = if member.flattened { numbered(node) } else { below(node, element.wire_name) };
    rows?.into_values().map(|mut row| value(element, &mut row)).collect::<Result<_, _>>().map(Value::List)
}

fn map(
    member: &Member,
    key: &'static Member,
    inner: &'static Member,
    node: &mut Node,
) -> Result<Value, ReadError> {
    let rows = if member.flattened { numbered(node) } else { below(node, "entry") };
    let mut entries = BTreeMap::new();
    for mut row in rows?.into_values() {
        let name = row.below.remove(key.wire_name).and_then(|node| node.text);
        let name = name.ok_or_else(|| ReadError::Contradiction { name: member.wire_name.to_owned() })?;
        let value = row.below.remove(inner.wire_name).map(|mut node| value(inner, &mut node)).transpose()?;
        entries.insert(name, value.unwrap_or_default());
    }
    Ok(Value::Map(Fields::from_sorted(entries)))
}

/// The rows under the element that a list or map has around it; an empty text stands for an empty list.
fn below(node: &mut Node, name: &str) -> Result<BTreeMap<u32, Node>, ReadError> {
    match node.below.get_mut(name) {
        Some(rows) => numbered(rows),
        None => Ok(BTreeMap::new()),
    }
}

/// Rows in the order of their numbers; the numbers may have gaps.
fn numbered(node: &mut Node) -> Result<BTreeMap<u32, Node>, ReadError> {
    let number = |(name, row): (String, Node)| match name.parse() {
        Ok(number) => Ok((number, row)),
        Err(_) => Err(ReadError::Contradiction { name }),
    };
    std::mem::take(&mut node.below).into_iter().map(number).collect()
}
