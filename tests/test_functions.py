"""Functions as the API keeps them: life, revisions, listing, names, limits; through boto3."""

import base64
import hashlib
import urllib.error
import urllib.request

import pytest

from harness.clients import error_of, eventually, unique
from harness.packages import ECHO, package, python


def test_create_answers_with_the_whole_configuration(tenant):
    code, name = python(ECHO), unique()
    made = tenant.functions.create_function(
        FunctionName=name,
        Runtime=tenant.runtime,
        Handler="app.handler",
        Role=tenant.role,
        Code={"ZipFile": code},
        Description="says what it hears",
        Timeout=7,
        MemorySize=256,
        Environment={"Variables": {"STAGE": "tést"}},
    )
    assert made["ResponseMetadata"]["HTTPStatusCode"] == 201
    assert made["FunctionArn"] == f"arn:aws:lambda:us-east-1:123456789012:function:{name}"
    assert made["CodeSha256"] == base64.b64encode(hashlib.sha256(code).digest()).decode()
    assert made["CodeSize"] == len(code)
    assert (made["State"], made["Version"], made["PackageType"]) == ("Pending", "$LATEST", "Zip")
    assert made["Environment"]["Variables"] == {"STAGE": "tést"}
    assert made["EphemeralStorage"] == {"Size": 512}
    assert made["Architectures"] in (["x86_64"], ["arm64"])
    assert made["TracingConfig"] == {"Mode": "PassThrough"}
    assert made["LastModified"].endswith("+0000")
    tenant.wait_active(name)
    kept = tenant.functions.get_function_configuration(FunctionName=name)
    assert (kept["State"], kept["LastUpdateStatus"]) == ("Active", "Successful")
    for member in ("FunctionArn", "CodeSha256", "Timeout", "MemorySize", "Description", "Handler", "Role"):
        assert kept[member] == made[member]


def test_defaults_are_the_services(tenant):
    function = tenant.deploy(Timeout=3)
    kept = tenant.functions.get_function_configuration(FunctionName=function.name)
    assert (kept["MemorySize"], kept["Timeout"], kept["Description"]) == (128, 3, "")
    assert kept["LoggingConfig"] == {"LogFormat": "Text", "LogGroup": f"/aws/lambda/{function.name}"}


def test_the_code_location_downloads_exactly_the_zip(tenant):
    code = python(ECHO)
    function = tenant.deploy(code)
    answer = tenant.functions.get_function(FunctionName=function.name)
    assert answer["Code"]["RepositoryType"] == "S3"
    with urllib.request.urlopen(answer["Code"]["Location"], timeout=10) as download:
        assert download.read() == code
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(answer["Code"]["Location"][:-4] + "0000", timeout=10)
    assert caught.value.code == 403


def test_a_second_function_of_one_name_is_refused(tenant):
    function = tenant.deploy()
    code, message, status = error_of(
        tenant.functions.create_function,
        FunctionName=function.name,
        Runtime=tenant.runtime,
        Handler="app.handler",
        Role=tenant.role,
        Code={"ZipFile": python(ECHO)},
    )
    assert (code, status) == ("ResourceConflictException", 409)
    assert message == f"Function already exist: {function.name}"


def test_revisions_change_and_stale_ones_are_refused(tenant):
    function = tenant.deploy()
    before = tenant.functions.get_function_configuration(FunctionName=function.name)["RevisionId"]
    update = tenant.functions.update_function_configuration
    after = update(FunctionName=function.name, Timeout=9, RevisionId=before)["RevisionId"]
    assert after != before
    code, message, status = error_of(update, FunctionName=function.name, Timeout=11, RevisionId=before)
    assert (code, status) == ("PreconditionFailedException", 412)
    assert message == (
        "The Revision Id provided does not match the latest Revision Id. "
        "Call the GetFunction/GetAlias API to retrieve the latest Revision Id"
    )
    tenant.wait_updated(function.name)
    code, _, _ = error_of(
        tenant.functions.update_function_code, FunctionName=function.name, ZipFile=python(ECHO), RevisionId=before
    )
    assert code == "PreconditionFailedException"
    assert tenant.functions.get_function_configuration(FunctionName=function.name)["Timeout"] == 9


