"""Who may do what: policies of users and of functions, within an account and across accounts, roles passed to functions, and
the words of a denial."""

import json

import pytest

from harness.clients import TRUST, Caller, error_of, unique
from harness.packages import ECHO, python

REGION_ACCOUNT = "us-east-1:123456789012"


class User(Caller):
    """An IAM user with an access key and inline policies."""

    def __init__(self, tenant, path="/"):
        self.tenant, self.name = tenant, unique("user")
        tenant.iam.create_user(UserName=self.name, Path=path)
        key = tenant.iam.create_access_key(UserName=self.name)["AccessKey"]
        super().__init__(tenant.platform, key["AccessKeyId"], key["SecretAccessKey"])
        self.arn = f"arn:aws:iam::123456789012:user{path}{self.name}"

    def may(self, actions, resources="*", effect="Allow", name=None):
        """Puts an inline policy with one statement."""
        statement = {"Effect": effect, "Action": actions, "Resource": resources}
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        name = name or unique("policy")
        self.tenant.iam.put_user_policy(UserName=self.name, PolicyName=name, PolicyDocument=document)
        return name


@pytest.fixture
def user(tenant):
    return User(tenant)


def denied(user, action, resource, explicit=False):
    reason = (
        "with an explicit deny in an identity-based policy"
        if explicit
        else f"because no identity-based policy allows the {action} action"
    )
    return f"User: {user.arn} is not authorized to perform: {action} on resource: {resource} {reason}"


def test_a_new_user_may_nothing(user, tenant):
    function = tenant.deploy()
    code, message, status = error_of(user.functions.invoke, FunctionName=function.name)
    assert (code, status) == ("AccessDeniedException", 403)
    assert message == denied(user, "lambda:InvokeFunction", function.arn)
    assert error_of(user.functions.list_functions)[1] == denied(user, "lambda:ListFunctions", "*")
    code, message, status = error_of(user.iam.list_users)
    assert (code, status) == ("AccessDenied", 403)
    assert message.startswith(f"User: {user.arn} is not authorized to perform: iam:ListUsers on resource: ")


def test_everyone_may_ask_who_they_are(user):
    answer = user.sts.get_caller_identity()
    assert (answer["Arn"], answer["Account"]) == (user.arn, "123456789012")
    assert answer["UserId"].startswith("AIDA")


def test_a_path_is_part_of_the_name(tenant):
    user = User(tenant, "/team/one/")
    assert user.sts.get_caller_identity()["Arn"] == user.arn


def test_one_function_is_allowed_and_its_neighbour_is_not(user, tenant):
    mine, other = tenant.deploy(), tenant.deploy()
    user.may("lambda:InvokeFunction", mine.arn)
    assert mine.invoke({"a": 1}, client=user.functions).value == {"a": 1}
    assert error_of(user.functions.invoke, FunctionName=other.name)[0] == "AccessDeniedException"
    assert error_of(user.functions.get_function, FunctionName=mine.name)[0] == "AccessDeniedException"


def test_wildcards(user, tenant):
    name = unique("orders")
    function = tenant.deploy(name=name)
    user.may(["lambda:Get*", "lambda:Invoke?unction"], f"arn:aws:lambda:*:123456789012:function:orders-*")
    assert function.invoke({}, client=user.functions).value == {}
    assert user.functions.get_function_configuration(FunctionName=name)["FunctionName"] == name
    assert error_of(user.functions.delete_function, FunctionName=name)[0] == "AccessDeniedException"


def test_an_explicit_deny_wins(user, tenant):
    function = tenant.deploy()
    user.may("lambda:*")
    assert function.invoke({}, client=user.functions).value == {}
    policy = user.may("lambda:InvokeFunction", function.arn, effect="Deny")
    code, message, _ = error_of(user.functions.invoke, FunctionName=function.name)
    assert code == "AccessDeniedException"
    assert message == denied(user, "lambda:InvokeFunction", function.arn, explicit=True)
    tenant.iam.delete_user_policy(UserName=user.name, PolicyName=policy)
    assert function.invoke({}, client=user.functions).value == {}


