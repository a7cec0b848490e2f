//! awsQuery answers: XML with an element for the result and one for the request id.
//!
//! Invariant: characters that XML 1.0 can't hold are replaced by U+FFFD, so that a client can always parse the answer.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use quick_xml::Writer;
use quick_xml::events::{BytesEnd, BytesStart, BytesText, Event};

use crate::outgoing::WireError;
use crate::schema::{Kind, Member, Operation, Service, Shape, TimestampFormat};
use crate::time;
use crate::value::{Fields, Value};

pub(crate) fn output(operation: &'static Operation, value: &Value, request_id: &str) -> Vec<u8> {
    let mut xml = Xml::new();
    let root = format!("{}Response", operation.name);
    xml.rooted(&root, operation.service.xml_namespace, |xml| {
        if let (Some(shape), Some(fields)) = (operation.output, value.as_map()) {
            xml.element(operation.result_wrapper, |xml| xml.structure(shape, fields));
        }
        xml.element("ResponseMetadata", |xml| xml.leaf("RequestId", request_id));
    });
    xml.finish()
}

pub(crate) fn error(service: &'static Service, error: &WireError<'_>, request_id: &str) -> Vec<u8> {
    let mut xml = Xml::new();
    xml.rooted("ErrorResponse", service.xml_namespace, |xml| {
        xml.element("Error", |xml| {
            xml.leaf("Type", if error.caller_fault { "Sender" } else { "Receiver" });
            xml.leaf("Code", error.code);
            xml.leaf("Message", error.message);
            for (name, text) in error.members {
                xml.leaf(name, text);
            }
        });
        xml.leaf("RequestId", request_id);
    });
    xml.finish()
}

/// Writing into memory doesn't fail, hence the results that are dropped here and nowhere else.
struct Xml(Writer<Vec<u8>>);

impl Xml {
    fn new() -> Self {
        Self(Writer::new(Vec::with_capacity(512)))
    }

    fn finish(self) -> Vec<u8> {
        self.0.into_inner()
    }

    fn event(&mut self, event: Event<'_>) {
        self.0.write_event(event).ok();
    }

    fn rooted(&mut self, name: &str, namespace: &str, inside: impl FnOnce(&mut Self)) {
        self.event(Event::Start(BytesStart::new(name).with_attributes([("xmlns", namespace)])));
        inside(self);
        self.event(Event::End(BytesEnd::new(name)));
    }

    fn element(&mut self, name: &str, inside: impl FnOnce(&mut Self)) {
        self.event(Event::Start(BytesStart::new(name)));
        inside(self);
        self.event(Event::End(BytesEnd::new(name)));
    }

    fn leaf(&mut self, name: &str, text: &str) {
        let escaped = quick_xml::escape::escape(legal(text)).replace('\r', "&#13;");
        self.element(name, |xml| xml.event(Event::Text(BytesText::from_escaped(escaped))));
    }

    fn structure(&mut self, shape: &'static Shape, fields: &Fields) {
        for member in shape.members() {
            if let Some(value) = fields.get(member.name) {
                self.member(member.wire_name, member, value);
            }
        }
    }

    fn member(&mut self, name: &str, member: &'static Member, value: &Value) {
        match (value, &member.shape.kind) {
            (Value::Map(fields), Kind::Structure { .. }) => {
                self.element(name, |xml| xml.structure(member.shape, fields));
            }
            (Value::List(values), Kind::List { element }) if member.flattened => {
                self.list(name, element, values);
            }
            (Value::List(values), Kind::List { element }) => {
                self.element(name, |xml| xml.list(element.wire_name, element, values));
            }
            (Value::Map(fields), Kind::Map { key, value }) if member.flattened => {
                self.map(name, key, value, fields);
            }
            (Value::Map(fields), Kind::Map { key, value }) => {
                self.element(name, |xml| xml.map("entry", key, value, fields));
            }
            (value, _) => self.leaf(name, &text(member, value)),
        }
    }

    fn list(&mut self, name: &str, element: &'static Member, values: &[Value]) {
        for value in values {
            self.member(name, element, value);
        }
    }

    fn map(&mut self, row: &str, key: &'static Member, inner: &'static Member, fields: &Fields) {
        for (name, value) in fields.iter() {
            self.element(row, |xml| {
                xml.leaf(key.wire_name, name);
                xml.member(inner.wire_name, inner, value);
            });
        }
    }
}

fn text(member: &Member, value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Int(number) => number.to_string(),
        Value::Bool(value) => value.to_string(),
        Value::Float(number) => number.to_string(),
        Value::Blob(bytes) => STANDARD.encode(bytes),
        Value::Timestamp(millis) => {
            time::format(*millis, member.timestamp.unwrap_or(TimestampFormat::DateTime)).unwrap_or_default()
        }
        Value::Null | Value::List(_) | Value::Map(_) => String::new(),
    }
}

fn legal(text: &str) -> std::borrow::Cow<'_, str> {
    let allowed = |letter: char| !matches!(letter, '\0'..='\x08' | '\x0b' | '\x0c' | '\x0e'..='\x1f' | '\u{fffe}' | '\u{ffff}');
    if text.chars().all(allowed) {
        return text.into();
    }
    text.chars().map(|letter| if allowed(letter) { letter } else { '\u{fffd}' }).collect::<String>().into()
}
