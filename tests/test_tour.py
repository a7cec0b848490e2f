"""Every operation that is built, through every client that people use: boto3, both versions of the AWS CLI and the
JavaScript SDK.

The stories are the same for all of them. The last test of each client compares what was called with `models/*.ops`, so
that a newly built operation that no story calls fails it.
"""

import base64
import json
import os
import sys
from pathlib import Path

import pytest

from harness.clients import TRUST, Caller, eventually, unique
from harness.packages import package, python
from harness.platform import FIRST
from harness.tongues import Boto, CommandLine, JavaScript, Refused, interpreter_of

MODELS = Path(__file__).resolve().parent.parent / "models"
CODE = "import os\n\n\ndef handler(event, context):\n    print('heard', event)\n    return {{'answer': {0}, 'version': context.function_version}}\n"


@pytest.fixture(scope="module", params=["boto3", "javascript", "cli1", "cli2"])
def tongue(request, platform, tmp_path_factory):
    one = speak(request.param, platform, tmp_path_factory.mktemp("cli"))
    yield one
    one.close()


def speak(name, platform, folder):
    if name == "boto3":
        return Boto(Caller(platform, FIRST.key, FIRST.secret))
    if name == "javascript":
        modules = os.environ.get("LAMBENT_TEST_NODE_MODULES")
        if not modules:
            pytest.skip("the JavaScript SDK is not installed")
        return JavaScript(platform, FIRST.key, FIRST.secret, modules)
    if name == "cli1":
        return CommandLine(sys.executable, 1, platform, FIRST.key, FIRST.secret, folder)
    aws = os.environ.get("LAMBENT_TEST_AWS2")
    if not aws:
        pytest.skip("version 2 of the AWS CLI is not installed")
    return CommandLine(interpreter_of(aws), 2, platform, FIRST.key, FIRST.secret, folder)


def refused(tongue, code, service, operation, **members):
    with pytest.raises(Refused) as caught:
        tongue(service, operation, **members)
    assert caught.value.code.startswith(code), caught.value
    return caught.value.message


def whole(tongue, service, operation, members, given, returned, **options):
    """Every page of a list."""
    found, marker = [], None
    while True:
        answer = tongue(service, operation, **options, **({given: marker} if marker else {}))
        found += answer[members]
        marker = answer.get(returned)
        if not marker:
            return found


@pytest.fixture
def role(tongue):
    answer = tongue("iam", "CreateRole", RoleName=unique("tour"), AssumeRolePolicyDocument=TRUST)
    return answer["Role"]["Arn"]


@pytest.fixture
def function(tongue, tenant, role):
    name = unique("tour")
    tongue(
        "lambda", "CreateFunction", FunctionName=name, Runtime=tenant.runtime, Handler="app.handler", Role=role,
        Code={"ZipFile": python(CODE.format(1))}, Tags={"team": "blue"}, Timeout=10,
    )
    active(tongue, name)
    return name


def active(tongue, name):
    def settled():
        now = tongue("lambda", "GetFunctionConfiguration", FunctionName=name)
        return now["State"] == "Active" and now["LastUpdateStatus"] == "Successful"

    assert eventually(settled, 10, 0.05)


def invoke(tongue, name, **members):
    answer = tongue("lambda", "Invoke", FunctionName=name, Payload=b'{"n": 1}', **members)
    assert answer["StatusCode"] == 200 and "FunctionError" not in answer, answer
    return json.loads(answer["Payload"])


