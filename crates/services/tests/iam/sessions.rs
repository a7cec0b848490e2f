//! Sessions of execution roles: what they may do, and every way in which they must be worth nothing.

use crate::client::{Answer, Client};
use crate::platform::{Platform, TRUST, allow};
use auth::Directory;
use services::iam::{IamError, SessionCredentials};
use std::time::Duration;
use types::AccountId;

const RUNNER: &str = "arn:aws:iam::000000000000:role/runner";
const HOUR: Duration = Duration::from_secs(3600);
const NOBODY: (u16, &str) = (403, "InvalidClientTokenId");

impl Platform {
    async fn session(&self) -> SessionCredentials {
        self.iam.lambda_session(RUNNER, "echo", HOUR).await.unwrap().unwrap()
    }

    fn as_session(&self, session: &SessionCredentials) -> Client {
        let (access_key_id, secret) = (session.access_key_id.clone(), session.secret_access_key.clone());
        Client { access_key_id, secret, token: Some(session.session_token.clone()), ..self.owner.clone() }
    }

    /// Lets the role do this, and nothing else.
    async fn runner_may(&self, action: &str) {
        let put = [("RoleName", "runner"), ("PolicyName", "p"), ("PolicyDocument", &allow(action))];
        self.owner.ok("PutRolePolicy", &put).await;
    }
}

async fn who(client: &Client) -> Answer {
    client.call("sts", "2011-06-15", "GetCallerIdentity", &[]).await
}

async fn refusal(client: &Client) -> (u16, String) {
    let answer = who(client).await;
    (answer.status, answer.text("Code"))
}

fn is(refusal: &(u16, String), expected: (u16, &str)) -> bool {
    (refusal.0, refusal.1.as_str()) == expected
}

#[tokio::test]
async fn a_session_is_its_role_under_a_name_of_its_own() {
    let platform = Platform::start().await;
    let role = platform.role("runner").await;
    let session = platform.session().await;
    assert!(session.access_key_id.starts_with("ASIA") && session.access_key_id.len() == 20);
    let answer = who(&platform.as_session(&session)).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(answer.text("Arn"), "arn:aws:sts::000000000000:assumed-role/runner/echo");
    assert_eq!(answer.text("UserId"), format!("{}:echo", role.text("RoleId")));
    assert_eq!(answer.text("Account"), "000000000000");
}

#[tokio::test]
async fn it_may_what_the_role_may_now_and_nothing_more() {
    let platform = Platform::start().await;
    platform.role("runner").await;
    platform.runner_may("lambda:InvokeFunction").await;
    let session = platform.as_session(&platform.session().await);
    for action in ["ListUsers", "ListRoles", "CreateUser", "CreateAccessKey", "PutRolePolicy", "DeleteRole"] {
        let parameters = [
            ("UserName", "eve"),
            ("RoleName", "runner"),
            ("PolicyName", "p"),
            ("PolicyDocument", &allow("*")),
        ];
        let wanted: &[&str] = match action {
            "ListUsers" | "ListRoles" => &[],
            "CreateUser" | "CreateAccessKey" => &["UserName"],
            "DeleteRole" => &["RoleName"],
            _ => &["RoleName", "PolicyName", "PolicyDocument"],
        };
        let parameters: Vec<_> = parameters.into_iter().filter(|(name, _)| wanted.contains(name)).collect();
        let (status, code, message) = session.refused(action, &parameters).await;
        assert_eq!((status, code.as_str()), (403, "AccessDenied"), "{action}: {message}");
        assert!(
            message.starts_with("User: arn:aws:sts::000000000000:assumed-role/runner/echo is not authorized")
        );
    }
    platform.runner_may("iam:ListRoles").await;
    session.ok("ListRoles", &[]).await;
    platform.owner.ok("DeleteRolePolicy", &[("RoleName", "runner"), ("PolicyName", "p")]).await;
    assert_eq!(session.refused("ListRoles", &[]).await.0, 403);
}

#[tokio::test]
async fn the_key_is_worth_nothing_without_exactly_its_token() {
    let platform = Platform::start().await;
    platform.role("runner").await;
    let (session, other) = (platform.session().await, platform.session().await);
    let good = platform.as_session(&session);
    assert_eq!(who(&good).await.status, 200);
    let token = auth::ExposeSecret::expose_secret(&session.session_token).to_owned();
    let last = if token.ends_with('A') { "B" } else { "A" };
    let changed = format!("{}{last}", &token[..token.len() - 1]);
    let longer = format!("{token}A");
    let others = auth::ExposeSecret::expose_secret(&other.session_token).to_owned();
    for wrong in
        [None, Some(changed), Some(longer), Some(token[1..].to_owned()), Some(others), Some("A".to_owned())]
    {
        let client = Client { token: wrong.map(Into::into), ..good.clone() };
        assert!(is(&refusal(&client).await, NOBODY));
    }
    let of_root = Client { token: good.token.clone(), ..platform.owner.clone() };
    assert!(is(&refusal(&of_root).await, NOBODY), "a long-lived key with a token");
    let wrong_secret = Client { secret: other.secret_access_key.clone(), ..good.clone() };
    assert!(is(&refusal(&wrong_secret).await, (403, "SignatureDoesNotMatch")));
    assert_eq!(who(&good).await.status, 200);
}

