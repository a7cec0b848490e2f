//! restJson1, as Lambda speaks it.

use super::*;

#[test]
fn operations_go_by_method_and_path() {
    let route = |method, path| Request::new(method, path, "").operation("lambda");
    assert_eq!(route("GET", "/2015-03-31/functions"), Ok("ListFunctions"));
    assert_eq!(route("GET", "/2015-03-31/functions/"), Ok("ListFunctions"));
    assert_eq!(route("GET", "/2015-03-31/functions/echo"), Ok("GetFunction"));
    assert_eq!(route("DELETE", "/2015-03-31/functions/echo"), Ok("DeleteFunction"));
    assert_eq!(route("PUT", "/2015-03-31/functions/echo/code"), Ok("UpdateFunctionCode"));
    assert_eq!(route("GET", "/2015-03-31/functions/a%2Fb"), Ok("GetFunction"));
    assert_eq!(route("GET", "/2015-03-31/functions//code"), Err(RouteError::NoRoute));
    assert_eq!(route("PATCH", "/2015-03-31/functions"), Err(RouteError::NoRoute));
    assert_eq!(route("GET", "/"), Err(RouteError::NoRoute));
}

#[test]
fn a_demand_on_the_query_string_decides_between_equal_paths() {
    let route = |path| Request::new("GET", path, "").operation("lambda");
    assert_eq!(route("/2018-10-31/layers"), Ok("ListLayers"));
    assert_eq!(route("/2018-10-31/layers?find=LayerVersion&Arn=a"), Ok("GetLayerVersionByArn"));
}

#[test]
fn members_come_from_path_query_headers_and_body() {
    let target = "/2015-03-31/functions/arn%3Aaws%3Alambda%3Aus-east-1%3A123456789012%3Afunction%3Aecho/invocations?Qualifier=%24LATEST";
    let request = Request::new("POST", target, "{\"a\":1}").with("x-amz-log-type", "Tail");
    let input = request.read::<lambda::Invoke>();
    assert_eq!(input.function_name, "arn:aws:lambda:us-east-1:123456789012:function:echo");
    assert_eq!(input.qualifier.as_deref(), Some("$LATEST"));
    assert_eq!(input.log_type.as_deref(), Some("Tail"));
    assert_eq!(input.payload.as_deref(), Some(&b"{\"a\":1}"[..]));
    assert_eq!(input.invocation_type, None);
}

#[test]
fn bodies_are_json_with_base64_for_bytes() {
    let body = json!({
        "FunctionName": "echo", "Role": "arn:aws:iam::123456789012:role/r", "Runtime": "python3.13",
        "Handler": "app.handler", "Code": {"ZipFile": "UEsDBA=="}, "Timeout": 30, "Publish": true,
        "Environment": {"Variables": {"B_": "2", "A_": "1"}}, "FromTheFuture": {"deep": [{}]}, "Layers": null,
    });
    let input =
        Request::new("POST", "/2015-03-31/functions", body.to_string()).read::<lambda::CreateFunction>();
    assert_eq!(input.code.zip_file.as_deref(), Some(&b"PK\x03\x04"[..]));
    assert_eq!((input.timeout, input.publish, input.layers), (Some(30), Some(true), None));
    let variables = input.environment.and_then(|environment| environment.variables).unwrap();
    assert_eq!(
        variables.into_iter().collect::<Vec<_>>(),
        [("A_".into(), "1".into()), ("B_".into(), "2".into())]
    );
}

#[test]
fn texts_in_the_query_string_have_the_form_of_their_kind() {
    let list = |query: &str| Request::new("GET", &format!("/2015-03-31/functions?{query}"), "");
    assert_eq!(list("MaxItems=10&Marker=a%20b").read::<lambda::ListFunctions>().max_items, Some(10));
    let refused = list("MaxItems=ten").value("lambda").unwrap_err();
    assert_eq!(refused.to_string(), "MaxItems is not a whole number");
}

#[test]
fn an_answer_has_its_status_and_only_the_members_that_are_there() {
    let configuration = lambda::FunctionConfiguration {
        function_name: Some("echo".into()),
        code_size: Some(3_000_000_000),
        environment: Some(lambda::EnvironmentResponse::default()),
        layers: Some(Vec::new()),
        ..Default::default()
    };
    let created = answer::<lambda::CreateFunction>(configuration);
    assert_eq!(created.status, 201);
    assert_eq!(created.headers["content-type"], "application/json");
    assert_eq!(created.headers["x-amzn-requestid"], "id");
    assert_eq!(
        body(&created),
        r#"{"FunctionName":"echo","CodeSize":3000000000,"Environment":{},"Layers":[]}"#
    );
}

#[test]
fn an_invocation_answers_with_headers_and_the_payload_itself() {
    let failed = answer::<lambda::Invoke>(lambda::InvocationResponse {
        status_code: Some(200),
        function_error: Some("Unhandled".into()),
        executed_version: Some("$LATEST".into()),
        payload: Some(Bytes::from_static(b"{\"errorMessage\":\"x\"}")),
        ..Default::default()
    });
    assert_eq!(failed.status, 200);
    assert_eq!(failed.headers["x-amz-function-error"], "Unhandled");
    assert_eq!(failed.headers["x-amz-executed-version"], "$LATEST");
    assert_eq!(body(&failed), "{\"errorMessage\":\"x\"}");

    let accepted = lambda::InvocationResponse { status_code: Some(202), ..Default::default() };
    let accepted = answer::<lambda::Invoke>(accepted);
    assert_eq!((accepted.status.as_u16(), accepted.body.len()), (202, 0));
}

#[test]
fn an_error_has_its_message_under_the_name_that_its_shape_gives_it() {
    let error = |code, members| {
        let error = WireError { code, caller_fault: true, status: 404, message: "no", members };
        wire::write_error(by_name("lambda"), &error, "id")
    };
    let missing = error("ResourceNotFoundException", &[]);
    assert_eq!(missing.headers["x-amzn-errortype"], "ResourceNotFoundException");
    assert_eq!(body(&missing), r#"{"Message":"no","Type":"User"}"#);
    assert_eq!(body(&error("InvalidParameterValueException", &[])), r#"{"Type":"User","message":"no"}"#);
    assert_eq!(body(&error("ValidationException", &[])), r#"{"Type":"User","message":"no"}"#);

    let members = [("Reason", "CallerRateLimitExceeded".to_owned()), ("retryAfterSeconds", "1".to_owned())];
    let busy = error("TooManyRequestsException", &members);
    assert_eq!(busy.headers["retry-after"], "1");
    assert_eq!(body(&busy), r#"{"Reason":"CallerRateLimitExceeded","Type":"User","message":"no"}"#);
}
