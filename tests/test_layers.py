"""Layers: published, given to functions, found at /opt, shared among accounts, and taken back."""

import hashlib
import json
import os
import urllib.request
from base64 import b64encode

import pytest

from harness.clients import Tenant, error_of, unique
from harness.packages import ECHO, package, python
from harness.platform import FIRST

MIB = 1 << 20

# Which module was imported, and what is at /opt.
LOOK = """
import json, os
import tools

def handler(event, context):
    files = {}
    for folder, _, names in os.walk("/opt"):
        for name in names:
            path = os.path.join(folder, name)
            with open(path, "rb") as file:
                files[os.path.relpath(path, "/opt")] = len(file.read())
    return {"tools": tools.NAME, "from": tools.__file__, "files": files}
"""


def module(name):
    return {"python/tools.py": f"NAME = {name!r}\n"}


def publish(tenant, files, name=None, **options):
    """The ARN of a new layer version."""
    content = files if isinstance(files, bytes) else package(files)
    name = name or unique("layer")
    return tenant.functions.publish_layer_version(LayerName=name, Content={"ZipFile": content}, **options)


def arn(tenant, files, name=None):
    return publish(tenant, files, name)["LayerVersionArn"]


def use(function, *layers):
    """Gives a function these layers, and waits until it has them."""
    function.tenant.functions.update_function_configuration(FunctionName=function.name, Layers=list(layers))
    function.tenant.wait_updated(function.name)


def test_a_layer_version_is_published_shown_and_deleted(tenant):
    name, content = unique("layer"), package(module("one"))
    published = publish(
        tenant, content, name, Description="Tools", LicenseInfo="MIT",
        CompatibleRuntimes=["python3.11", "nodejs20.x"], CompatibleArchitectures=["x86_64", "arm64"],
    )
    assert published["Version"] == 1
    assert published["LayerVersionArn"] == f"arn:aws:lambda:us-east-1:123456789012:layer:{name}:1"
    assert published["Content"]["CodeSha256"] == b64encode(hashlib.sha256(content).digest()).decode()
    shown = tenant.functions.get_layer_version(LayerName=published["LayerArn"], VersionNumber=1)
    with urllib.request.urlopen(shown["Content"]["Location"]) as download:
        assert download.read() == content
    same = tenant.functions.get_layer_version_by_arn(Arn=published["LayerVersionArn"])
    assert same["CreatedDate"] == shown["CreatedDate"] == published["CreatedDate"]
    publish(tenant, module("two"), name)
    pages = tenant.functions.get_paginator("list_layer_versions").paginate(
        LayerName=name, PaginationConfig={"PageSize": 1}
    )
    assert [version["Version"] for page in pages for version in page["LayerVersions"]] == [2, 1]
    pages = tenant.functions.get_paginator("list_layers").paginate(CompatibleRuntime="nodejs20.x")
    latest = {layer["LayerName"]: layer["LatestMatchingVersion"] for page in pages for layer in page["Layers"]}
    assert latest[name]["Version"] == 1
    for _ in range(2):
        tenant.functions.delete_layer_version(LayerName=name, VersionNumber=2)
    answer = error_of(tenant.functions.get_layer_version, LayerName=name, VersionNumber=2)
    assert answer == ("ResourceNotFoundException", "The resource you requested does not exist.", 404)
    assert publish(tenant, module("three"), name)["Version"] == 3


def test_a_function_imports_from_its_layer(tenant):
    layer = arn(tenant, {**module("one"), "bin/tool*": "#!/bin/sh\n"})
    function = tenant.deploy(LOOK, Layers=[layer])
    answer = function({})
    assert (answer["tools"], answer["from"]) == ("one", "/opt/python/tools.py")
    assert set(answer["files"]) >= {"python/tools.py", "bin/tool"}
    shown = tenant.functions.get_function_configuration(FunctionName=function.name)
    assert [used["Arn"] for used in shown["Layers"]] == [layer]