def test_updates_take_effect(tenant):
    function = tenant.deploy("def handler(event, context):\n    import os\n    return os.environ.get('STAGE')\n")
    assert function() is None
    tenant.functions.update_function_configuration(
        FunctionName=function.name, Environment={"Variables": {"STAGE": "two"}}
    )
    tenant.wait_updated(function.name)
    assert function() == "two"
    other = python("def handler(event, context):\n    return 'new code'\n")
    tenant.functions.update_function_code(FunctionName=function.name, ZipFile=other)
    tenant.wait_updated(function.name)
    assert function() == "new code"


def test_a_dry_run_of_an_update_changes_nothing(tenant):
    function = tenant.deploy()
    other = python("def handler(event, context):\n    return 'new'\n")
    answer = tenant.functions.update_function_code(FunctionName=function.name, ZipFile=other, DryRun=True)
    assert answer["CodeSha256"] == base64.b64encode(hashlib.sha256(other).digest()).decode()
    assert function({"still": "old"}) == {"still": "old"}


def test_pages_survive_inserts(tenant):
    prefix = unique("page")
    names = [f"{prefix}-{letter}" for letter in "bdfhj"]
    for name in names:
        tenant.deploy(name=name)
    seen, marker = [], None
    while True:
        page = tenant.functions.list_functions(MaxItems=2, **({"Marker": marker} if marker else {}))
        seen += [one["FunctionName"] for one in page["Functions"]]
        assert len(page["Functions"]) <= 2
        if seen and seen[-1] == names[1]:
            tenant.deploy(name=f"{prefix}-a")
            tenant.deploy(name=f"{prefix}-g")
        marker = page.get("NextMarker")
        if not marker:
            break
    ours = [name for name in seen if name.startswith(prefix)]
    assert [name for name in ours if name in names] == names
    assert len(seen) == len(set(seen))
    assert f"{prefix}-a" not in ours[2:]


def test_a_forged_marker_is_refused(tenant):
    code, _, status = error_of(tenant.functions.list_functions, Marker="not-a-marker")
    assert (code, status) == ("InvalidParameterValueException", 400)


def test_every_form_of_a_name_means_the_same_function(tenant):
    function = tenant.deploy()
    get = tenant.functions.get_function_configuration
    for form in (function.name, f"123456789012:function:{function.name}", function.arn, f"{function.arn}:$LATEST"):
        assert get(FunctionName=form)["FunctionName"] == function.name
    assert get(FunctionName=function.name, Qualifier="$LATEST")["Version"] == "$LATEST"
    code, message, _ = error_of(get, FunctionName=f"{function.name}:one", Qualifier="two")
    assert code == "InvalidParameterValueException"
    assert message == "The derived qualifier from the function name does not match the specified qualifier."


def test_an_unknown_function_or_qualifier(tenant):
    code, message, status = error_of(tenant.functions.get_function, FunctionName="nobody")
    assert (code, status) == ("ResourceNotFoundException", 404)
    assert message == "Function not found: arn:aws:lambda:us-east-1:123456789012:function:nobody"
    function = tenant.deploy()
    code, message, status = error_of(tenant.functions.invoke, FunctionName=function.name, Qualifier="blue")
    assert (code, status) == ("ResourceNotFoundException", 404)
    assert message == f"Function not found: {function.arn}:blue"


@pytest.mark.parametrize(
    "member, value, constraint",
    [
        ("Timeout", 901, "Value '901' at 'timeout' failed to satisfy constraint: "
                         "Member must have value less than or equal to 900"),
        ("MemorySize", 64, "Value '64' at 'memorySize' failed to satisfy constraint: "
                           "Member must have value greater than or equal to 128"),
        ("MemorySize", 10241, "Value '10241' at 'memorySize' failed to satisfy constraint: "
                              "Member must have value less than or equal to 10240"),
    ],
)
def test_values_out_of_range(tenant, member, value, constraint):
    name = unique()
    code, message, status = error_of(
        tenant.unchecked().functions.create_function,
        FunctionName=name, Runtime=tenant.runtime, Handler="app.handler", Role=tenant.role,
        Code={"ZipFile": python(ECHO)}, **{member: value},
    )
    assert (code, message, status) == ("ValidationException", f"1 validation error detected: {constraint}", 400)
    assert error_of(tenant.functions.get_function, FunctionName=name)[0] == "ResourceNotFoundException"


