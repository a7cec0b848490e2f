//! What holds for every service: finding it, and keeping secrets.

use super::*;

#[test]
fn a_request_without_a_signature_shows_its_service() {
    let guess = |request: &Request| wire::guess_service(&request.incoming()).map(|service| service.name);
    assert_eq!(guess(&Request::new("GET", "/2015-03-31/functions", "")), Some("lambda"));
    assert_eq!(guess(&Request::json("Logs_20140328.X", &json!({}))), Some("logs"));
    let assume = "Action=AssumeRoleWithWebIdentity&Version=2011-06-15";
    assert_eq!(guess(&Request::new("POST", "/", assume)), Some("sts"));
    assert_eq!(guess(&Request::new("GET", "/index.html", "")), None);
}

#[test]
fn only_federation_is_taken_without_a_signature() {
    let operations = wire::services().iter().flat_map(|service| service.operations);
    let unsigned: Vec<_> =
        operations.filter(|operation| operation.unsigned).map(|operation| operation.name).collect();
    assert_eq!(unsigned, ["AssumeRoleWithSAML", "AssumeRoleWithWebIdentity"]);
}

#[test]
fn secrets_and_bytes_are_not_shown() {
    let body = json!({
        "FunctionName": "echo", "Code": {"ZipFile": "UEsDBA=="}, "Environment": {"Variables": {"KEY": "hunter2"}},
        "Tags": {"team": "a"}, "Timeout": 3,
    });
    let request = Request::new("POST", "/2015-03-31/functions", body.to_string());
    let shown = wire::masked(lambda::CreateFunction::OPERATION, &request.value("lambda").unwrap());
    let expected = json!({
        "FunctionName": "echo", "Code": {}, "Environment": {"Variables": "***"}, "Tags": {"team": "a"}, "Timeout": 3,
    });
    assert_eq!(shown, expected);
}

#[test]
fn a_sensitive_value_is_not_in_a_violation() {
    let body = json!({
        "FunctionName": "echo", "Role": "arn:aws:iam::123456789012:role/r", "Code": {},
        "Environment": {"Variables": {"1": "hunter2"}},
    });
    let request = Request::new("POST", "/2015-03-31/functions", body.to_string());
    let value = request.value("lambda").unwrap();
    let found = wire::validate(lambda::CreateFunction::OPERATION, &value).unwrap_err().to_string();
    assert!(found.contains("Value at 'environment.variables' failed"), "{found}");
    assert!(!found.contains("hunter2"), "{found}");
}

#[test]
fn a_value_in_a_log_shows_no_text() {
    let body =
        json!({"FunctionName": "echo", "Timeout": 3, "Environment": {"Variables": {"KEY": "hunter2"}}});
    let request = Request::new("POST", "/2015-03-31/functions", body.to_string());
    let shown = format!("{:?}", request.value("lambda").unwrap());
    let members = r#""Environment": {"Variables": {"…": text of 7 bytes}}, "FunctionName": text of 4 bytes, "Timeout": 3"#;
    assert_eq!(shown, format!("{{{members}}}"));
}