def test_a_policy_taken_away_stops_at_the_next_request(user, tenant):
    function = tenant.deploy()
    for _ in range(10):
        policy = user.may("lambda:InvokeFunction")
        assert function.invoke({}, client=user.functions).status == 200
        tenant.iam.delete_user_policy(UserName=user.name, PolicyName=policy)
        assert error_of(user.functions.invoke, FunctionName=function.name)[0] == "AccessDeniedException"


def test_attached_policies_count_like_inline_ones(user, tenant):
    function = tenant.deploy()
    statement = [{"Effect": "Allow", "Action": "lambda:InvokeFunction", "Resource": function.arn}]
    document = json.dumps({"Version": "2012-10-17", "Statement": statement})
    arn = tenant.iam.create_policy(PolicyName=unique("policy"), PolicyDocument=document)["Policy"]["Arn"]
    tenant.iam.attach_user_policy(UserName=user.name, PolicyArn=arn)
    assert function.invoke({}, client=user.functions).status == 200
    tenant.iam.detach_user_policy(UserName=user.name, PolicyArn=arn)
    assert error_of(user.functions.invoke, FunctionName=function.name)[0] == "AccessDeniedException"
    tenant.iam.delete_policy(PolicyArn=arn)


def test_what_a_policy_says_that_is_not_understood_denies(user, tenant):
    function = tenant.deploy()
    statement = {
        "Effect": "Allow",
        "Action": "lambda:InvokeFunction",
        "Resource": "*",
        "Condition": {"NoSuchOperator": {"aws:SourceIp": "127.0.0.1"}},
    }
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    try:
        tenant.iam.put_user_policy(UserName=user.name, PolicyName="odd", PolicyDocument=document)
    except tenant.iam.exceptions.MalformedPolicyDocumentException:
        pass
    assert error_of(user.functions.invoke, FunctionName=function.name)[0] == "AccessDeniedException"


def test_a_malformed_policy_is_refused(user, tenant):
    code, _, status = error_of(
        tenant.iam.put_user_policy, UserName=user.name, PolicyName="broken", PolicyDocument="{not json"
    )
    assert (code, status) == ("MalformedPolicyDocument", 400)


def test_permission_comes_before_validation_and_existence(user):
    resource = f"arn:aws:lambda:{REGION_ACCOUNT}:function:nobody"
    code, message, _ = error_of(user.functions.get_function, FunctionName="nobody")
    assert (code, message) == ("AccessDeniedException", denied(user, "lambda:GetFunction", resource))


def create(user, role, name):
    return dict(
        FunctionName=name, Runtime=user.tenant.runtime, Handler="app.handler", Role=role,
        Code={"ZipFile": python(ECHO)},
    )


