"""The execution role's session that a function holds: what it may, and every way in which it must be worth nothing."""

import json
import time

import pytest

from harness.clients import TRUST, Caller, error_of, unique

SHOW = """
import os
def handler(event, context):
    return [os.environ[name] for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")]
"""
NOBODY = "UnrecognizedClientException"


class Role:
    """An execution role of its own for one test."""

    def __init__(self, tenant):
        self.tenant, self.name = tenant, unique("role")
        self.create()

    def create(self):
        role = self.tenant.iam.create_role(RoleName=self.name, AssumeRolePolicyDocument=TRUST)["Role"]
        self.arn, self.id = role["Arn"], role["RoleId"]

    def may(self, actions, resources="*"):
        statement = {"Effect": "Allow", "Action": actions, "Resource": resources}
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        self.tenant.iam.put_role_policy(RoleName=self.name, PolicyName="p", PolicyDocument=document)

    def delete(self):
        for name in self.tenant.iam.list_role_policies(RoleName=self.name)["PolicyNames"]:
            self.tenant.iam.delete_role_policy(RoleName=self.name, PolicyName=name)
        self.tenant.iam.delete_role(RoleName=self.name)


@pytest.fixture
def role(tenant):
    return Role(tenant)


@pytest.fixture
def function(tenant, role):
    return tenant.deploy(SHOW, Role=role.arn)


def stolen(function):
    """What the function's environment holds, in the hands of somebody outside."""
    return Caller(function.tenant.platform, *function({}))


def code(client, **request):
    return error_of(client.list_functions, **request)[0]


def test_a_function_is_its_role(function, role):
    session = stolen(function)
    assert session.key.startswith("ASIA")
    who = session.sts.get_caller_identity()
    assert who["Arn"] == f"arn:aws:sts::123456789012:assumed-role/{role.name}/{function.name}"
    assert who["UserId"] == f"{role.id}:{function.name}"
    assert who["Account"] == "123456789012"


def test_it_may_what_its_role_may_at_this_moment(function, role, tenant):
    session = stolen(function)
    assert code(session.functions) == "AccessDeniedException"
    role.may("lambda:InvokeFunction", function.arn)
    assert function.invoke({}, client=session.functions).status == 200
    other = tenant.deploy()
    assert error_of(session.functions.invoke, FunctionName=other.name)[0] == "AccessDeniedException"
    calls = [
        (session.iam.list_users, {}),
        (session.iam.create_user, {"UserName": "eve"}),
        (session.iam.create_access_key, {"UserName": "eve"}),
        (session.iam.put_role_policy, {"RoleName": role.name, "PolicyName": "p", "PolicyDocument": TRUST}),
        (session.iam.attach_role_policy,
         {"RoleName": role.name, "PolicyArn": "arn:aws:iam::aws:policy/AdministratorAccess"}),
    ]
    for call, request in calls:
        status, message, _ = error_of(call, **request)
        assert status == "AccessDenied"
        assert f"assumed-role/{role.name}/{function.name} is not authorized to perform" in message
    role.may("lambda:GetFunction")
    assert error_of(session.functions.invoke, FunctionName=function.name)[0] == "AccessDeniedException"


def test_the_key_is_nothing_without_exactly_its_token(function, tenant):
    session = stolen(function)
    others = stolen(tenant.deploy(SHOW))
    changed = session.token[:-1] + ("A" if session.token[-1] != "A" else "B")
    for token in (None, others.token, changed, session.token[:-1], session.token + "A"):
        thief = Caller(tenant.platform, session.key, session.secret, token)
        assert code(thief.functions) == NOBODY
        assert error_of(thief.iam.list_users)[0] == "InvalidClientTokenId"
    guesser = Caller(tenant.platform, session.key, others.secret, session.token)
    assert code(guesser.functions) == "InvalidSignatureException"
    with_token = Caller(tenant.platform, tenant.key, tenant.secret, session.token)
    assert code(with_token.functions) == NOBODY
    assert session.sts.get_caller_identity()["Account"] == "123456789012"


def test_it_ends_with_its_environment(function, role):
    role.may("lambda:*")
    session = stolen(function)
    assert session.functions.list_functions()["Functions"]
    function.delete()
    deadline = time.monotonic() + 20
    while still(session):
        assert time.monotonic() < deadline, "the session outlived its function"
        time.sleep(0.1)
    assert code(session.functions) == NOBODY


def still(session):
    """Whether the session is good for anything."""
    try:
        session.functions.list_functions()
        return True
    except session.functions.exceptions.ClientError:
        return False


def test_it_ends_with_its_role_and_a_new_role_of_that_name_is_another(function, role):
    role.may("lambda:*")
    session = stolen(function)
    assert still(session)
    role.delete()
    assert code(session.functions) == NOBODY
    role.create()
    role.may("lambda:*")
    assert code(session.functions) == NOBODY


def test_another_account_is_reached_where_both_sides_allow_it(function, role, neighbour):
    theirs = neighbour.deploy()
    session = stolen(function)
    role.may("*")
    invoke = dict(FunctionName=theirs.arn, Payload=b'{"n": 1}')
    assert error_of(session.functions.invoke, **invoke)[0] == "AccessDeniedException"
    neighbour.functions.add_permission(
        FunctionName=theirs.name, StatementId="s", Action="lambda:InvokeFunction", Principal="123456789012"
    )
    assert json.loads(session.functions.invoke(**invoke)["Payload"].read()) == {"n": 1}
    role.may("lambda:GetFunction")
    assert error_of(session.functions.invoke, **invoke)[0] == "AccessDeniedException"
    assert error_of(session.functions.get_function, FunctionName=theirs.arn)[0] == "AccessDeniedException"


def test_each_environment_has_a_session_of_its_own(function, tenant):
    first = stolen(function)
    tenant.functions.update_function_configuration(FunctionName=function.name, Description="another")
    tenant.wait_updated(function.name)
    second = stolen(function)
    assert first.key != second.key and first.token != second.token