@pytest.mark.limit(180)
def test_a_functions_life(tongue, tenant, role, function):
    assert invoke(tongue, function) == {"answer": 1, "version": "$LATEST"}
    shown = tongue("lambda", "GetFunction", FunctionName=function)
    assert shown["Tags"] == {"team": "blue"} and shown["Code"]["Location"].startswith("http")
    tongue("lambda", "UpdateFunctionCode", FunctionName=function, ZipFile=python(CODE.format(2)))
    active(tongue, function)
    tongue("lambda", "UpdateFunctionConfiguration", FunctionName=function, Description="changed", MemorySize=256)
    active(tongue, function)
    assert invoke(tongue, function)["answer"] == 2
    tail = tongue("lambda", "Invoke", FunctionName=function, Payload=b"{}", LogType="Tail")["LogResult"]
    assert "heard" in base64.b64decode(tail).decode()
    signing = tongue("lambda", "GetFunctionCodeSigningConfig", FunctionName=function)
    assert signing["FunctionName"] == function and not signing.get("CodeSigningConfigArn")
    listed = whole(tongue, "lambda", "ListFunctions", "Functions", "Marker", "NextMarker")
    assert function in [one["FunctionName"] for one in listed]
    assert tongue("lambda", "GetAccountSettings")["AccountUsage"]["FunctionCount"] >= 1
    tongue("lambda", "DeleteFunction", FunctionName=function)
    refused(tongue, "ResourceNotFound", "lambda", "GetFunction", FunctionName=function)


@pytest.mark.limit(180)
def test_versions_and_aliases(tongue, function):
    first = tongue("lambda", "PublishVersion", FunctionName=function, Description="the first")
    assert (first["Version"], first["Description"]) == ("1", "the first")
    tongue("lambda", "UpdateFunctionCode", FunctionName=function, ZipFile=python(CODE.format(2)))
    active(tongue, function)
    assert tongue("lambda", "PublishVersion", FunctionName=function)["Version"] == "2"
    listed = tongue("lambda", "ListVersionsByFunction", FunctionName=function)["Versions"]
    assert [one["Version"] for one in listed] == ["$LATEST", "1", "2"]
    alias = tongue("lambda", "CreateAlias", FunctionName=function, Name="live", FunctionVersion="1")
    assert alias["AliasArn"].endswith(f":{function}:live")
    assert invoke(tongue, function, Qualifier="live") == {"answer": 1, "version": "1"}
    weights = {"AdditionalVersionWeights": {"2": 1.0}}
    tongue("lambda", "UpdateAlias", FunctionName=function, Name="live", RoutingConfig=weights)
    assert invoke(tongue, function, Qualifier="live") == {"answer": 2, "version": "2"}
    got = tongue("lambda", "GetAlias", FunctionName=function, Name="live")
    assert got["FunctionVersion"] == "1" and got["RoutingConfig"] == weights
    assert [one["Name"] for one in tongue("lambda", "ListAliases", FunctionName=function)["Aliases"]] == ["live"]
    refused(tongue, "ResourceConflict", "lambda", "DeleteFunction", FunctionName=function, Qualifier="1")
    tongue("lambda", "DeleteAlias", FunctionName=function, Name="live")
    tongue("lambda", "DeleteFunction", FunctionName=function, Qualifier="1")
    refused(tongue, "ResourceNotFound", "lambda", "GetFunction", FunctionName=function, Qualifier="1")
    assert invoke(tongue, f"{function}:2")["answer"] == 2


@pytest.mark.limit(180)
def test_layers(tongue, function):
    layer = unique("layer")
    content = package({"python/shared.py": "VALUE = 42\n"})
    made = tongue(
        "lambda", "PublishLayerVersion", LayerName=layer, Content={"ZipFile": content}, Description="shared",
        CompatibleRuntimes=["python3.11"],
    )
    arn = made["LayerVersionArn"]
    assert made["Version"] == 1 and made["Content"]["CodeSize"] == len(content)
    assert tongue("lambda", "GetLayerVersion", LayerName=layer, VersionNumber=1)["LayerVersionArn"] == arn
    assert tongue("lambda", "GetLayerVersionByArn", Arn=arn)["Description"] == "shared"
    listed = whole(tongue, "lambda", "ListLayers", "Layers", "Marker", "NextMarker")
    assert layer in [one["LayerName"] for one in listed]
    versions = tongue("lambda", "ListLayerVersions", LayerName=layer)["LayerVersions"]
    assert [one["Version"] for one in versions] == [1]
    code = "import shared\n\n\ndef handler(event, context):\n    return shared.VALUE\n"
    tongue("lambda", "UpdateFunctionCode", FunctionName=function, ZipFile=python(code))
    active(tongue, function)
    configured = tongue("lambda", "UpdateFunctionConfiguration", FunctionName=function, Layers=[arn])
    assert [one["Arn"] for one in configured["Layers"]] == [arn]
    active(tongue, function)
    assert invoke(tongue, function) == 42
    given = tongue(
        "lambda", "AddLayerVersionPermission", LayerName=layer, VersionNumber=1, StatementId="all",
        Action="lambda:GetLayerVersion", Principal="*",
    )
    assert json.loads(given["Statement"])["Sid"] == "all"
    policy = tongue("lambda", "GetLayerVersionPolicy", LayerName=layer, VersionNumber=1)["Policy"]
    assert json.loads(policy)["Statement"][0]["Principal"] == "*"
    tongue("lambda", "RemoveLayerVersionPermission", LayerName=layer, VersionNumber=1, StatementId="all")
    tongue("lambda", "DeleteLayerVersion", LayerName=layer, VersionNumber=1)
    refused(tongue, "ResourceNotFound", "lambda", "GetLayerVersion", LayerName=layer, VersionNumber=1)
    assert invoke(tongue, function) == 42, "a function keeps a layer version that was deleted"


