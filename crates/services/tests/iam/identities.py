"""Runs identity calls with botocore against a Lambent that listens on the port in argv[1], at the time in argv[2].

Prints OK at the end; any other end is a failure.
"""

import datetime
import json
import sys

import botocore.auth
import botocore.session

PORT, MILLIS, KEY, SECRET = sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4]
NOW = datetime.datetime.fromtimestamp(MILLIS / 1000, datetime.timezone.utc)


def now(*_args, **kwargs):
    return NOW if not kwargs.get("remove_tzinfo", True) else NOW.replace(tzinfo=None)


botocore.auth.get_current_datetime = now


def client(name, key=KEY, secret=SECRET):
    return botocore.session.Session().create_client(
        name,
        region_name="us-east-1",
        endpoint_url=f"http://127.0.0.1:{PORT}",
        aws_access_key_id=key,
        aws_secret_access_key=secret,
        config=botocore.config.Config(retries={"total_max_attempts": 1}),
    )


def allow(action):
    statement = {"Effect": "Allow", "Action": action, "Resource": "*"}
    return {"Version": "2012-10-17", "Statement": [statement]}


TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "lambda.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ],
}

iam = client("iam")
role = iam.create_role(
    RoleName="runner",
    AssumeRolePolicyDocument=json.dumps(TRUST),
    Description="runs & <more>",
)["Role"]
assert role["AssumeRolePolicyDocument"] == TRUST, role
assert role["CreateDate"].year == NOW.year, role
iam.get_waiter("role_exists").wait(RoleName="runner")
shown = iam.get_role(RoleName="runner")["Role"]
assert shown["Description"] == "runs & <more>" and shown["RoleLastUsed"] == {}, shown

iam.put_role_policy(RoleName="runner", PolicyName="logs", PolicyDocument=json.dumps(allow("logs:*")))
document = iam.get_role_policy(RoleName="runner", PolicyName="logs")["PolicyDocument"]
assert document == allow("logs:*"), document
assert iam.list_role_policies(RoleName="runner")["PolicyNames"] == ["logs"]

policy = iam.create_policy(PolicyName="mine", PolicyDocument=json.dumps(allow("s3:*")))["Policy"]
assert policy["AttachmentCount"] == 0 and policy["IsAttachable"] is True, policy
iam.get_waiter("policy_exists").wait(PolicyArn=policy["Arn"])
iam.attach_role_policy(RoleName="runner", PolicyArn=policy["Arn"])
attached = iam.list_attached_role_policies(RoleName="runner")["AttachedPolicies"]
assert attached == [{"PolicyName": "mine", "PolicyArn": policy["Arn"]}], attached
version = iam.get_policy_version(PolicyArn=policy["Arn"], VersionId="v1")["PolicyVersion"]
assert version["Document"] == allow("s3:*") and version["IsDefaultVersion"] is True, version
pages = list(iam.get_paginator("list_policies").paginate(PaginationConfig={"PageSize": 3}))
names = [policy["PolicyName"] for page in pages for policy in page["Policies"]]
assert len(pages) > 3 and names[-1] == "mine" and len(names) == len(set(names)), names

try:
    iam.delete_policy(PolicyArn=policy["Arn"])
    raise AssertionError("an attached policy was deleted")
except iam.exceptions.DeleteConflictException as error:
    assert error.response["ResponseMetadata"]["HTTPStatusCode"] == 409, error.response
try:
    iam.create_role(RoleName="runner", AssumeRolePolicyDocument=json.dumps(TRUST))
    raise AssertionError("a role was created twice")
except iam.exceptions.EntityAlreadyExistsException as error:
    assert error.response["Error"]["Message"] == "Role with name runner already exists."
try:
    iam.get_role(RoleName="nobody")
    raise AssertionError("nobody was found")
except iam.exceptions.NoSuchEntityException:
    pass

iam.create_user(UserName="ana")
iam.get_waiter("user_exists").wait(UserName="ana")
key = iam.create_access_key(UserName="ana")["AccessKey"]
iam.put_user_policy(UserName="ana", PolicyName="all", PolicyDocument=json.dumps(allow("iam:*")))
ana = {"key": key["AccessKeyId"], "secret": key["SecretAccessKey"]}
who = client("sts", **ana).get_caller_identity()
assert who["Arn"] == "arn:aws:iam::000000000000:user/ana", who
theirs = client("iam", **ana)
assert theirs.get_user()["User"]["UserName"] == "ana"
keys = theirs.list_access_keys()["AccessKeyMetadata"]
assert [key["Status"] for key in keys] == ["Active"], keys

iam.detach_role_policy(RoleName="runner", PolicyArn=policy["Arn"])
iam.delete_policy(PolicyArn=policy["Arn"])
iam.delete_role_policy(RoleName="runner", PolicyName="logs")
iam.delete_role(RoleName="runner")
iam.delete_access_key(UserName="ana", AccessKeyId=key["AccessKeyId"])
iam.delete_user_policy(UserName="ana", PolicyName="all")
iam.delete_user(UserName="ana")
assert iam.list_users()["Users"] == [] and iam.list_roles()["Roles"] == []
print("OK")
