"""The execution role at work: functions call the platform with credentials that they were given and nothing else."""

import json

import pytest

from harness.clients import TRUST, error_of, unique
from harness.packages import python
from harness.sdk import with_boto3

# Does what its event says, with an SDK that nobody configured, and tells who it is.
CALLS = """
import boto3, os
from botocore.exceptions import ClientError
def handler(event, context):
    client = boto3.client(event['service'])
    try:
        answer = getattr(client, event['call'])(**event.get('with', {}))
    except ClientError as error:
        return {'code': error.response['Error']['Code'], 'message': error.response['Error']['Message']}
    answer.pop('ResponseMetadata')
    if 'Payload' in answer:
        answer['Payload'] = answer['Payload'].read().decode()
    return answer
"""

KEY = """
import os
def handler(event, context):
    return os.environ['AWS_ACCESS_KEY_ID']
"""


class Role:
    """An execution role of a test's own."""

    def __init__(self, tenant):
        self.iam, self.name = tenant.iam, unique("role")
        self.arn = self.iam.create_role(RoleName=self.name, AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]

    def may(self, action, resource="*"):
        statement = {"Effect": "Allow", "Action": action, "Resource": resource}
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        self.iam.put_role_policy(RoleName=self.name, PolicyName="only", PolicyDocument=document)

    def may_nothing(self):
        self.iam.delete_role_policy(RoleName=self.name, PolicyName="only")

    def delete(self):
        self.iam.delete_role(RoleName=self.name)

    def replace(self, trust):
        """By another one of the same name."""
        self.delete()
        self.iam.create_role(RoleName=self.name, AssumeRolePolicyDocument=trust)


@pytest.fixture
def role(tenant):
    return Role(tenant)


def deploy(tenant, role, source=CALLS, **options):
    options = {"MemorySize": 512, "Timeout": 30, **options}
    code = with_boto3(source) if "boto3" in source else python(source)
    return tenant.deploy(code, Role=role.arn, **options)


@pytest.mark.limit(120)
def test_a_function_is_its_role_and_may_what_the_role_may(tenant, role):
    function, other = deploy(tenant, role), tenant.deploy()
    call = lambda service, call, **arguments: function({"service": service, "call": call, "with": arguments})
    session = f"arn:aws:sts::123456789012:assumed-role/{role.name}/{function.name}"
    identity = call("sts", "get_caller_identity")
    assert (identity["Arn"], identity["Account"]) == (session, "123456789012")
    assert identity["UserId"].endswith(f":{function.name}") and identity["UserId"].startswith("AROA")

    invoke = lambda: call("lambda", "invoke", FunctionName=other.name, Payload='{"a": 1}')
    denial = f"User: {session} is not authorized to perform: lambda:InvokeFunction on resource: {other.arn} "
    assert invoke()["code"] == "AccessDeniedException"
    assert invoke()["message"].startswith(denial)
    role.may("lambda:InvokeFunction", other.arn)
    assert json.loads(invoke()["Payload"]) == {"a": 1}, "from its next call on"
    assert call("lambda", "list_functions")["code"] == "AccessDeniedException"
    role.may("lambda:ListFunctions")
    assert invoke()["code"] == "AccessDeniedException", "from its next call on"
    names = [one["FunctionName"] for one in call("lambda", "list_functions")["Functions"]]
    assert names
    role.may_nothing()
    assert call("lambda", "list_functions")["code"] == "AccessDeniedException"


def test_a_role_that_is_gone_stops_cold_starts_only(tenant, role):
    function = deploy(tenant, role, KEY)
    function()
    role.delete()
    function()
    tenant.functions.update_function_configuration(FunctionName=function.name, Description="changed")
    tenant.wait_updated(function.name)
    message = "The role defined for the function cannot be assumed by Lambda."
    assert error_of(function.invoke, event={}) == ("AccessDeniedException", message, 403)


def test_a_role_that_does_not_trust_lambda_any_more(tenant, role):
    function = deploy(tenant, role, KEY)
    elsewhere = json.loads(TRUST)
    elsewhere["Statement"][0]["Principal"]["Service"] = "edgelambda.amazonaws.com"
    role.replace(json.dumps(elsewhere))
    assert error_of(function.invoke, event={})[0] == "AccessDeniedException"
    role.replace(TRUST)
    assert function().startswith("ASIA")