@pytest.mark.limit(180)
def test_permissions_tags_and_concurrency(tongue, function):
    added = tongue(
        "lambda", "AddPermission", FunctionName=function, StatementId="bus", Action="lambda:InvokeFunction",
        Principal="events.amazonaws.com", SourceArn="arn:aws:events:us-east-1:123456789012:rule/nightly",
    )
    assert json.loads(added["Statement"])["Principal"] == {"Service": "events.amazonaws.com"}
    policy = json.loads(tongue("lambda", "GetPolicy", FunctionName=function)["Policy"])
    assert [statement["Sid"] for statement in policy["Statement"]] == ["bus"]
    tongue("lambda", "RemovePermission", FunctionName=function, StatementId="bus")
    refused(tongue, "ResourceNotFound", "lambda", "GetPolicy", FunctionName=function)
    arn = tongue("lambda", "GetFunctionConfiguration", FunctionName=function)["FunctionArn"]
    tongue("lambda", "TagResource", Resource=arn, Tags={"cost": "12"})
    assert tongue("lambda", "ListTags", Resource=arn)["Tags"] == {"team": "blue", "cost": "12"}
    tongue("lambda", "UntagResource", Resource=arn, TagKeys=["team"])
    assert tongue("lambda", "ListTags", Resource=arn)["Tags"] == {"cost": "12"}
    put = tongue(
        "lambda", "PutFunctionConcurrency", FunctionName=function, ReservedConcurrentExecutions=0
    )
    assert put["ReservedConcurrentExecutions"] == 0
    got = tongue("lambda", "GetFunctionConcurrency", FunctionName=function)
    assert got["ReservedConcurrentExecutions"] == 0
    refused(tongue, "TooManyRequests", "lambda", "Invoke", FunctionName=function, Payload=b"{}")
    tongue("lambda", "DeleteFunctionConcurrency", FunctionName=function)
    assert invoke(tongue, function)["answer"] == 1


@pytest.mark.limit(180)
def test_roles_and_their_policies(tongue):
    name, document = unique("tour"), json.dumps(ALLOW)
    tongue("iam", "CreateRole", RoleName=name, AssumeRolePolicyDocument=TRUST)
    assert tongue("iam", "GetRole", RoleName=name)["Role"]["RoleName"] == name
    listed = whole(tongue, "iam", "ListRoles", "Roles", "Marker", "Marker")
    assert name in [one["RoleName"] for one in listed]
    tongue("iam", "PutRolePolicy", RoleName=name, PolicyName="inline", PolicyDocument=document)
    assert tongue("iam", "ListRolePolicies", RoleName=name)["PolicyNames"] == ["inline"]
    assert tongue("iam", "GetRolePolicy", RoleName=name, PolicyName="inline")["PolicyName"] == "inline"
    policy = tongue("iam", "CreatePolicy", PolicyName=unique("tour"), PolicyDocument=document)["Policy"]["Arn"]
    assert tongue("iam", "GetPolicy", PolicyArn=policy)["Policy"]["DefaultVersionId"] == "v1"
    assert tongue("iam", "GetPolicyVersion", PolicyArn=policy, VersionId="v1")["PolicyVersion"]["IsDefaultVersion"]
    listed = whole(tongue, "iam", "ListPolicies", "Policies", "Marker", "Marker", Scope="Local")
    assert policy in [one["Arn"] for one in listed]
    tongue("iam", "AttachRolePolicy", RoleName=name, PolicyArn=policy)
    attached = tongue("iam", "ListAttachedRolePolicies", RoleName=name)["AttachedPolicies"]
    assert [one["PolicyArn"] for one in attached] == [policy]
    refused(tongue, "DeleteConflict", "iam", "DeleteRole", RoleName=name)
    tongue("iam", "DetachRolePolicy", RoleName=name, PolicyArn=policy)
    tongue("iam", "DeleteRolePolicy", RoleName=name, PolicyName="inline")
    tongue("iam", "DeletePolicy", PolicyArn=policy)
    tongue("iam", "DeleteRole", RoleName=name)
    refused(tongue, "NoSuchEntity", "iam", "GetRole", RoleName=name)


