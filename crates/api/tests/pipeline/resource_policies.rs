//! Policies of functions and layer versions: what they open and to whom, in which account, under which name, and that what
//! they gave is gone with the next request once they are.

use crate::client::{Answer, Call};
use crate::people::{ACCOUNT, Key, NEIGHBOUR, allow, statement, user};
use crate::platform::Platform;
use crate::samples;
use auth::Identity;
use serde_json::{Value, json};
use store::records::{
    FunctionPolicyRecord, LayerPolicyRecord, PolicyRecord, PolicyStatement, QueuePolicyRecord,
};
use store::{Key as Place, Transaction};
use types::{AccountId, FunctionName, QueueRef, Region};

const ECHO: &str = "arn:aws:lambda:us-east-1:000000000000:function:echo";

const REVISION: &str = "00000000-0000-4000-8000-000000000000";

/// A statement that allows one action on one resource.
pub(crate) fn grant(principal: impl Into<Value>, action: &str, resource: &str) -> Value {
    json!({ "Effect": "Allow", "Principal": principal.into(), "Action": action, "Resource": resource })
}

fn record(statements: &[Value]) -> PolicyRecord {
    let numbered = statements.iter().enumerate().map(|(nth, statement)| {
        let mut statement = statement.clone();
        statement["Sid"] = json!(format!("sid-{nth}"));
        PolicyStatement { sid: format!("sid-{nth}"), json: statement.to_string() }
    });
    PolicyRecord { statements: numbered.collect(), revision: REVISION.parse().unwrap() }
}

fn place(function: &str, qualifier: Option<&str>) -> Place {
    let name: FunctionName = function.parse().unwrap();
    FunctionPolicyRecord::place(AccountId::FIRST, &name, qualifier).unwrap()
}

enum Shared {
    Function(Place),
    Layer(Place),
    Queue(Place),
}

fn named(arn: &str) -> Option<Shared> {
    if let Some(queue) = QueueRef::of_arn(arn, &Region::default()) {
        return QueuePolicyRecord::place(&queue).ok().map(Shared::Queue);
    }
    let parts: Vec<&str> = arn.split(':').skip(5).collect();
    match parts[..] {
        ["function", name] => Some(Shared::Function(place(name, None))),
        ["function", name, qualifier] => Some(Shared::Function(place(name, Some(qualifier)))),
        ["layer", name, number] => {
            let place = LayerPolicyRecord::place(AccountId::FIRST, name, number.parse().ok()?);
            Some(Shared::Layer(place.unwrap()))
        }
        _ => None,
    }
}

impl Platform {
    /// Gives a function of the first account, or a version or alias of it, a policy of these statements.
    pub(crate) async fn share(&self, function: &str, qualifier: Option<&str>, statements: &[Value]) {
        let mut transaction = Transaction::new();
        transaction.put(&place(function, qualifier), &FunctionPolicyRecord(record(statements)));
        self.store.commit(transaction).await.unwrap();
    }

    pub(crate) async fn unshare(&self, function: &str, qualifier: Option<&str>) {
        let mut transaction = Transaction::new();
        transaction.remove::<FunctionPolicyRecord>(&place(function, qualifier));
        self.store.commit(transaction).await.unwrap();
    }

    /// Gives whatever this ARN names a policy, if it is a function or a layer version.
    pub(crate) async fn share_arn(&self, arn: &str, statements: &[Value]) {
        let mut transaction = Transaction::new();
        match named(arn) {
            Some(Shared::Function(place)) => {
                transaction.put(&place, &FunctionPolicyRecord(record(statements)))
            }
            Some(Shared::Layer(place)) => transaction.put(&place, &LayerPolicyRecord(record(statements))),
            Some(Shared::Queue(place)) => {
                let document = record(statements).document();
                transaction.put(&place, &QueuePolicyRecord { document })
            }
            None => return,
        };
        self.store.commit(transaction).await.unwrap();
    }

    pub(crate) async fn unshare_arn(&self, arn: &str) {
        let mut transaction = Transaction::new();
        match named(arn) {
            Some(Shared::Function(place)) => transaction.remove::<FunctionPolicyRecord>(&place),
            Some(Shared::Layer(place)) => transaction.remove::<LayerPolicyRecord>(&place),
            Some(Shared::Queue(place)) => transaction.remove::<QueuePolicyRecord>(&place),
            None => return,
        };
        self.store.commit(transaction).await.unwrap();
    }