def test_two_violations_are_reported_together(tenant):
    code, message, _ = error_of(
        tenant.unchecked().functions.create_function,
        FunctionName="no spaces", Runtime=tenant.runtime, Handler="app.handler", Role=tenant.role,
        Code={"ZipFile": python(ECHO)}, Timeout=0,
    )
    assert code == "ValidationException"
    assert message.startswith("2 validation errors detected: ") and "; " in message


def test_an_unknown_runtime_names_those_that_exist(tenant):
    assert any(name.startswith("python3.") for name in tenant.runtimes())
    assert {"provided.al2023", "provided.al2"} <= set(tenant.runtimes())


def test_reserved_and_oversized_variables_are_refused(tenant):
    def create(variables):
        return error_of(
            tenant.functions.create_function,
            FunctionName=unique(), Runtime=tenant.runtime, Handler="app.handler", Role=tenant.role,
            Code={"ZipFile": python(ECHO)}, Environment={"Variables": variables},
        )

    code, message, _ = create({"AWS_REGION": "mars"})
    assert code == "InvalidParameterValueException" and "AWS_REGION" in message
    code, message, _ = create({"LARGE": "x" * 4096})
    assert code == "InvalidParameterValueException" and "4KB" in message.replace(" ", "")


def test_parameters_without_effect_are_refused_by_name(tenant):
    code, message, _ = error_of(
        tenant.functions.create_function,
        FunctionName=unique(), Runtime=tenant.runtime, Handler="app.handler", Role=tenant.role,
        Code={"S3Bucket": "bucket", "S3Key": "key"},
    )
    assert code == "InvalidParameterValueException" and "S3Bucket" in message


def test_what_is_not_built_says_so(tenant):
    code, message, status = error_of(tenant.functions.list_code_signing_configs)
    assert (code, status) == ("NotImplementedException", 501)
    assert message == "Lambent does not implement lambda:ListCodeSigningConfigs yet."


def test_a_deleted_function_is_gone_at_once_and_its_name_is_free(tenant):
    function = tenant.deploy()
    assert function({"a": 1}) == {"a": 1}
    function.delete()
    assert error_of(tenant.functions.invoke, FunctionName=function.name)[0] == "ResourceNotFoundException"
    again = tenant.deploy("def handler(event, context):\n    return 'again'\n", name=function.name)
    assert again() == "again"


def test_accounts_do_not_see_each_other(tenant, neighbour):
    mine = tenant.deploy()
    listed = [one["FunctionName"] for one in neighbour.functions.list_functions()["Functions"]]
    assert mine.name not in listed
    assert error_of(neighbour.functions.get_function, FunctionName=mine.name)[0] == "ResourceNotFoundException"
    code, _, status = error_of(neighbour.functions.invoke, FunctionName=mine.arn)
    assert (code, status) == ("AccessDeniedException", 403)
    theirs = neighbour.deploy("def handler(event, context):\n    return 'theirs'\n", name=mine.name)
    assert (mine({"a": 1}), theirs()) == ({"a": 1}, "theirs")


def test_account_settings_count_what_is_there(tenant):
    before = tenant.functions.get_account_settings()["AccountUsage"]
    code = package({"app.py": ECHO, "pad.txt": "x" * 1000})
    function = tenant.deploy(code)
    after = tenant.functions.get_account_settings()["AccountUsage"]
    assert after["FunctionCount"] == before["FunctionCount"] + 1
    assert after["TotalCodeSize"] == before["TotalCodeSize"] + len(code)
    function.delete()
    counted = lambda: tenant.functions.get_account_settings()["AccountUsage"] == before
    assert eventually(counted)