@pytest.mark.limit(180)
def test_users_and_their_keys(tongue):
    name, document = unique("tour"), json.dumps(ALLOW)
    tongue("iam", "CreateUser", UserName=name)
    assert tongue("iam", "GetUser", UserName=name)["User"]["UserName"] == name
    listed = whole(tongue, "iam", "ListUsers", "Users", "Marker", "Marker")
    assert name in [one["UserName"] for one in listed]
    key = tongue("iam", "CreateAccessKey", UserName=name)["AccessKey"]["AccessKeyId"]
    listed = tongue("iam", "ListAccessKeys", UserName=name)["AccessKeyMetadata"]
    assert [one["AccessKeyId"] for one in listed] == [key]
    tongue("iam", "PutUserPolicy", UserName=name, PolicyName="inline", PolicyDocument=document)
    assert tongue("iam", "GetUserPolicy", UserName=name, PolicyName="inline")["UserName"] == name
    assert tongue("iam", "ListUserPolicies", UserName=name)["PolicyNames"] == ["inline"]
    policy = tongue("iam", "CreatePolicy", PolicyName=unique("tour"), PolicyDocument=document)["Policy"]["Arn"]
    tongue("iam", "AttachUserPolicy", UserName=name, PolicyArn=policy)
    attached = tongue("iam", "ListAttachedUserPolicies", UserName=name)["AttachedPolicies"]
    assert [one["PolicyArn"] for one in attached] == [policy]
    tongue("iam", "DetachUserPolicy", UserName=name, PolicyArn=policy)
    tongue("iam", "DeletePolicy", PolicyArn=policy)
    tongue("iam", "DeleteUserPolicy", UserName=name, PolicyName="inline")
    tongue("iam", "DeleteAccessKey", UserName=name, AccessKeyId=key)
    tongue("iam", "DeleteUser", UserName=name)
    refused(tongue, "NoSuchEntity", "iam", "GetUser", UserName=name)


@pytest.mark.limit(180)
def test_logs_and_identity(tongue, function):
    assert tongue("sts", "GetCallerIdentity")["Account"] == FIRST.number
    invoke(tongue, function)
    group = f"/aws/lambda/{function}"

    def heard():
        groups = tongue("logs", "DescribeLogGroups", logGroupNamePrefix=group)["logGroups"]
        if not groups:
            return False
        events = tongue("logs", "FilterLogEvents", logGroupName=group, filterPattern="heard")["events"]
        return bool(events)

    assert eventually(heard, 10, 0.1)
    streams = tongue("logs", "DescribeLogStreams", logGroupName=group)["logStreams"]
    lines = tongue("logs", "GetLogEvents", logGroupName=group, logStreamName=streams[0]["logStreamName"])
    assert any("heard" in event["message"] for event in lines["events"])


@pytest.fixture
def queues(tongue):
    """A tongue that can talk to queues."""
    if not speaks_to_queues(tongue):
        pytest.skip("this AWS CLI is from before November 2023 and speaks the query protocol to SQS")
    return tongue


def speaks_to_queues(tongue):
    return not hasattr(tongue, "speaks_json_to_queues") or tongue.speaks_json_to_queues()


