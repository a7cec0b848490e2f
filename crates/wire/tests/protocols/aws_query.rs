//! awsQuery, as IAM and STS speak it.

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
    let old = Request::new("POST", "/", "Action=ListRoles&Version=2009-01-01").operation("iam").unwrap_err();
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
    assert_eq!((input.assume_role_policy_document.as_str(), input.max_session_duration), ("{}", Some(3600)));
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

#[test]
fn each_element_of_a_list_stands_in_a_member() {
    let keys = ["one", "two"]
        .map(|id| iam::AccessKeyMetadata { access_key_id: Some(id.into()), ..Default::default() });
    let listed = answer::<iam::ListAccessKeys>(iam::ListAccessKeysResponse {
        access_key_metadata: keys.into(),
        is_truncated: Some(false),
        marker: None,
    });
    let expected = "<ListAccessKeysResult><AccessKeyMetadata><member><AccessKeyId>one</AccessKeyId></member>\
        <member><AccessKeyId>two</AccessKeyId></member></AccessKeyMetadata><IsTruncated>false</IsTruncated>\
        </ListAccessKeysResult>";
    assert!(body(&listed).contains(expected), "{}", body(&listed));
}

#[test]
fn of_two_values_under_one_name_the_first_counts() {
    let twice = form("Action=GetRole&RoleName=a&RoleName=b&Action=DeleteRole").read::<iam::GetRole>();
    assert_eq!(twice.role_name, "a");
}

#[test]
fn letters_in_patterns_are_ascii_letters() {
    let value = form("Action=GetRole&RoleName=%C3%A9").value("iam").unwrap();
    let found = wire::validate(iam::GetRole::OPERATION, &value).unwrap_err().to_string();
    let expected = r"1 validation error detected: Value 'é' at 'roleName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\w+=,.@-]+";
    assert_eq!(found, expected);
}
