//! GetCallerIdentity.

use crate::platform::Platform;

#[tokio::test]
async fn everybody_may_ask_who_they_are() {
    let platform = Platform::start().await;
    let answer = platform.owner.call("sts", "2011-06-15", "GetCallerIdentity", &[]).await;
    assert_eq!(answer.text("Arn"), "arn:aws:iam::000000000000:root");
    assert_eq!(answer.text("UserId"), "000000000000");
    let ana = platform.user("ana").await;
    let answer = ana.call("sts", "2011-06-15", "GetCallerIdentity", &[]).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(answer.text("Arn"), "arn:aws:iam::000000000000:user/ana");
    assert_eq!(answer.text("Account"), "000000000000");
    let user = platform.owner.ok("GetUser", &[("UserName", "ana")]).await;
    assert_eq!(answer.text("UserId"), user.text("UserId"));
}