def test_a_role_must_be_passed(user, tenant):
    name = unique()
    user.may("lambda:*")
    code, message, status = error_of(user.functions.create_function, **create(user, tenant.role, name))
    assert (code, status) == ("AccessDeniedException", 403)
    assert message == denied(user, "iam:PassRole", tenant.role)
    assert error_of(tenant.functions.get_function, FunctionName=name)[0] == "ResourceNotFoundException"
    user.may("iam:PassRole", tenant.role)
    assert user.functions.create_function(**create(user, tenant.role, name))["FunctionName"] == name
    other = tenant.iam.create_role(RoleName=unique("role"), AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
    tenant.wait_active(name)
    code, message, _ = error_of(user.functions.update_function_configuration, FunctionName=name, Role=other)
    assert (code, message) == ("AccessDeniedException", denied(user, "iam:PassRole", other))


@pytest.mark.parametrize("principal", [{"Service": "ec2.amazonaws.com"}, {"AWS": "arn:aws:iam::123456789012:root"}])
def test_a_role_must_trust_lambda(tenant, principal):
    trust = {"Version": "2012-10-17",
             "Statement": [{"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}]}
    role = tenant.iam.create_role(RoleName=unique("role"), AssumeRolePolicyDocument=json.dumps(trust))
    request = dict(FunctionName=unique(), Runtime=tenant.runtime, Handler="app.handler", Code={"ZipFile": python(ECHO)})
    code, message, status = error_of(tenant.functions.create_function, Role=role["Role"]["Arn"], **request)
    assert (code, status) == ("InvalidParameterValueException", 400)
    assert message == "The role defined for the function cannot be assumed by Lambda."


def test_a_role_that_does_not_exist(tenant):
    request = dict(FunctionName=unique(), Runtime=tenant.runtime, Handler="app.handler", Code={"ZipFile": python(ECHO)})
    role = "arn:aws:iam::123456789012:role/nobody"
    code, message, _ = error_of(tenant.functions.create_function, Role=role, **request)
    assert code == "InvalidParameterValueException"
    assert message == "The role defined for the function cannot be assumed by Lambda."


def test_another_accounts_user_gets_nothing(tenant, neighbour, user):
    theirs = neighbour.deploy()
    user.may("lambda:*")
    user.may("iam:*")
    code, _, status = error_of(user.functions.invoke, FunctionName=theirs.arn)
    assert (code, status) == ("AccessDeniedException", 403)
    code, _, _ = error_of(user.functions.delete_function, FunctionName=theirs.arn)
    assert code == "AccessDeniedException"
    assert theirs({"still": "here"}) == {"still": "here"}


def test_a_dry_run_checks_the_permission_only(user, tenant):
    function = tenant.deploy("raise RuntimeError('must not start')\n")
    code, _, _ = error_of(user.functions.invoke, FunctionName=function.name, InvocationType="DryRun")
    assert code == "AccessDeniedException"
    user.may("lambda:InvokeFunction")
    answer = user.functions.invoke(FunctionName=function.name, InvocationType="DryRun")
    assert answer["StatusCode"] == 204 and answer["Payload"].read() == b""


def share(function, principal, action="lambda:InvokeFunction", **more):
    """Adds a statement to the function's policy; gives its name."""
    sid = unique("sid")
    function.tenant.functions.add_permission(
        FunctionName=function.name, StatementId=sid, Action=action, Principal=principal, **more
    )
    return sid


def test_within_the_account_the_functions_policy_is_enough(user, tenant):
    function = tenant.deploy()
    sid = share(function, user.arn)
    assert function.invoke({"a": 1}, client=user.functions).value == {"a": 1}
    assert error_of(user.functions.get_function, FunctionName=function.name)[0] == "AccessDeniedException"
    user.may("lambda:*", function.arn, effect="Deny", name="never")
    _, message, _ = error_of(user.functions.invoke, FunctionName=function.name)
    assert message == denied(user, "lambda:InvokeFunction", function.arn, explicit=True)
    tenant.iam.delete_user_policy(UserName=user.name, PolicyName="never")
    tenant.functions.remove_permission(FunctionName=function.name, StatementId=sid)
    assert error_of(user.functions.invoke, FunctionName=function.name)[0] == "AccessDeniedException"


def test_an_account_that_is_named_decides_itself_who_of_it_may(user, tenant):
    function = tenant.deploy()
    share(function, tenant.account.number)
    assert error_of(user.functions.invoke, FunctionName=function.name)[0] == "AccessDeniedException"


def test_across_accounts_both_must_allow_it(user, neighbour):
    theirs = neighbour.deploy()
    user.may("lambda:InvokeFunction", theirs.arn)
    code, message, status = error_of(user.functions.invoke, FunctionName=theirs.arn)
    assert (code, status) == ("AccessDeniedException", 403)
    assert message == (
        f"User: {user.arn} is not authorized to perform: lambda:InvokeFunction on resource: {theirs.arn}"
        " because no resource-based policy allows the lambda:InvokeFunction action"
    )
    share(theirs, user.tenant.account.number)
    answer = user.functions.invoke(FunctionName=theirs.arn, Payload=b'{"over": "there"}')
    assert json.loads(answer["Payload"].read()) == {"over": "there"}
    nobody = User(user.tenant)
    code, message, _ = error_of(nobody.functions.invoke, FunctionName=theirs.arn)
    assert (code, message) == ("AccessDeniedException", denied(nobody, "lambda:InvokeFunction", theirs.arn))
    assert error_of(user.functions.delete_function, FunctionName=theirs.arn)[0] == "AccessDeniedException"


def test_the_owner_of_another_account_needs_the_functions_policy_only(tenant, neighbour):
    theirs = neighbour.deploy()
    assert error_of(tenant.functions.invoke, FunctionName=theirs.arn)[0] == "AccessDeniedException"
    for principal in (tenant.account.number, f"arn:aws:iam::{tenant.account.number}:root", "*"):
        sid = share(theirs, principal)
        answer = tenant.functions.invoke(FunctionName=theirs.arn, Payload=b"{}")
        assert answer["StatusCode"] == 200
        neighbour.functions.remove_permission(FunctionName=theirs.name, StatementId=sid)
        assert error_of(tenant.functions.invoke, FunctionName=theirs.arn)[0] == "AccessDeniedException"


def test_access_that_is_taken_away_stops_at_the_next_request(tenant, neighbour):
    theirs = neighbour.deploy()
    for _ in range(20):
        sid = share(theirs, tenant.account.number)
        assert tenant.functions.invoke(FunctionName=theirs.arn, Payload=b"{}")["StatusCode"] == 200
        neighbour.functions.remove_permission(FunctionName=theirs.name, StatementId=sid)
        assert error_of(tenant.functions.invoke, FunctionName=theirs.arn)[0] == "AccessDeniedException"


def test_what_is_shared_is_the_owners_still(tenant, neighbour):
    theirs = neighbour.deploy()
    share(theirs, tenant.account.number, "lambda:GetFunctionConfiguration")
    share(theirs, tenant.account.number, "lambda:UpdateFunctionConfiguration")
    shown = tenant.functions.get_function_configuration(FunctionName=theirs.arn)
    assert shown["FunctionArn"] == theirs.arn
    tenant.functions.update_function_configuration(FunctionName=theirs.arn, Timeout=7)
    neighbour.wait_updated(theirs.name)
    assert neighbour.functions.get_function_configuration(FunctionName=theirs.name)["Timeout"] == 7
    for role in (tenant.role, neighbour.role):
        code, message, _ = error_of(
            tenant.functions.update_function_configuration, FunctionName=theirs.arn, Role=role
        )
        assert (code, message) == ("AccessDeniedException", "Cross-account pass role is not allowed.")
    code, _, _ = error_of(tenant.functions.get_function_configuration, FunctionName=theirs.name)
    assert code == "ResourceNotFoundException"


def test_a_condition_on_the_source_lets_no_user_in(user, tenant):
    function = tenant.deploy()
    share(function, user.arn, SourceArn="arn:aws:s3:::bucket")
    assert error_of(user.functions.invoke, FunctionName=function.name)[0] == "AccessDeniedException"


def test_tags_are_shown_to_those_who_may_list_them(user, tenant):
    function = tenant.deploy(Tags={"team": "blue"})
    assert tenant.functions.get_function(FunctionName=function.name)["Tags"] == {"team": "blue"}
    user.may("lambda:GetFunction", function.arn)
    shown = user.functions.get_function(FunctionName=function.name)
    assert "Tags" not in shown
    user.may("lambda:ListTags", function.arn)
    assert user.functions.get_function(FunctionName=function.name)["Tags"] == {"team": "blue"}
