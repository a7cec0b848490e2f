//! Requests and answers as they stand on the wire, protocol by protocol.
#![allow(clippy::unwrap_used, reason = "a test ends where something unexpected is found")]

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use serde_json::{Value as Json, json};
use wire::{
    Fields, Incoming, Outgoing, ReadError, RouteError, Service, Time, Typed, Value, WireError, iam, lambda,
    logs, sts,
};

/// A request to be taken apart by routing and reading.
struct Request {
    method: Method,
    path: String,
    query: String,
    headers: HeaderMap,
    body: Bytes,
}

impl Request {
    fn new(method: &str, target: &str, body: impl Into<Bytes>) -> Self {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        Self {
            method: method.parse().unwrap(),
            path: path.to_owned(),
            query: query.to_owned(),
            headers: HeaderMap::new(),
            body: body.into(),
        }
    }

    fn json(target: &str, body: &Json) -> Self {
        Self::new("POST", "/", body.to_string()).with("x-amz-target", target)
    }

    fn with(mut self, name: &'static str, value: &str) -> Self {
        self.headers.insert(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
        self
    }

    fn incoming(&self) -> Incoming<'_> {
        let Self { method, path, query, headers, body } = self;
        Incoming { method, path, query, headers, body }
    }

    fn operation(&self, service: &str) -> Result<&'static str, RouteError> {
        by_name(service).route(&self.incoming()).map(|routed| routed.operation.name)
    }

    fn value(&self, service: &str) -> Result<Value, ReadError> {
        wire::read_input(&by_name(service).route(&self.incoming()).unwrap(), &self.incoming())
    }

    fn read<O: Typed>(&self) -> O::Input {
        let routed = O::OPERATION.service.route(&self.incoming()).unwrap();
        assert_eq!(routed.operation.name, O::OPERATION.name);
        let value = wire::read_input(&routed, &self.incoming()).unwrap();
        wire::validate(routed.operation, &value).unwrap();
        O::read(value).unwrap()
    }
}

fn by_name(name: &str) -> &'static Service {
    wire::service_by_signing_name(name).unwrap()
}

fn answer<O: Typed>(output: O::Output) -> Outgoing {
    wire::write_output(O::OPERATION, O::write(output), "id")
}

fn body(answer: &Outgoing) -> &str {
    std::str::from_utf8(&answer.body).unwrap()
}

mod rest_json {
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

        let members =
            [("Reason", "CallerRateLimitExceeded".to_owned()), ("retryAfterSeconds", "1".to_owned())];
        let busy = error("TooManyRequestsException", &members);
        assert_eq!(busy.headers["retry-after"], "1");
        assert_eq!(body(&busy), r#"{"Reason":"CallerRateLimitExceeded","Type":"User","message":"no"}"#);
    }
}

mod aws_json {
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
            request
                .with("x-amz-target", "Logs_20140328.FilterLogEvents")
                .value("logs")
                .unwrap_err()
                .to_string()
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
        let nothing =
            Request::new("POST", "/", "null").with("x-amz-target", "Logs_20140328.DescribeLogGroups");
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
}

mod aws_query {
    use super::*;

    const VERSION: &str = "Version=2010-05-08";

    fn form(pairs: &str) -> Request {
        Request::new("POST", "/", format!("{pairs}&{VERSION}"))
    }

    #[test]
    fn operations_go_by_action_in_the_form_or_the_query_string() {
        assert_eq!(form("Action=ListRoles").operation("iam"), Ok("ListRoles"));
        let get = Request::new("GET", &format!("/?Action=ListRoles&{VERSION}"), "");
        assert_eq!(get.operation("iam"), Ok("ListRoles"));
        let old =
            Request::new("POST", "/", "Action=ListRoles&Version=2009-01-01").operation("iam").unwrap_err();
        assert_eq!(old.to_string(), "Could not find operation ListRoles for version 2009-01-01");
        assert_eq!((old.code(by_name("iam")), old.status()), ("InvalidAction", 400));
        assert!(form("a=b").operation("iam").is_err());
    }