def test_later_layers_win_and_the_functions_own_code_before_them(tenant):
    first = arn(tenant, {**module("first"), "only-first": "1", "both": "first"})
    second = arn(tenant, {**module("second"), "only-second": "22", "both": "second layer"})
    function = tenant.deploy(LOOK, Layers=[first, second])
    answer = function({})
    assert answer["tools"] == "second"
    sizes = {name: answer["files"][name] for name in ("only-first", "only-second", "both")}
    assert sizes == {"only-first": 1, "only-second": 2, "both": len("second layer")}
    use(function, second, first)
    answer = function({})
    assert (answer["tools"], answer["files"]["both"]) == ("first", len("first"))
    own = tenant.deploy({"app.py": LOOK, "tools.py": "NAME = 'own'\n"}, Layers=[first])
    assert own({})["from"] == "/var/task/tools.py"


def test_another_version_takes_effect_at_the_next_invocation(tenant):
    name = unique("layer")
    versions = [arn(tenant, module(f"v{n}"), name) for n in range(3)]
    function = tenant.deploy(LOOK, Layers=[versions[0]])
    assert function({})["tools"] == "v0"
    for n in (1, 2, 0):
        use(function, versions[n])
        assert function({})["tools"] == f"v{n}"
    use(function)
    assert "tools" in function.invoke({}).value["errorMessage"], "without the layer there is no such module"
    assert "Layers" not in tenant.functions.get_function_configuration(FunctionName=function.name)


def test_a_published_version_keeps_its_layers(tenant):
    name = unique("layer")
    one, two = arn(tenant, module("one"), name), arn(tenant, module("two"), name)
    function = tenant.deploy(LOOK, Layers=[one])
    version = tenant.functions.publish_version(FunctionName=function.name)["Version"]
    use(function, two)
    tenant.functions.delete_layer_version(LayerName=name, VersionNumber=1)
    assert function.invoke({}, Qualifier=version).value["tools"] == "one"
    assert function({})["tools"] == "two"


def test_a_deleted_layer_version_goes_on_where_it_is_used_and_nowhere_else(tenant):
    name = unique("layer")
    layer = arn(tenant, module("kept"), name)
    function = tenant.deploy(LOOK, Layers=[layer])
    tenant.functions.delete_layer_version(LayerName=name, VersionNumber=1)
    # A fresh environment, which must find the package still.
    tenant.functions.update_function_configuration(FunctionName=function.name, Description="changed")
    tenant.wait_updated(function.name)
    assert function({})["tools"] == "kept"
    code, message, status = error_of(
        tenant.functions.update_function_configuration, FunctionName=function.name, Layers=[layer]
    )
    expected = f"Layer version {layer} does not exist."
    assert (code, message, status) == ("InvalidParameterValueException", expected, 400)


def test_layers_that_a_function_may_not_have(tenant):
    function, name = tenant.deploy(), unique("layer")
    one, two = arn(tenant, module("one"), name), arn(tenant, module("two"), name)
    update = tenant.functions.update_function_configuration
    many = [f"arn:aws:lambda:us-east-1:123456789012:layer:l{n}:1" for n in range(6)]
    assert error_of(update, FunctionName=function.name, Layers=many)[1] == "Cannot reference more than 5 layers."
    message = error_of(update, FunctionName=function.name, Layers=[one, two])[1]
    assert message.startswith("Two different versions of the same layer are not allowed to be referenced")
    refused = error_of(tenant.functions.publish_layer_version, LayerName=name, Content={"S3Bucket": "abc", "S3Key": "k"})
    assert refused[1].startswith("Lambent does not implement S3Bucket yet.")


def test_code_and_layers_share_one_limit(tenant):
    zeros = bytes(200 * MIB)
    layer = arn(tenant, {"data": zeros})
    code = package({"app.py": ECHO, "data": bytes(60 * MIB)})
    request = {"Runtime": tenant.runtime, "Handler": "app.handler", "Role": tenant.role, "Layers": [layer]}
    code, message, status = error_of(
        tenant.functions.create_function, FunctionName=unique(), Code={"ZipFile": code}, **request
    )
    actual = 260 * MIB + len(ECHO)
    assert (code, status) == ("InvalidParameterValueException", 400)
    assert message == (
        "Function code combined with layers exceeds the maximum allowed size of 262144000 bytes. "
        f"The actual size is {actual} bytes."
    )


