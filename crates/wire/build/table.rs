//! The static tables of one service as Rust text.
//!
//! Invariant: the text refers to `crate::schema` and to its own statics only, so that it can be included anywhere.

use std::fmt::Write;

use serde_json::Value;

use super::model::{Model, flag, list, members, required, text};
use super::pattern::translate;

/// Service, operations, shapes, patterns, errors.
pub(crate) fn generate(model: &Model) -> Result<String, String> {
    let errors = errors(model)?;
    let mut out = service(model)?;
    operations(model, &errors, &mut out)?;
    shapes(model, &mut out)?;
    patterns(model, &mut out);
    error_table(model, &errors, &mut out)?;
    Ok(out)
}

fn push(out: &mut String, line: &str) {
    out.push_str(line);
    out.push('\n');
}

fn service(model: &Model) -> Result<String, String> {
    let metadata = Value::Object(model.metadata.clone());
    let (name, prefix, meta) = (&model.name, model.prefix(), |key| text(&metadata, key));
    let protocol = match (meta("protocol"), meta("jsonVersion")) {
        ("rest-json", _) => "RestJson1",
        ("json", "1.0") => "AwsJson1_0",
        ("json", "1.1") => "AwsJson1_1",
        ("query", _) => "AwsQuery",
        other => return Err(format!("{name} speaks {other:?}, for which there is no codec")),
    };
    let signing_name =
        if meta("signingName").is_empty() { meta("endpointPrefix") } else { meta("signingName") };
    let target = if protocol.starts_with("AwsJson") { meta("targetPrefix") } else { "" };
    let (before, after) = model.missing.split_once("{}").unwrap_or(("", ""));
    let query_codes = match model.metadata.contains_key("awsQueryCompatible") {
        true => format!("Some(&{:?})", model.query_codes.iter().collect::<Vec<_>>()),
        false => "None".to_owned(),
    };
    Ok(format!(
        "pub(crate) static {prefix}: Service = Service {{ name: {name:?}, signing_name: {signing_name:?}, \
         endpoint_prefix: {:?}, api_version: {:?}, protocol: Protocol::{protocol}, target_prefix: {target:?}, \
         xml_namespace: {:?}, validation_code: {:?}, serialization_code: {:?}, query_codes: {query_codes}, missing: ({before:?}, {after:?}), operations: &{prefix}_OPERATIONS, \
         shapes: &{prefix}_SHAPES, errors: &{prefix}_ERRORS }};\n",
        meta("endpointPrefix"),
        meta("apiVersion"),
        meta("xmlNamespace"),
        model.validation_code,
        model.serialization_code,
    ))
}

fn operations(model: &Model, errors: &[DeclaredError], out: &mut String) -> Result<(), String> {
    let prefix = model.prefix();
    push(out, &format!("pub(crate) static {prefix}_OPERATIONS: [Operation; {}] = [", model.operations.len()));
    for (name, operation) in &model.operations {
        let http = operation.get("http").ok_or_else(|| format!("{name} has no route"))?;
        let codes: Vec<&str> =
            errors.iter().filter(|error| raises(operation, error)).map(|e| e.code.as_str()).collect();
        let (path, query) = route(text(http, "requestUri"));
        if path.contains("+\")") {
            return Err(format!("{name} has a greedy label, which the router doesn't know"));
        }
        let status = http.get("responseCode").and_then(Value::as_u64).unwrap_or(200);
        push(
            out,
            &format!(
                "Operation {{ service: &{prefix}, name: {name:?}, method: {:?}, uri: {:?}, status: {status}, input: {}, \
             output: {}, result_wrapper: {:?}, errors: &{codes:?}, built: {}, unsigned: {}, path: &[{path}], \
             query: &[{query}] }},",
                text(http, "method"),
                text(http, "requestUri"),
                reference(model, operation.get("input"))?,
                reference(model, operation.get("output"))?,
                operation.get("output").map_or("", |output| text(output, "resultWrapper")),
                model.built.contains(name),
                text(operation, "authtype") == "none",
            ),
        );
    }
    push(out, "];");
    Ok(())
}

fn raises(operation: &Value, error: &DeclaredError) -> bool {
    let declared = operation.get("errors").and_then(Value::as_array);
    declared.into_iter().flatten().any(|reference| text(reference, "shape") == error.shape)
}

