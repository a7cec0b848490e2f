"""IAM as tools use it first: roles, users, keys and policies, and the errors around them."""

import json
import urllib.parse

from harness.clients import TRUST, error_of, unique

ALLOW = json.dumps(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "lambda:*", "Resource": "*"}]}
)


def test_a_role(tenant):
    name = unique("role")
    made = tenant.iam.create_role(RoleName=name, Path="/app/", AssumeRolePolicyDocument=TRUST, Description="runs")["Role"]
    assert made["Arn"] == f"arn:aws:iam::123456789012:role/app/{name}"
    assert made["RoleId"].startswith("AROA") and made["CreateDate"].tzinfo is not None
    kept = tenant.iam.get_role(RoleName=name)["Role"]
    assert (kept["RoleId"], kept["Description"]) == (made["RoleId"], "runs")
    assert kept["AssumeRolePolicyDocument"] == json.loads(TRUST)
    assert name in [role["RoleName"] for role in tenant.iam.list_roles(PathPrefix="/app/")["Roles"]]
    code, message, status = error_of(tenant.iam.create_role, RoleName=name, AssumeRolePolicyDocument=TRUST)
    assert (code, status) == ("EntityAlreadyExists", 409)
    assert message == f"Role with name {name} already exists."
    tenant.iam.put_role_policy(RoleName=name, PolicyName="inline", PolicyDocument=ALLOW)
    assert tenant.iam.list_role_policies(RoleName=name)["PolicyNames"] == ["inline"]
    assert tenant.iam.get_role_policy(RoleName=name, PolicyName="inline")["PolicyDocument"] == json.loads(ALLOW)
    code, _, status = error_of(tenant.iam.delete_role, RoleName=name)
    assert (code, status) == ("DeleteConflict", 409)
    tenant.iam.delete_role_policy(RoleName=name, PolicyName="inline")
    tenant.iam.delete_role(RoleName=name)
    code, message, status = error_of(tenant.iam.get_role, RoleName=name)
    assert (code, status) == ("NoSuchEntity", 404)
    assert message == f"The role with name {name} cannot be found."


def test_a_user_and_its_keys(tenant):
    name = unique("user")
    made = tenant.iam.create_user(UserName=name)["User"]
    assert made["Arn"] == f"arn:aws:iam::123456789012:user/{name}"
    assert name in [user["UserName"] for user in tenant.iam.list_users()["Users"]]
    first = tenant.iam.create_access_key(UserName=name)["AccessKey"]
    tenant.iam.create_access_key(UserName=name)
    code, _, status = error_of(tenant.iam.create_access_key, UserName=name)
    assert (code, status) == ("LimitExceeded", 409)
    listed = tenant.iam.list_access_keys(UserName=name)["AccessKeyMetadata"]
    assert len(listed) == 2 and all("SecretAccessKey" not in key for key in listed)
    assert first["AccessKeyId"].startswith("AKIA") and len(first["SecretAccessKey"]) == 40
    assert error_of(tenant.iam.delete_user, UserName=name)[0] == "DeleteConflict"
    for key in listed:
        tenant.iam.delete_access_key(UserName=name, AccessKeyId=key["AccessKeyId"])
    tenant.iam.delete_user(UserName=name)
    assert error_of(tenant.iam.get_user, UserName=name)[0] == "NoSuchEntity"


def test_a_managed_policy(tenant):
    name, role = unique("policy"), unique("role")
    policy = tenant.iam.create_policy(PolicyName=name, PolicyDocument=ALLOW)["Policy"]
    arn = policy["Arn"]
    assert arn == f"arn:aws:iam::123456789012:policy/{name}"
    version = tenant.iam.get_policy_version(PolicyArn=arn, VersionId=policy["DefaultVersionId"])["PolicyVersion"]
    assert version["Document"] == json.loads(ALLOW) and version["IsDefaultVersion"]
    tenant.iam.create_role(RoleName=role, AssumeRolePolicyDocument=TRUST)
    tenant.iam.attach_role_policy(RoleName=role, PolicyArn=arn)
    assert tenant.iam.get_policy(PolicyArn=arn)["Policy"]["AttachmentCount"] == 1
    attached = tenant.iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]
    assert attached == [{"PolicyName": name, "PolicyArn": arn}]
    assert error_of(tenant.iam.delete_policy, PolicyArn=arn)[0] == "DeleteConflict"
    assert error_of(tenant.iam.delete_role, RoleName=role)[0] == "DeleteConflict"
    tenant.iam.detach_role_policy(RoleName=role, PolicyArn=arn)
    tenant.iam.delete_role(RoleName=role)
    tenant.iam.delete_policy(PolicyArn=arn)
    assert error_of(tenant.iam.get_policy, PolicyArn=arn)[0] == "NoSuchEntity"


def test_pages_of_roles_survive_inserts(tenant):
    path = f"/{unique('page')}/"
    for letter in "bdfh":
        tenant.iam.create_role(RoleName=f"{path.strip('/')}-{letter}", Path=path, AssumeRolePolicyDocument=TRUST)
    seen, marker = [], {}
    while True:
        page = tenant.iam.list_roles(PathPrefix=path, MaxItems=1, **marker)
        seen += [role["RoleName"][-1] for role in page["Roles"]]
        if seen == ["b", "d"]:
            tenant.iam.create_role(RoleName=f"{path.strip('/')}-a", Path=path, AssumeRolePolicyDocument=TRUST)
        if not page["IsTruncated"]:
            break
        marker = {"Marker": page["Marker"]}
    assert seen == ["b", "d", "f", "h"]


def test_documents_travel_encoded(tenant):
    """The service answers policy documents percent-encoded; botocore decodes them. The raw form is checked here."""
    from harness.platform import FIRST
    from harness.signing import send, signed

    name = unique("role")
    tenant.iam.create_role(RoleName=name, AssumeRolePolicyDocument=TRUST)
    body = urllib.parse.urlencode({"Action": "GetRole", "Version": "2010-05-08", "RoleName": name}).encode()
    headers = {"content-type": "application/x-www-form-urlencoded"}
    sent = signed(tenant.platform, FIRST, "POST", "/", body, service="iam", headers=headers)
    answer = send(tenant.platform, "POST", "/", sent, body)
    assert answer.status == 200 and answer.headers["content-type"].startswith("text/xml")
    text = answer.body.decode()
    document = text.split("<AssumeRolePolicyDocument>")[1].split("</AssumeRolePolicyDocument>")[0]
    assert document.startswith("%7B") and json.loads(urllib.parse.unquote(document)) == json.loads(TRUST)


def test_a_name_that_breaks_the_rules(tenant):
    code, message, status = error_of(
        tenant.unchecked().iam.create_user, UserName="no spaces"
    )
    assert (code, status) == ("ValidationError", 400)
    assert "userName" in message


def test_accounts_keep_their_own_names(tenant, neighbour):
    name = unique("role")
    tenant.iam.create_role(RoleName=name, AssumeRolePolicyDocument=TRUST)
    assert error_of(neighbour.iam.get_role, RoleName=name)[0] == "NoSuchEntity"
    other = neighbour.iam.create_role(RoleName=name, AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
    assert other == f"arn:aws:iam::210987654321:role/{name}"