#[tokio::test]
async fn it_ends_when_it_is_ended_and_when_its_time_is_over() {
    let platform = Platform::start().await;
    platform.role("runner").await;
    let (ended, expiring) = (platform.session().await, platform.session().await);
    let (first, second) = (platform.as_session(&ended), platform.as_session(&expiring));
    assert_eq!((who(&first).await.status, who(&second).await.status), (200, 200), "both are remembered now");
    platform.iam.end_session(&ended.access_key_id);
    assert!(is(&refusal(&first).await, NOBODY));
    assert_eq!(who(&second).await.status, 200);
    platform.clock.advance(HOUR);
    let late = Client { now: expiring.expires, ..second };
    let answer = who(&late).await;
    assert_eq!((answer.status, answer.text("Code").as_str()), (403, "ExpiredToken"));
    assert_eq!(answer.text("Message"), "The security token included in the request is expired");
}

#[tokio::test]
async fn it_ends_with_its_role_and_another_role_of_that_name_is_another() {
    let platform = Platform::start().await;
    platform.role("runner").await;
    platform.runner_may("iam:*").await;
    let session = platform.as_session(&platform.session().await);
    session.ok("ListRoles", &[]).await;
    platform.owner.ok("DeleteRolePolicy", &[("RoleName", "runner"), ("PolicyName", "p")]).await;
    platform.owner.ok("DeleteRole", &[("RoleName", "runner")]).await;
    assert!(is(&refusal(&session).await, NOBODY));
    platform.role("runner").await;
    platform.runner_may("iam:*").await;
    assert!(is(&refusal(&session).await, NOBODY));
    platform.as_session(&platform.session().await).ok("ListRoles", &[]).await;
}

#[tokio::test]
async fn only_a_role_that_trusts_lambda_is_assumed_and_only_by_its_whole_arn() {
    let platform = Platform::start().await;
    platform.role("runner").await;
    let other = TRUST.replace("lambda.", "ec2.");
    let create = [("RoleName", "other"), ("AssumeRolePolicyDocument", other.as_str())];
    platform.owner.ok("CreateRole", &create).await;
    let begun = async |arn: &str| platform.iam.lambda_session(arn, "echo", HOUR).await.unwrap().is_some();
    assert!(begun(RUNNER).await);
    for arn in [
        "arn:aws:iam::000000000000:role/other",
        "arn:aws:iam::000000000000:role/nobody",
        "arn:aws:iam::000000000000:role/x/runner",
        "arn:aws:iam::000000000000:role/Runner",
        "arn:aws:iam::123456789012:role/runner",
        "arn:aws:iam::000000000000:user/runner",
        "runner",
        "",
    ] {
        assert!(!begun(arn).await, "{arn}");
    }
    let odd = platform.iam.lambda_session(RUNNER, "a/b", HOUR).await;
    assert!(matches!(odd, Err(IamError::SessionName)));
}

#[tokio::test]
async fn it_reaches_nothing_of_another_account_and_does_not_outlive_the_process() {
    let mut platform = Platform::start().await;
    platform.role("runner").await;
    platform.runner_may("*").await;
    let neighbour: AccountId = "123456789012".parse().unwrap();
    let secret = "neighbour-secret-of-forty-characters-ok.";
    platform.iam.ensure_root_access_key(neighbour, "AKIANEIGHBOURNEIGHBO", secret.into()).await.unwrap();
    let theirs = platform.owner.with_key("AKIANEIGHBOURNEIGHBO", secret);
    let create = [("PolicyName", "theirs"), ("PolicyDocument", &allow("s3:*"))];
    let policy = theirs.ok("CreatePolicy", &create).await.text("Arn");
    theirs.ok("CreateRole", &[("RoleName", "theirs"), ("AssumeRolePolicyDocument", TRUST)]).await;
    let session = platform.as_session(&platform.session().await);
    let (status, code, message) = session.refused("GetPolicy", &[("PolicyArn", &policy)]).await;
    assert_eq!((status, code.as_str()), (403, "AccessDenied"), "{message}");
    assert!(message.contains("no resource-based policy allows"), "{message}");
    assert_eq!(session.refused("GetRole", &[("RoleName", "theirs")]).await.1, "NoSuchEntity");
    let restarted = platform.second().await;
    let orphan = Client { address: restarted.address, ..session };
    assert!(is(&refusal(&orphan).await, NOBODY));
}

#[tokio::test]
async fn an_ended_session_is_no_longer_in_the_directory() {
    let platform = Platform::start().await;
    platform.role("runner").await;
    let session = platform.session().await;
    let found = platform.iam.credential(&session.access_key_id).await.unwrap().unwrap();
    assert_eq!(found.expires, Some(session.expires));
    platform.iam.end_session(&session.access_key_id);
    platform.iam.end_session(&session.access_key_id);
    assert!(platform.iam.credential(&session.access_key_id).await.unwrap().is_none());
}