/// A template's path as segments, and the pairs that its query must hold.
fn route(uri: &str) -> (String, String) {
    let (path, query) = uri.split_once('?').unwrap_or((uri, ""));
    let path = path.split('/').filter(|part| !part.is_empty()).map(segment).collect::<Vec<_>>().join(", ");
    let pair = |pair: &str| format!("{:?}", pair.split_once('=').unwrap_or((pair, "")));
    let query = query.split('&').filter(|part| !part.is_empty()).map(pair).collect::<Vec<_>>().join(", ");
    (path, query)
}

fn segment(part: &str) -> String {
    match part.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
        Some(label) => format!("Segment::Label({label:?})"),
        None => format!("Segment::Literal({part:?})"),
    }
}

fn reference(model: &Model, target: Option<&Value>) -> Result<String, String> {
    let Some(target) = target else { return Ok("None".to_owned()) };
    Ok(format!("Some({})", shape_reference(model, text(target, "shape"))?))
}

fn shape_reference(model: &Model, shape: &str) -> Result<String, String> {
    Ok(format!("&{}_SHAPES[{}]", model.prefix(), model.index(shape)?))
}

fn shapes(model: &Model, out: &mut String) -> Result<(), String> {
    push(out, &format!("static {}_SHAPES: [Shape; {}] = [", model.prefix(), model.shapes.len()));
    for (name, shape) in &model.shapes {
        let kind = kind(model, name, shape)?;
        let bound = |key: &str| match shape.get(key).map(whole) {
            Some(bound) => {
                bound.map(|bound| format!("Some({bound})")).ok_or_else(|| format!("{name}: {key}"))
            }
            None => Ok("None".to_owned()),
        };
        let pattern = match patterned(model).position(|patterned| patterned == name) {
            Some(at) => format!("Some(&{}_PATTERNS[{at}])", model.prefix()),
            None => "None".to_owned(),
        };
        let values: Vec<&str> = list(shape, "enum").collect();
        push(
            out,
            &format!(
                "Shape {{ name: {name:?}, kind: {kind}, min: {}, max: {}, pattern: {pattern}, values: &{values:?}, \
             sensitive: {} }},",
                bound("min")?,
                bound("max")?,
                flag(shape, "sensitive"),
            ),
        );
    }
    push(out, "];");
    Ok(())
}

/// A bound as a whole number; the models write some as `1.0`, none with a fraction.
fn whole(bound: &Value) -> Option<i64> {
    bound.as_i64().or_else(|| bound.as_f64().filter(|bound| bound.fract() == 0.0).map(|bound| bound as i64))
}

fn kind(model: &Model, name: &str, shape: &Value) -> Result<String, String> {
    Ok(match text(shape, "type") {
        "structure" => structure(model, shape)?,
        "list" => format!("Kind::List {{ element: &{} }}", inner(model, shape, "member")?),
        "map" => {
            let (key, value) = (inner(model, shape, "key")?, inner(model, shape, "value")?);
            format!("Kind::Map {{ key: &{key}, value: &{value} }}")
        }
        "string" => "Kind::String".to_owned(),
        "integer" => "Kind::Integer".to_owned(),
        "long" => "Kind::Long".to_owned(),
        "double" | "float" => "Kind::Double".to_owned(),
        "boolean" => "Kind::Boolean".to_owned(),
        "blob" => "Kind::Blob".to_owned(),
        "timestamp" => "Kind::Timestamp".to_owned(),
        other => return Err(format!("{name} is a {other}, which no codec knows")),
    })
}

fn structure(model: &Model, shape: &Value) -> Result<String, String> {
    let mut out = "Kind::Structure { members: &[".to_owned();
    for entry in members(shape) {
        let name = text(entry, "name");
        out.push_str(&member(model, name, entry, required(shape, name), shape)?);
        out.push_str(", ");
    }
    let payload = shape.get("payload").and_then(Value::as_str);
    write!(out, "], payload: {payload:?} }}").map_err(|error| error.to_string())?;
    Ok(out)
}

/// What stands inside a list or a map; `flattened` is a trait of the list there, and is carried by the inner member.
fn inner(model: &Model, shape: &Value, key: &str) -> Result<String, String> {
    let entry = shape.get(key).ok_or_else(|| format!("a shape has no {key}"))?;
    member(model, key, entry, false, shape)
}