@pytest.mark.limit(180)
def test_queues(queues):
    tongue = queues
    name = unique("tour")
    url = tongue("sqs", "CreateQueue", QueueName=name, Attributes={"VisibilityTimeout": "30"}, tags={"team": "blue"})["QueueUrl"]
    assert tongue("sqs", "GetQueueUrl", QueueName=name)["QueueUrl"] == url
    assert tongue("sqs", "ListQueues", QueueNamePrefix=name)["QueueUrls"] == [url]
    tongue("sqs", "TagQueue", QueueUrl=url, Tags={"cost": "12"})
    tongue("sqs", "UntagQueue", QueueUrl=url, TagKeys=["team"])
    assert tongue("sqs", "ListQueueTags", QueueUrl=url)["Tags"] == {"cost": "12"}
    tongue("sqs", "AddPermission", QueueUrl=url, Label="share", AWSAccountIds=["123456789012"], Actions=["SendMessage"])
    shown = tongue("sqs", "GetQueueAttributes", QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert json.loads(shown["Policy"])["Statement"][0]["Sid"] == "share" and shown["VisibilityTimeout"] == "30"
    tongue("sqs", "RemovePermission", QueueUrl=url, Label="share")
    policy = json.dumps({"deadLetterTargetArn": shown["QueueArn"], "maxReceiveCount": 3})
    source = tongue("sqs", "CreateQueue", QueueName=f"{name}-source")["QueueUrl"]
    tongue("sqs", "SetQueueAttributes", QueueUrl=source, Attributes={"RedrivePolicy": policy})
    assert tongue("sqs", "ListDeadLetterSourceQueues", QueueUrl=url)["queueUrls"] == [source]
    tongue("sqs", "DeleteQueue", QueueUrl=source)
    refused(tongue, ("QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue"), "sqs", "GetQueueUrl", QueueName=f"{name}-source")
    tongue("sqs", "DeleteQueue", QueueUrl=url)


@pytest.mark.limit(180)
def test_messages(queues):
    tongue = queues
    url = tongue("sqs", "CreateQueue", QueueName=unique("tour"))["QueueUrl"]
    attributes = {"n": {"DataType": "Number", "StringValue": "1"}}
    sent = tongue("sqs", "SendMessage", QueueUrl=url, MessageBody="one", MessageAttributes=attributes)
    [got] = tongue("sqs", "ReceiveMessage", QueueUrl=url, MessageAttributeNames=["All"], WaitTimeSeconds=1)["Messages"]
    assert (got["Body"], got["MessageId"]) == ("one", sent["MessageId"])
    assert got["MD5OfMessageAttributes"] == sent["MD5OfMessageAttributes"]
    receipt = {"QueueUrl": url, "ReceiptHandle": got["ReceiptHandle"]}
    tongue("sqs", "ChangeMessageVisibility", **receipt, VisibilityTimeout=100)
    tongue("sqs", "DeleteMessage", **receipt)
    entries = [{"Id": str(nth), "MessageBody": str(nth)} for nth in range(3)]
    assert len(tongue("sqs", "SendMessageBatch", QueueUrl=url, Entries=entries)["Successful"]) == 3
    got = tongue("sqs", "ReceiveMessage", QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
    receipts = [{"Id": one["Body"], "ReceiptHandle": one["ReceiptHandle"]} for one in got]
    hidden = [{**one, "VisibilityTimeout": 100} for one in receipts]
    assert len(tongue("sqs", "ChangeMessageVisibilityBatch", QueueUrl=url, Entries=hidden)["Successful"]) == 3
    assert len(tongue("sqs", "DeleteMessageBatch", QueueUrl=url, Entries=receipts)["Successful"]) == 3
    tongue("sqs", "PurgeQueue", QueueUrl=url)
    tongue("sqs", "DeleteQueue", QueueUrl=url)


def test_every_built_operation_was_called(tongue):
    built = {(path.stem, name) for path in MODELS.glob("*.ops") for name in path.read_text().split()}
    if not speaks_to_queues(tongue):
        built = {(service, name) for service, name in built if service != "sqs"}
    assert built - tongue.spoken == set()


ALLOW = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "lambda:ListFunctions", "Resource": "*"}],
}
