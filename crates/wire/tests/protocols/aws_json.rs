//! awsJson1.1, as CloudWatch Logs speaks it.

use super::*;

#[test]
fn operations_go_by_target() {
    let route = |target| Request::json(target, &json!({})).operation("logs");
    assert_eq!(route("Logs_20140328.GetLogEvents"), Ok("GetLogEvents"));
    for unknown in ["Logs_20140328.Nothing", "GetLogEvents", "Other.GetLogEvents", ""] {
        let refused = route(unknown).unwrap_err();
        assert_eq!(refused, RouteError::UnknownTarget { target: unknown.to_owned() });
        assert_eq!((refused.code(by_name("logs")), refused.status()), ("UnknownOperationException", 400));
    }
}

#[test]
fn numbers_keep_64_bits() {
    let last = 9_007_199_254_740_993_i64;
    let sent = json!({"logGroupName": "/aws/lambda/echo", "logStreamName": "s", "startTime": last});
    let input = Request::json("Logs_20140328.GetLogEvents", &sent).read::<logs::GetLogEvents>();
    assert_eq!(input.start_time, Some(last));
    let events = vec![logs::OutputLogEvent { timestamp: Some(last), ..Default::default() }];
    let written = answer::<logs::GetLogEvents>(logs::GetLogEventsResponse {
        events: Some(events),
        ..Default::default()
    });
    assert_eq!(body(&written), format!(r#"{{"events":[{{"timestamp":{last}}}]}}"#));
    assert_eq!(written.headers["content-type"], "application/x-amz-json-1.1");
}

#[test]
fn wrong_kinds_are_refused_in_the_services_words() {
    let refused = |body: &str| {
        let request = Request::new("POST", "/", body.to_owned());
        request.with("x-amz-target", "Logs_20140328.FilterLogEvents").value("logs").unwrap_err().to_string()
    };
    assert_eq!(refused(r#"{"logGroupName":1}"#), "NUMBER_VALUE can not be converted to a String");
    assert_eq!(refused(r#"{"limit":"1"}"#), "STRING_VALUE can not be converted to an Integer");
    assert_eq!(refused(r#"{"limit":3000000000}"#), "NUMBER_VALUE can not be converted to an Integer");
    assert_eq!(refused(r#"{"limit":1.5}"#), "NUMBER_VALUE can not be converted to an Integer");
    assert_eq!(refused(r#"{"limit":true}"#), "TRUE_VALUE can not be converted to an Integer");
    assert_eq!(refused(r#"{"limit":[1]}"#), "Start of list found where not expected");
    assert_eq!(refused(r#"{"limit":{}}"#), "Start of structure or map found where not expected.");
    assert_eq!(refused(r#"{"logStreamNames":"a"}"#), "Expected list or null");
    assert_eq!(refused("[]"), "Start of list found where not expected");
    assert!(refused("{").starts_with("Could not parse request body into json: EOF"));
    assert!(refused("{} {}").starts_with("Could not parse request body into json: trailing"));
}

#[test]
fn an_empty_body_is_an_empty_structure() {
    let request = Request::new("POST", "/", "").with("x-amz-target", "Logs_20140328.DescribeLogGroups");
    assert_eq!(request.value("logs"), Ok(Value::Map(Fields::default())));
    let nothing = Request::new("POST", "/", "null").with("x-amz-target", "Logs_20140328.DescribeLogGroups");
    assert_eq!(nothing.value("logs"), Ok(Value::Map(Fields::default())));
}

#[test]
fn the_number_of_values_is_bounded() {
    let read = |body: String| {
        let request = Request::new("POST", "/", body);
        request.with("x-amz-target", "Logs_20140328.FilterLogEvents").value("logs").unwrap_err()
    };
    let many = format!(r#"{{"logStreamNames":[{}1]}}"#, r#""a","#.repeat(200_000));
    assert_eq!(read(many), ReadError::TooMany { limit: 100_000 });
}

#[test]
fn an_unknown_member_is_skipped_however_deep_it_is() {
    let deep = format!(r#"{{"unknown":{}{},"limit":7}}"#, "[".repeat(100_000), "]".repeat(100_000));
    let request = Request::new("POST", "/", deep).with("x-amz-target", "Logs_20140328.FilterLogEvents");
    assert_eq!(request.read::<logs::FilterLogEvents>().limit, Some(7));
}

#[test]
fn an_error_carries_its_type() {
    let error = WireError {
        code: "ResourceNotFoundException",
        caller_fault: true,
        status: 400,
        message: "The specified log group does not exist.",
        members: &[],
    };
    let answer = wire::write_error(by_name("logs"), &error, "id");
    let expected =
        r#"{"__type":"ResourceNotFoundException","message":"The specified log group does not exist."}"#;
    assert_eq!(body(&answer), expected);
    assert_eq!(answer.headers["x-amzn-errortype"], "ResourceNotFoundException");
}