    /// A user of the other account with these policies.
    fn stranger(&self, policies: &[String]) -> Key {
        let key = self.people.user("stranger", &[]);
        let mut identity: Identity = user("stranger", policies);
        if let auth::Principal::User { account, .. } = &mut identity.principal {
            *account = NEIGHBOUR.parse().unwrap();
        }
        self.people.set(&key, |_| {}, identity);
        self.identities.forget();
        key
    }

    async fn invoke(&self, arn: &str, key: &Key) -> Answer {
        let target =
            format!("/2015-03-31/functions/{}/invocations", arn.replace(':', "%3A").replace('$', "%24"));
        self.call(&Call::new("POST", &target, "lambda").body("{}"), key).await
    }
}

fn invoked(answer: &Answer) -> bool {
    assert!(answer.status == 200 || answer.code() == "AccessDeniedException", "{}", answer.text());
    answer.status == 200
}

#[tokio::test]
async fn within_the_account_either_policy_is_enough() {
    let platform = Platform::start().await;
    let bob = platform.people.user("bob", &[]);
    assert!(!invoked(&platform.invoke(ECHO, &bob).await));
    let me = json!({ "AWS": format!("arn:aws:iam::{ACCOUNT}:user/bob") });
    platform.share("echo", None, &[grant(me, "lambda:InvokeFunction", ECHO)]).await;
    assert!(invoked(&platform.invoke("echo", &bob).await));
    assert!(invoked(&platform.invoke(ECHO, &bob).await));
    let other = platform.call(&samples::least("lambda", "GetFunction"), &bob).await;
    assert_eq!(other.code(), "AccessDeniedException", "another action");
    let eve = platform.people.user("eve", &[]);
    assert!(!invoked(&platform.invoke(ECHO, &eve).await), "another user");
    // Naming the account leaves it to the account's own policies.
    platform.share("echo", None, &[grant(json!({ "AWS": ACCOUNT }), "lambda:InvokeFunction", ECHO)]).await;
    let answer = platform.invoke(ECHO, &bob).await;
    assert!(answer.message().ends_with("no identity-based policy allows the lambda:InvokeFunction action"));
    let ana = platform.people.user("ana", &[allow("lambda:InvokeFunction", ECHO)]);
    assert!(invoked(&platform.invoke(ECHO, &ana).await));
}

#[tokio::test]
async fn across_accounts_both_must_allow_it() {
    let platform = Platform::start().await;
    let may = [allow("lambda:InvokeFunction", ECHO)];
    let stranger = platform.stranger(&may);
    let answer = platform.invoke(ECHO, &stranger).await;
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (403, "AccessDeniedException"));
    assert_eq!(
        answer.message(),
        format!(
            "User: arn:aws:iam::{NEIGHBOUR}:user/stranger is not authorized to perform: lambda:InvokeFunction on resource: {ECHO} because no resource-based policy allows the lambda:InvokeFunction action"
        )
    );
    for named in [
        json!({ "AWS": NEIGHBOUR }),
        json!({ "AWS": format!("arn:aws:iam::{NEIGHBOUR}:root") }),
        json!({ "AWS": format!("arn:aws:iam::{NEIGHBOUR}:user/stranger") }),
        json!("*"),
    ] {
        platform.share("echo", None, &[grant(named.clone(), "lambda:InvokeFunction", ECHO)]).await;
        let stranger = platform.stranger(&[]);
        let answer = platform.invoke(ECHO, &stranger).await;
        assert!(answer.message().contains("no identity-based policy allows"), "{named}: {}", answer.text());
        let stranger = platform.stranger(&may);
        assert!(invoked(&platform.invoke(ECHO, &stranger).await), "{named}");
        let of_the_owner = !named.to_string().contains("user/");
        assert_eq!(invoked(&platform.invoke(ECHO, &platform.neighbour).await), of_the_owner, "{named}");
        assert!(!invoked(&platform.invoke(&format!("{ECHO}2"), &platform.neighbour).await));
    }
    let seen = platform.desk.invocations.lock().unwrap().clone();
    assert!(seen.iter().all(|invocation| invocation.function.account == AccountId::FIRST));
    platform
        .share("echo", None, &[grant(json!({ "AWS": "222222222222" }), "lambda:InvokeFunction", ECHO)])
        .await;
    assert!(!invoked(&platform.invoke(ECHO, &platform.neighbour).await), "somebody else's account");
}