    #[test]
    fn dotted_names_are_structures_and_lists() {
        let pairs = "Action=CreateRole&RoleName=r&AssumeRolePolicyDocument=%7B%7D&Path=%2Fa%2F\
                     &Tags.member.2.Key=b&Tags.member.2.Value=2&Tags.member.1.Key=a&Tags.member.1.Value=1+1\
                     &MaxSessionDuration=3600&Unknown.member.1=x";
        let input = form(pairs).read::<iam::CreateRole>();
        assert_eq!((input.role_name.as_str(), input.path.as_deref()), ("r", Some("/a/")));
        assert_eq!(
            (input.assume_role_policy_document.as_str(), input.max_session_duration),
            ("{}", Some(3600))
        );
        let tags: Vec<_> = input.tags.unwrap().into_iter().map(|tag| (tag.key, tag.value)).collect();
        assert_eq!(tags, [("a".into(), "1 1".into()), ("b".into(), "2".into())]);
    }

    #[test]
    fn names_that_contradict_the_model_are_refused() {
        let refused = |pairs: &str| form(pairs).value("iam").unwrap_err();
        let row = refused("Action=CreateRole&Tags.member.first.Key=a");
        assert_eq!(row, ReadError::Contradiction { name: "first".into() });
        let inside = refused("Action=CreateRole&RoleName.member.1=a");
        assert_eq!(inside, ReadError::Contradiction { name: "RoleName".into() });
        let deep = refused(&format!("Action=CreateRole&a{}=1", ".a".repeat(1_000)));
        assert_eq!(deep, ReadError::TooDeep { limit: 32 });
        let wide = refused(&format!("Action=CreateRole{}", "&a=".repeat(100_001)));
        assert_eq!(wide, ReadError::TooMany { limit: 100_000 });
        let bytes =
            Request::new("POST", "/", &b"Action=ListRoles&Version=\xff"[..]).operation("iam").unwrap_err();
        assert_eq!(bytes.to_string(), "The body is not valid UTF-8");
    }

    #[test]
    fn answers_are_xml_with_the_result_and_the_request_id() {
        let identity = answer::<sts::GetCallerIdentity>(sts::GetCallerIdentityResponse {
            user_id: Some("AIDA".into()),
            account: Some("123456789012".into()),
            arn: Some("arn:aws:iam::123456789012:user/a&b".into()),
        });
        assert_eq!(identity.headers["content-type"], "text/xml");
        assert_eq!(identity.headers["x-amzn-requestid"], "id");
        let expected = "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">\
            <GetCallerIdentityResult><UserId>AIDA</UserId><Account>123456789012</Account>\
            <Arn>arn:aws:iam::123456789012:user/a&amp;b</Arn></GetCallerIdentityResult>\
            <ResponseMetadata><RequestId>id</RequestId></ResponseMetadata></GetCallerIdentityResponse>";
        assert_eq!(body(&identity), expected);
    }

    #[test]
    fn an_answer_without_a_result_is_the_request_id() {
        let expected = "<DeleteRoleResponse xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\">\
            <ResponseMetadata><RequestId>id</RequestId></ResponseMetadata></DeleteRoleResponse>";
        assert_eq!(body(&answer::<iam::DeleteRole>(())), expected);
    }

    #[test]
    fn times_are_iso_8601_and_texts_can_hold_anything() {
        let role = iam::Role {
            role_name: "a\u{1}b\rc".into(),
            create_date: Time(1_763_966_100_000),
            ..Default::default()
        };
        let written = answer::<iam::GetRole>(iam::GetRoleResponse { role });
        assert!(body(&written).contains("<CreateDate>2025-11-24T06:35:00Z</CreateDate>"));
        assert!(body(&written).contains("<RoleName>a\u{fffd}b&#13;c</RoleName>"));
    }

    #[test]
    fn an_error_says_who_is_to_blame() {
        let error = WireError {
            code: "NoSuchEntity",
            caller_fault: true,
            status: 404,
            message: "The role with name <x> cannot be found.",
            members: &[],
        };
        let answer = wire::write_error(by_name("iam"), &error, "id");
        assert_eq!(answer.status, 404);
        let expected = "<ErrorResponse xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\"><Error><Type>Sender</Type>\
            <Code>NoSuchEntity</Code><Message>The role with name &lt;x&gt; cannot be found.</Message></Error>\
            <RequestId>id</RequestId></ErrorResponse>";
        assert_eq!(body(&answer), expected);
    }
}

mod services {
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
}
