"""Versions and aliases through boto3: published, waited for, invoked, listed and deleted."""

import json
import urllib.request

import pytest

from harness.clients import error_of
from harness.packages import python

SAYS = """
def handler(event, context):
    return ["{word}", context.function_version, context.invoked_function_arn.rsplit(":", 1)[1]]
"""


def says(word):
    return python(SAYS.replace("{word}", word))


def answer(functions, name, **options):
    answered = functions.invoke(FunctionName=name, Payload=b"{}", **options)
    return answered["ExecutedVersion"], json.load(answered["Payload"])


def test_a_release_is_published_named_and_invoked(tenant):
    function = tenant.deploy(says("one"))
    functions, name = tenant.functions, function.name
    first = functions.publish_version(FunctionName=name, Description="the first")
    assert (first["Version"], first["Description"]) == ("1", "the first")
    functions.get_waiter("published_version_active").wait(FunctionName=name, Qualifier="1")
    functions.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
    functions.update_function_code(FunctionName=name, ZipFile=says("two"))
    functions.get_waiter("function_updated_v2").wait(FunctionName=name)
    assert answer(functions, name, Qualifier="live") == ("1", ["one", "1", "live"])
    assert answer(functions, f"{name}:1") == ("1", ["one", "1", "1"])
    assert answer(functions, name)[1][0] == "two"

    second = functions.update_function_code(FunctionName=name, ZipFile=says("three"), Publish=True)
    assert second["Version"] == "2"
    functions.get_waiter("published_version_active").wait(FunctionName=name, Qualifier="2")
    functions.get_waiter("function_active_v2").wait(FunctionName=name)
    live = functions.get_alias(FunctionName=name, Name="live")
    functions.update_alias(FunctionName=name, Name="live", FunctionVersion="2", RevisionId=live["RevisionId"])
    assert answer(functions, f"{name}:live") == ("2", ["three", "2", "live"])
    with pytest.raises(functions.exceptions.PreconditionFailedException):
        functions.update_alias(FunctionName=name, Name="live", RevisionId=live["RevisionId"])

    location = functions.get_function(FunctionName=name, Qualifier="1")["Code"]["Location"]
    with urllib.request.urlopen(location) as download:
        assert download.read() == says("one")


def test_lists_have_pages_and_deletions_respect_aliases(tenant):
    function = tenant.deploy(says("x"))
    functions, name = tenant.functions, function.name
    for timeout in (11, 12, 13):
        functions.update_function_configuration(FunctionName=name, Timeout=timeout)
        functions.publish_version(FunctionName=name)
    pages = functions.get_paginator("list_versions_by_function").paginate(
        FunctionName=name, PaginationConfig={"PageSize": 2}
    )
    versions = [version["Version"] for page in pages for version in page["Versions"]]
    assert versions == ["$LATEST", "1", "2", "3"]
    weights = {"AdditionalVersionWeights": {"2": 0.5}}
    functions.create_alias(FunctionName=name, Name="b", FunctionVersion="1", RoutingConfig=weights)
    functions.create_alias(FunctionName=name, Name="a", FunctionVersion="3")
    pages = functions.get_paginator("list_aliases").paginate(
        FunctionName=name, PaginationConfig={"PageSize": 1}
    )
    assert [alias["Name"] for page in pages for alias in page["Aliases"]] == ["a", "b"]
    message = "Unable to delete version because the following aliases reference it: [b]"
    refused = error_of(functions.delete_function, FunctionName=name, Qualifier="2")
    assert refused == ("ResourceConflictException", message, 409)
    functions.delete_alias(FunctionName=name, Name="b")
    functions.delete_alias(FunctionName=name, Name="b")
    functions.delete_function(FunctionName=name, Qualifier="2")
    with pytest.raises(functions.exceptions.ResourceNotFoundException):
        functions.invoke(FunctionName=name, Qualifier="2", Payload=b"{}")