#[tokio::test]
async fn a_deny_wins_over_the_owner_too() {
    let platform = Platform::start().await;
    let mut deny = grant(json!("*"), "lambda:*", ECHO);
    deny["Effect"] = json!("Deny");
    platform.share("echo", None, &[grant(json!("*"), "lambda:*", ECHO), deny]).await;
    let ana = platform.people.user("ana", &[allow("*", "*")]);
    for key in [&platform.root, &platform.neighbour, &ana] {
        let answer = platform.invoke(ECHO, key).await;
        assert!(
            answer.message().ends_with("with an explicit deny in a resource-based policy"),
            "{}",
            answer.text()
        );
    }
    platform.share("echo", None, &[grant(json!("*"), "lambda:*", ECHO)]).await;
    let denied = platform.stranger(&[allow("*", "*"), statement("Deny", "*", ECHO)]);
    let answer = platform.invoke(ECHO, &denied).await;
    assert!(
        answer.message().ends_with("with an explicit deny in an identity-based policy"),
        "{}",
        answer.text()
    );
}

#[tokio::test]
async fn a_policy_speaks_for_the_name_that_it_was_given_to() {
    let platform = Platform::start().await;
    let all = |resource: &str| [grant(json!({ "AWS": NEIGHBOUR }), "lambda:InvokeFunction", resource)];
    let (alias, version, latest) = (format!("{ECHO}:live"), format!("{ECHO}:1"), format!("{ECHO}:$LATEST"));
    platform.share("echo", Some("live"), &all(&alias)).await;
    for (arn, expected) in [(&alias, true), (&version, false), (&latest, false), (&ECHO.to_owned(), false)] {
        assert_eq!(invoked(&platform.invoke(arn, &platform.neighbour).await), expected, "{arn}");
    }
    platform.unshare("echo", Some("live")).await;
    platform.share("echo", None, &all(ECHO)).await;
    for (arn, expected) in [(&alias, false), (&version, false), (&latest, false), (&ECHO.to_owned(), true)] {
        assert_eq!(invoked(&platform.invoke(arn, &platform.neighbour).await), expected, "{arn}");
    }
}

#[tokio::test]
async fn what_is_given_and_taken_counts_from_the_next_request_on() {
    let platform = Platform::start().await;
    let statements = [grant(json!({ "AWS": NEIGHBOUR }), "lambda:InvokeFunction", ECHO)];
    for _ in 0..20 {
        assert!(!invoked(&platform.invoke(ECHO, &platform.neighbour).await));
        platform.share("echo", None, &statements).await;
        assert!(invoked(&platform.invoke(ECHO, &platform.neighbour).await));
        platform.unshare("echo", None).await;
    }
}

#[tokio::test]
async fn a_policy_that_can_not_be_read_lets_nobody_in() {
    let platform = Platform::start().await;
    platform.share("echo", None, &[json!({ "Effect": "Allow", "Principal": "*" })]).await;
    for key in [&platform.root, &platform.neighbour] {
        let answer = platform.invoke(ECHO, key).await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (500, "ServiceException"));
        assert!(!answer.text().contains("Policy"), "{}", answer.text());
    }
    assert_eq!(platform.desk.called(), Vec::<&str>::new());
}

#[tokio::test]
async fn conditions_look_at_the_caller_and_the_request() {
    let platform = Platform::start().await;
    let ana = platform.people.user("ana", &[]);
    for (condition, expected) in [
        (json!({ "StringEquals": { "aws:PrincipalAccount": ACCOUNT } }), true),
        (json!({ "StringEquals": { "aws:PrincipalAccount": NEIGHBOUR } }), false),
        (json!({ "ArnLike": { "aws:PrincipalArn": "arn:aws:iam::*:user/an?" } }), true),
        (json!({ "StringEquals": { "aws:username": "ana" } }), true),
        (json!({ "IpAddress": { "aws:SourceIp": "127.0.0.0/8" } }), true),
        (json!({ "IpAddress": { "aws:SourceIp": "10.0.0.0/8" } }), false),
        (json!({ "Bool": { "aws:SecureTransport": "true" } }), false),
        (json!({ "DateLessThan": { "aws:CurrentTime": "2026-11-24T06:36:00Z" } }), true),
        (json!({ "DateLessThan": { "aws:CurrentTime": "2026-11-24T06:34:00Z" } }), false),
        // Only services that act for somebody have these, and there are no organisations.
        (json!({ "ArnLike": { "AWS:SourceArn": "*" } }), false),
        (json!({ "StringEquals": { "AWS:SourceAccount": ACCOUNT } }), false),
        (json!({ "StringEquals": { "aws:PrincipalOrgID": "o-1234567890" } }), false),
        (json!({ "StringEquals": { "lambda:FunctionUrlAuthType": "NONE" } }), false),
        (json!({ "StringNotEquals": { "aws:ResourceTag/stage": "production" } }), false),
    ] {
        let mut statement = grant(json!("*"), "lambda:InvokeFunction", ECHO);
        statement["Condition"] = condition.clone();
        platform.share("echo", None, &[statement]).await;
        assert_eq!(invoked(&platform.invoke(ECHO, &ana).await), expected, "{condition}");
    }
}

