//! Every protocol: a call that goes well, routes that lead nowhere, operations that are not built.

use crate::client::Call;
use crate::platform::Platform;
use crate::samples;

#[tokio::test]
async fn every_built_operation_is_answered_in_its_protocol() {
    let platform = Platform::start().await;
    for operation in samples::built() {
        let answer =
            platform.call(&samples::request(operation, &samples::input(operation)), &platform.root).await;
        let expected = if operation.name == "Invoke" { 200 } else { operation.status };
        assert_eq!(answer.status, expected, "{operation:?}: {}", answer.text());
        assert_eq!(answer.header("x-amzn-requestid").len(), 36, "{operation:?}");
    }
    let called = platform.desk.called();
    assert_eq!(called, samples::built().map(|operation| operation.name).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_trailing_slash_and_an_absolute_uri_mean_the_same() {
    let platform = Platform::start().await;
    let slash = Call::new("GET", "/2015-03-31/functions/", "lambda");
    assert_eq!(platform.call(&slash, &platform.root).await.status, 200);
    let mut request = slash.signed(&platform.host(), Some(&platform.root), platform.clock_now());
    *request.uri_mut() = format!("http://{}/2015-03-31/functions/", platform.host()).parse().unwrap();
    assert_eq!(crate::client::send(platform.address, request).await.unwrap().status, 200);
}

#[tokio::test]
async fn routes_that_lead_nowhere_are_answered_in_the_services_form() {
    let platform = Platform::start().await;
    let unknown = "Unable to determine service/operation name to be authorized";
    for (method, path) in [
        ("GET", "/2015-03-31/nothing"),
        ("GET", "//2015-03-31/functions"),
        ("GET", "/2015-03-31/functions/./echo"),
        ("GET", "/2015-03-31/functions/x/../echo"),
        ("OPTIONS", "/2015-03-31/functions"),
        ("PATCH", "/2015-03-31/functions/echo"),
    ] {
        let answer = platform.call(&Call::new(method, path, "lambda"), &platform.root).await;
        assert_eq!((answer.status.as_u16(), answer.message().as_str()), (403, unknown), "{method} {path}");
        assert_eq!(answer.code(), "AccessDeniedException");
        assert_eq!(answer.json()["Type"], "User");
    }
    let head = platform.call(&Call::new("HEAD", "/2015-03-31/functions", "lambda"), &platform.root).await;
    assert_eq!((head.status.as_u16(), head.body.len()), (403, 0));

    let logs = Call::new("POST", "/", "logs").header("x-amz-target", "Logs_20140328.Nothing").body("{}");
    let answer = platform.call(&logs, &platform.root).await;
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (400, "UnknownOperationException"));
    assert_eq!(answer.json()["__type"], "UnknownOperationException");

    let iam = Call::new("POST", "/", "iam").body("Action=Nothing&Version=2010-05-08");
    let answer = platform.call(&iam, &platform.root).await;
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (400, "InvalidAction"));
    assert!(answer.text().contains("<RequestId>"), "{}", answer.text());

    let answer = platform.send(&Call::new("GET", "/", "lambda"), None).await;
    assert_eq!((answer.status.as_u16(), answer.message().as_str()), (403, unknown));
    assert_eq!(platform.desk.called(), Vec::<&str>::new());
}

#[tokio::test]
async fn what_is_not_built_says_so() {
    let platform = Platform::start().await;
    let signing = Call::new("GET", "/2020-04-22/code-signing-configs", "lambda");
    let answer = platform.call(&signing, &platform.root).await;
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (501, "NotImplementedException"));
    assert_eq!(answer.message(), "Lambent does not implement lambda:ListCodeSigningConfigs yet.");
    let group = Call::new("POST", "/", "iam").body("Action=CreateGroup&Version=2010-05-08&GroupName=g");
    let answer = platform.call(&group, &platform.root).await;
    assert_eq!(answer.status, 501);
    assert_eq!(answer.message(), "Lambent does not implement iam:CreateGroup yet.");
    let other = platform.call(&Call::new("GET", "/", "dynamodb"), &platform.root).await;
    assert_eq!(other.message(), "Lambent does not implement dynamodb yet.");
    let form = Call::new("POST", "/", "cloudformation")
        .header("content-type", "application/x-www-form-urlencoded; charset=utf-8")
        .body("Action=ListStacks&Version=2010-05-15");
    let form = platform.call(&form, &platform.root).await;
    let message = "<Message>Lambent does not implement cloudformation yet.</Message>";
    assert!(form.text().contains(message), "{}", form.text());
    assert_eq!((form.status.as_u16(), form.code().as_str()), (501, "NotImplementedException"));
    let target = Call::new("POST", "/", "dynamodb").header("x-amz-target", "DynamoDB_20120810.ListTables");
    let target = platform.call(&target.body("{}"), &platform.root).await;
    assert_eq!(target.json()["__type"], "NotImplementedException");
    assert_eq!(target.json()["message"], "Lambent does not implement dynamodb yet.");
    let records = platform.finish().await;
    let names: Vec<&str> = records.iter().map(|record| record.event_name.as_str()).collect();
    assert_eq!(names, ["ListCodeSigningConfigs", "CreateGroup"]);
}