@pytest.mark.slow
@pytest.mark.limit(300)
def test_a_layer_of_200_mb(tenant):
    """What does not compress would not fit into a request: most of it is zeros, in many files."""
    files = {f"data/{n}": os.urandom(MIB // 8) + bytes(2 * MIB - MIB // 8) for n in range(100)}
    layer = arn(tenant, {**files, **module("large")})
    function = tenant.deploy(LOOK, Layers=[layer], Timeout=60, MemorySize=512)
    answer = function({})
    assert answer["tools"] == "large"
    assert sum(answer["files"].values()) == 200 * MIB + len("NAME = 'large'\n")


def test_another_accounts_layer(tenant, neighbour):
    """Used while it is shared; taken back, new uses are refused and what runs goes on."""
    name = unique("shared")
    theirs = [arn(neighbour, module(f"theirs{n}"), name) for n in (1, 2)]
    layer = f"arn:aws:lambda:us-east-1:210987654321:layer:{name}"
    request = {"Runtime": tenant.runtime, "Handler": "app.handler", "Role": tenant.role, "Layers": theirs[:1]}
    create = {"FunctionName": unique(), "Code": {"ZipFile": python(LOOK)}, **request}
    refused = ("AccessDeniedException", 403)
    code, message, status = error_of(tenant.functions.create_function, **create)
    assert (code, status) == refused
    assert message.endswith(
        f"is not authorized to perform: lambda:GetLayerVersion on resource: {theirs[0]} "
        "because no resource-based policy allows the lambda:GetLayerVersion action"
    )
    neighbour.functions.add_layer_version_permission(
        LayerName=name, VersionNumber=1, StatementId="share", Action="lambda:GetLayerVersion", Principal="123456789012"
    )
    shown = tenant.functions.get_layer_version_by_arn(Arn=theirs[0])
    with urllib.request.urlopen(shown["Content"]["Location"]) as download:
        assert download.read() == package(module("theirs1"))
    function = tenant.deploy(LOOK, Layers=theirs[:1])
    assert function({})["tools"] == "theirs1"
    for call, options in [
        (tenant.functions.update_function_configuration, {"FunctionName": function.name, "Layers": theirs[1:]}),
        (tenant.functions.list_layer_versions, {"LayerName": layer}),
        (tenant.functions.delete_layer_version, {"LayerName": layer, "VersionNumber": 1}),
        (tenant.functions.publish_layer_version, {"LayerName": layer, "Content": {"ZipFile": python(ECHO)}}),
    ]:
        code, _, status = error_of(call, **options)
        assert (code, status) == refused
    neighbour.functions.remove_layer_version_permission(LayerName=name, VersionNumber=1, StatementId="share")
    assert (error_of(tenant.functions.create_function, **create)[0], refused[1]) == refused
    again = error_of(tenant.functions.update_function_configuration, FunctionName=function.name, Layers=theirs[:1])
    assert (again[0], again[2]) == refused
    assert error_of(tenant.functions.get_layer_version_by_arn, Arn=theirs[0])[0] == refused[0]
    neighbour.functions.delete_layer_version(LayerName=name, VersionNumber=1)
    tenant.functions.update_function_configuration(FunctionName=function.name, Description="a fresh environment")
    tenant.wait_updated(function.name)
    assert function({})["tools"] == "theirs1"


def test_layers_outlive_a_crash(start):
    platform = start()
    tenant = Tenant(platform, FIRST)
    name = unique("layer")
    layer = arn(tenant, module("kept"), name)
    function = tenant.deploy(LOOK, Layers=[layer])
    assert function({})["tools"] == "kept"
    tenant.functions.delete_layer_version(LayerName=name, VersionNumber=1)
    platform.kill()
    again = Tenant(start(data=platform.data), FIRST, tenant.runtime)
    answer = again.functions.invoke(FunctionName=function.name, Payload="{}")
    assert json.load(answer["Payload"])["tools"] == "kept"
    assert publish(again, module("next"), name)["Version"] == 2


def test_the_command_line(cli, tmp_path):
    """As a person publishes a layer and gives it to a function."""
    archive, name = tmp_path / "layer.zip", unique("layer")
    archive.write_bytes(package(module("cli")))
    published = cli(
        "lambda", "publish-layer-version", "--layer-name", name, "--zip-file", f"fileb://{archive}",
        "--compatible-runtimes", "python3.11", "--license-info", "MIT",
    )
    assert published["CompatibleRuntimes"] == ["python3.11"]
    listed = cli("lambda", "list-layer-versions", "--layer-name", name)
    assert [version["Version"] for version in listed["LayerVersions"]] == [1]
    cli("lambda", "delete-layer-version", "--layer-name", name, "--version-number", "1")