fn member(
    model: &Model,
    name: &str,
    entry: &Value,
    required: bool,
    parent: &Value,
) -> Result<String, String> {
    let wire_name = entry.get("locationName").and_then(Value::as_str).unwrap_or(name);
    let location = match text(entry, "location") {
        "" => "Body",
        "uri" => "Uri",
        "querystring" => "Query",
        "header" => "Header",
        "headers" => "Headers",
        "statusCode" => "Status",
        other => return Err(format!("{name} stands in {other}, which no codec knows")),
    };
    let target = model.shape(text(entry, "shape"))?;
    let flattened = flag(target, "flattened") || (name == "member" && flag(parent, "flattened"));
    Ok(format!(
        "Member {{ name: {name:?}, wire_name: {wire_name:?}, shape: {}, required: {required}, \
         location: Location::{location}, timestamp: {}, flattened: {flattened} }}",
        shape_reference(model, text(entry, "shape"))?,
        timestamp(entry, target)?,
    ))
}

fn timestamp(entry: &Value, target: &Value) -> Result<&'static str, String> {
    let format = if entry.get("timestampFormat").is_some() { entry } else { target };
    Ok(match text(format, "timestampFormat") {
        "" => "None",
        "unixTimestamp" => "Some(crate::schema::TimestampFormat::EpochSeconds)",
        "iso8601" => "Some(crate::schema::TimestampFormat::DateTime)",
        "rfc822" => "Some(crate::schema::TimestampFormat::HttpDate)",
        other => return Err(format!("{other} is a format of time that no codec knows")),
    })
}

fn patterned(model: &Model) -> impl Iterator<Item = &String> {
    model.shapes.iter().filter(|(_, shape)| shape.get("pattern").is_some()).map(|(name, _)| name)
}

fn patterns(model: &Model, out: &mut String) {
    let count = patterned(model).count();
    if count == 0 {
        return;
    }
    push(out, &format!("pub(crate) static {}_PATTERNS: [Pattern; {count}] = [", model.prefix()));
    for name in patterned(model) {
        let shape = &model.shapes[name];
        let pattern = text(shape, "pattern");
        let printed = shape.get("prints").and_then(Value::as_str).unwrap_or(pattern);
        let expression = translate(model.matches.get(name).map_or(pattern, String::as_str));
        push(out, &format!("Pattern::new({printed:?}, {expression:?}),"));
    }
    push(out, "];");
}

struct DeclaredError {
    code: String,
    shape: String,
    status: u64,
    caller_fault: bool,
}

/// The shapes that are errors, by their code on the wire.
fn errors(model: &Model) -> Result<Vec<DeclaredError>, String> {
    let raised = model.shapes.iter().filter(|(_, shape)| flag(shape, "exception"));
    let mut errors: Vec<DeclaredError> = raised.map(|(name, shape)| declared(name, shape)).collect();
    errors.sort_by(|one, other| one.code.cmp(&other.code));
    errors.dedup_by(|one, other| one.code == other.code);
    Ok(errors)
}

fn declared(name: &str, shape: &Value) -> DeclaredError {
    let error = shape.get("error").cloned().unwrap_or_default();
    let caller_fault = !flag(shape, "fault") && !flag(&error, "fault");
    let status = error.get("httpStatusCode").and_then(Value::as_u64);
    let code = if text(&error, "code").is_empty() { name } else { text(&error, "code") };
    DeclaredError {
        code: code.to_owned(),
        shape: name.to_owned(),
        status: status.unwrap_or(if caller_fault { 400 } else { 500 }),
        caller_fault,
    }
}

fn error_table(model: &Model, errors: &[DeclaredError], out: &mut String) -> Result<(), String> {
    push(out, &format!("static {}_ERRORS: [ErrorShape; {}] = [", model.prefix(), errors.len()));
    for DeclaredError { code, shape, status, caller_fault } in errors {
        let shape = shape_reference(model, shape)?;
        push(
            out,
            &format!(
                "ErrorShape {{ code: {code:?}, status: {status}, caller_fault: {caller_fault}, shape: {shape} }},"
            ),
        );
    }
    push(out, "];");
    Ok(())
}