#[tokio::test]
async fn sessions_are_meant_by_their_role_or_by_their_own_name() {
    let platform = Platform::start().await;
    let key = Key::new("ASIASESSION");
    let session = |account: &str, policies: &[String]| {
        let principal = auth::Principal::RoleSession {
            account: account.parse().unwrap(),
            path: "/service-role/".to_owned(),
            role: "runner".to_owned(),
            session: "caller".to_owned(),
            id: "AROA1".to_owned(),
        };
        platform.people.set(&key, |_| {}, Identity { principal, ..user("runner", policies) });
        platform.identities.forget();
    };
    let role = |account: &str| format!("arn:aws:iam::{account}:role/service-role/runner");
    let named = |account: &str, name: &str| format!("arn:aws:sts::{account}:assumed-role/runner/{name}");
    for (principal, expected) in [
        (role(ACCOUNT), true),
        (named(ACCOUNT, "caller"), true),
        (named(ACCOUNT, "other"), false),
        (format!("arn:aws:iam::{ACCOUNT}:role/runner"), false),
        (role(NEIGHBOUR), false),
    ] {
        let statement = grant(json!({ "AWS": principal }), "lambda:InvokeFunction", ECHO);
        platform.share("echo", None, &[statement]).await;
        session(ACCOUNT, &[]);
        assert_eq!(invoked(&platform.invoke(ECHO, &key).await), expected, "{principal}");
    }
    // The last statement names the neighbour's role: its sessions need their own policies too.
    session(NEIGHBOUR, &[]);
    assert!(!invoked(&platform.invoke(ECHO, &key).await));
    session(NEIGHBOUR, &[allow("lambda:InvokeFunction", ECHO)]);
    assert!(invoked(&platform.invoke(ECHO, &key).await));
    assert!(!invoked(&platform.invoke(&format!("{ECHO}2"), &key).await));
}

#[tokio::test]
async fn a_call_across_accounts_is_recorded_with_its_caller_and_the_owners_resource() {
    let platform = Platform::start().await;
    platform.share("echo", None, &[grant(json!({ "AWS": NEIGHBOUR }), "lambda:GetFunction", ECHO)]).await;
    let target = format!("/2015-03-31/functions/{}", ECHO.replace(':', "%3A"));
    let call = Call::new("GET", &target, "lambda");
    assert_eq!(platform.call(&call, &platform.neighbour).await.status, 200);
    let records = platform.finish().await;
    let [record] = &records[..] else { panic!("{records:?}") };
    assert_eq!(
        (record.account.as_str(), record.principal.as_str()),
        (NEIGHBOUR, "arn:aws:iam::123456789012:root")
    );
    assert_eq!(record.resources, [ECHO]);
}

#[tokio::test]
async fn no_policy_passes_a_role_to_another_account() {
    let platform = Platform::start().await;
    platform.share("echo", None, &[grant(json!({ "AWS": NEIGHBOUR }), "lambda:*", ECHO)]).await;
    let configure = |body: Value| {
        let target = format!("/2015-03-31/functions/{}/configuration", ECHO.replace(':', "%3A"));
        Call::new("PUT", &target, "lambda").body(body.to_string())
    };
    assert_eq!(platform.call(&configure(json!({ "Timeout": 5 })), &platform.neighbour).await.status, 200);
    for owner in [ACCOUNT, NEIGHBOUR] {
        let role = format!("arn:aws:iam::{owner}:role/runner");
        let answer = platform.call(&configure(json!({ "Role": role })), &platform.neighbour).await;
        assert_eq!(answer.message(), "Cross-account pass role is not allowed.", "{role}");
    }
}

#[tokio::test]
async fn other_services_have_no_such_policies() {
    let platform = Platform::start().await;
    platform.share("echo", None, &[grant(json!("*"), "*", "*")]).await;
    let group = format!("arn:aws:logs:us-east-1:{ACCOUNT}:log-group:/aws/lambda/echo");
    let call = samples::request(
        samples::operation("logs", "FilterLogEvents"),
        &json!({ "logGroupIdentifier": group }),
    );
    assert_eq!(platform.call(&call, &platform.neighbour).await.code(), "AccessDeniedException");
}
