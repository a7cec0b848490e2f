//! A slow matcher, written from the documentation alone: every way to find a value for every field is tried.
//!
//! An event is the list of its scalars, each with its path and the elements of arrays that it lies in. A pattern is the
//! list of its combinations, each a path with its values. Two scalars go together unless they lie in different elements
//! of one array. A field that is to be absent has no scalar that would go together with those that were found.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

type Path = Vec<String>;
/// Which element of which array.
type Elements = BTreeMap<usize, usize>;

struct Scalar<'e> {
    path: Path,
    value: &'e Value,
    elements: Elements,
}

pub(crate) fn matches(pattern: &Value, event: &Value) -> bool {
    let mut scalars = Vec::new();
    collect(event, &Vec::new(), &Elements::new(), &mut 0, &mut scalars);
    let combinations = combined(pattern.as_object().unwrap(), &Vec::new(), vec![BTreeMap::new()]);
    combinations.iter().any(|fields| {
        let fields: Vec<_> = fields.iter().collect();
        search(&fields, &scalars, &Elements::new(), &mut Vec::new())
    })
}

fn collect<'e>(
    value: &'e Value,
    path: &Path,
    elements: &Elements,
    arrays: &mut usize,
    into: &mut Vec<Scalar<'e>>,
) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                collect(value, &[path.clone(), vec![name.clone()]].concat(), elements, arrays, into);
            }
        }
        Value::Array(items) => {
            let array = *arrays;
            *arrays += 1;
            for (index, item) in items.iter().enumerate() {
                let mut elements = elements.clone();
                // A scalar in an array belongs to the field, not to an element.
                if item.is_object() || item.is_array() {
                    elements.insert(array, index);
                }
                collect(item, path, &elements, arrays, into);
            }
        }
        scalar => into.push(Scalar { path: path.clone(), value: scalar, elements: elements.clone() }),
    }
}

type Combination = BTreeMap<Path, Vec<Value>>;

fn combined(fields: &Map<String, Value>, path: &Path, mut so_far: Vec<Combination>) -> Vec<Combination> {
    for (name, value) in fields {
        let below = [path.clone(), vec![name.clone()]].concat();
        match value {
            Value::Array(branches) if name == "$or" => {
                let branch = |branch: &Value| combined(branch.as_object().unwrap(), path, so_far.clone());
                so_far = branches.iter().flat_map(branch).collect();
            }
            Value::Array(values) => {
                for combination in &mut so_far {
                    combination.insert(below.clone(), values.clone());
                }
            }
            inner => so_far = combined(inner.as_object().unwrap(), &below, so_far),
        }
    }
    so_far
}

fn search(
    fields: &[(&Path, &Vec<Value>)],
    scalars: &[Scalar<'_>],
    found: &Elements,
    absent: &mut Vec<Path>,
) -> bool {
    let Some(((path, values), rest)) = fields.split_first() else {
        let there = |scalar: &Scalar<'_>| {
            absent.contains(&scalar.path) && together(&scalar.elements, found).is_some()
        };
        return !scalars.iter().any(there);
    };
    for scalar in scalars.iter().filter(|scalar| scalar.path == **path) {
        let Some(found) = together(&scalar.elements, found) else { continue };
        if values.iter().any(|condition| holds(condition, scalar.value))
            && search(rest, scalars, &found, absent)
        {
            return true;
        }
    }
    if !values.contains(&serde_json::json!({"exists": false})) {
        return false;
    }
    absent.push((*path).clone());
    let matched = search(rest, scalars, found, absent);
    absent.pop();
    matched
}

fn together(one: &Elements, other: &Elements) -> Option<Elements> {
    let apart = one.iter().any(|(array, index)| other.get(array).is_some_and(|other| other != index));
    (!apart).then(|| one.iter().chain(other).map(|(array, index)| (*array, *index)).collect())
}

pub(crate) fn holds(condition: &Value, scalar: &Value) -> bool {
    let Some(fields) = condition.as_object() else { return equal(condition, scalar) };
    let (operator, operand) = fields.iter().next().unwrap();
    let folded = |value: &Value| value.as_str().map(|text| Value::from(text.to_lowercase()));
    match operator.as_str() {
        "exists" => operand == true,
        "anything-but" => !excluded(operand, scalar),
        "numeric" => scalar.as_f64().is_some_and(|number| numeric(operand.as_array().unwrap(), number)),
        "prefix" | "suffix" if operand.is_object() => folded(scalar).is_some_and(|scalar| {
            let inner = folded(&operand["equals-ignore-case"]).unwrap();
            text(operator, inner.as_str().unwrap(), scalar.as_str().unwrap())
        }),
        _ => scalar.as_str().is_some_and(|scalar| text(operator, operand.as_str().unwrap(), scalar)),
    }
}

fn excluded(operand: &Value, scalar: &Value) -> bool {
    match operand {
        Value::Array(values) => values.iter().any(|value| equal(value, scalar)),
        Value::Object(fields) => {
            let (operator, operand) = fields.iter().next().unwrap();
            let operands = operand.as_array().cloned().unwrap_or_else(|| vec![operand.clone()]);
            scalar.as_str().is_some_and(|scalar| {
                operands.iter().any(|operand| text(operator, operand.as_str().unwrap(), scalar))
            })
        }
        value => equal(value, scalar),
    }
}

fn equal(one: &Value, other: &Value) -> bool {
    match (one.as_f64(), other.as_f64()) {
        (Some(one), Some(other)) => (one * 1e6).round() == (other * 1e6).round(),
        _ => one == other,
    }
}

fn numeric(operand: &[Value], number: f64) -> bool {
    number.abs() <= 5e9
        && operand.chunks(2).all(|pair| {
            let bound = pair[1].as_f64().unwrap();
            match pair[0].as_str().unwrap() {
                "=" => number == bound,
                "<" => number < bound,
                "<=" => number <= bound,
                ">" => number > bound,
                _ => number >= bound,
            }
        })
}

fn text(operator: &str, operand: &str, given: &str) -> bool {
    match operator {
        "prefix" => given.starts_with(operand),
        "suffix" => given.ends_with(operand),
        "equals-ignore-case" => given.to_lowercase() == operand.to_lowercase(),
        "wildcard" => wildcard(&operand.chars().collect::<Vec<_>>(), &given.chars().collect::<Vec<_>>()),
        "cidr" => in_network(operand, given),
        other => panic!("{other}"),
    }
}

fn wildcard(pattern: &[char], given: &[char]) -> bool {
    match pattern {
        [] => given.is_empty(),
        ['*', rest @ ..] => (0..=given.len()).any(|skipped| wildcard(rest, &given[skipped..])),
        ['\\', letter, rest @ ..] | [letter, rest @ ..] => {
            given.first() == Some(letter) && wildcard(rest, &given[1..])
        }
    }
}

fn in_network(network: &str, given: &str) -> bool {
    let bits = |address: std::net::IpAddr| match address {
        std::net::IpAddr::V4(address) => format!("{:032b}", address.to_bits()),
        std::net::IpAddr::V6(address) => format!("{:0128b}", address.to_bits()),
    };
    let (address, length) = network.split_once('/').unwrap();
    let (network, length) = (bits(address.parse().unwrap()), length.parse().unwrap());
    given
        .parse()
        .map(bits)
        .is_ok_and(|given| given.len() == network.len() && given[..length] == network[..length])
}
