"""Functions with dependencies as people ship them: from the registries, in the code and as a layer."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from harness.clients import TRUST, unique
from harness.packages import package

PYTHON = """
import boto3, numpy, requests
def handler(event, context):
    answer = requests.models.PreparedRequest()
    answer.prepare(method='GET', url='http://localhost/', params={'sum': int(numpy.arange(event['n']).sum())})
    pages = boto3.client('lambda').get_paginator('list_functions').paginate()
    names = [one['FunctionName'] for page in pages for one in page['Functions']]
    return {'url': answer.url, 'listed': context.function_name in names, 'numpy': numpy.__file__}
"""
# An ES module from the registry beside the SDK, which is CommonJS to those who require it.
NODE = """
import { LambdaClient, InvokeCommand, ListFunctionsCommand } from '@aws-sdk/client-lambda';
import { customAlphabet } from '%s';
const client = new LambdaClient({});
export const handler = async (event) => {
  const answer = await client.send(new InvokeCommand({ FunctionName: event.function, Payload: '{"n": 7}' }));
  const refused = await client.send(new ListFunctionsCommand({})).catch((error) => error.name);
  return { heard: JSON.parse(Buffer.from(answer.Payload).toString()), id: customAlphabet('a', 5)(), refused };
};
"""
NODE_LAYER = """
const { STSClient, GetCallerIdentityCommand } = require('@aws-sdk/client-sts');
exports.handler = async () => {
  const { customAlphabet } = await import('/opt/nodejs/node_modules/nanoid/index.js');
  const { Arn } = await new STSClient({}).send(new GetCallerIdentityCommand({}));
  return { arn: Arn, id: customAlphabet('a', 5)() };
};
"""
MIB = 1024 * 1024


def files(folder, below=""):
    """Every file of a folder, without caches."""
    found = {}
    for path in sorted(Path(folder).rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts and ".bin" not in path.parts:
            found[below + str(path.relative_to(folder))] = path.read_bytes()
    return found


@pytest.fixture(scope="module")
def wheels(tenant, tmp_path_factory):
    """What `pip install --target` puts beside a function, for the platform's interpreter."""
    folder = tmp_path_factory.mktemp("wheels")
    version = tenant.runtime.removeprefix("python")
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-compile"]
    command += ["--target", folder, "--python-version", version, "--only-binary=:all:"]
    subprocess.run([*command, "requests==2.34.2", "boto3==1.44.5", "numpy==2.4.6"], check=True, timeout=300)
    return files(folder)


@pytest.fixture(scope="module")
def modules(tmp_path_factory):
    """What npm puts beside a function."""
    if shutil.which("npm") is None:
        pytest.skip("npm is not installed")
    folder = tmp_path_factory.mktemp("modules")
    (folder / "package.json").write_text('{"private": true}\n')
    sdk = Path(__file__).parent / "javascript"
    for name in ("package.json", "package-lock.json"):
        shutil.copy(sdk / name, folder / name)
    npm = ["npm", "--no-audit", "--no-fund", "--loglevel=error"]
    subprocess.run([*npm, "ci"], cwd=folder, check=True, timeout=300)
    subprocess.run([*npm, "install", "--no-save", "nanoid@5.1.12"], cwd=folder, check=True, timeout=300)
    return files(folder / "node_modules", "node_modules/")


def role(tenant, *actions):
    name = unique("role")
    made = tenant.iam.create_role(RoleName=name, AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    tenant.iam.put_role_policy(RoleName=name, PolicyName="only", PolicyDocument=document)
    return made


def layer(tenant, content):
    made = tenant.functions.publish_layer_version(LayerName=unique(), Content={"ZipFile": package(content)})
    return made["LayerVersionArn"]


@pytest.mark.slow
@pytest.mark.limit(400)
def test_python_with_its_wheels_in_the_code_and_as_a_layer(tenant, wheels):
    options = {"Role": role(tenant, "lambda:ListFunctions"), "MemorySize": 1024, "Timeout": 60}
    inside = tenant.deploy({"app.py": PYTHON, **wheels}, **options)
    answer = inside({"n": 5})
    assert (answer["url"], answer["listed"]) == ("http://localhost/?sum=10", True)
    assert answer["numpy"].startswith("/var/task/")
    layers = [layer(tenant, {f"python/{name}": data for name, data in wheels.items()})]
    beside = tenant.deploy(PYTHON, Layers=layers, **options)
    answer = beside({"n": 6})
    assert (answer["url"], answer["listed"]) == ("http://localhost/?sum=15", True)
    assert answer["numpy"].startswith("/opt/python/")


@pytest.mark.slow
@pytest.mark.limit(400)
def test_node_with_its_modules_in_the_code_and_as_a_layer(tenant, modules):
    other = tenant.deploy()
    options = {"Role": role(tenant, "lambda:InvokeFunction"), "MemorySize": 512, "Timeout": 60}
    inside = tenant.deploy_node({"app.mjs": NODE % "nanoid", **modules}, **options)
    answer = inside({"function": other.name})
    assert answer == {"heard": {"n": 7}, "id": "aaaaa", "refused": "AccessDeniedException"}
    layers = [layer(tenant, {f"nodejs/{name}": data for name, data in modules.items()})]
    beside = tenant.deploy_node(NODE_LAYER, Layers=layers, **options)
    answer = beside()
    assert answer["id"] == "aaaaa" and answer["arn"].endswith(f"/{beside.name}"), answer


@pytest.mark.slow
@pytest.mark.limit(400)
def test_a_package_of_200_mb(tenant, wheels):
    """As large as a function may be, libraries and data together, in the code."""
    data = {f"data/{index}.bin": bytes(MIB) for index in range(200)}
    size = sum(len(content) for content in wheels.values())
    kept = {name: content for name, content in data.items() if (size := size + MIB) < 240 * MIB}
    function = tenant.deploy({"app.py": PYTHON, **wheels, **kept}, MemorySize=1024, Timeout=60,
                             Role=role(tenant, "lambda:ListFunctions"))
    configuration = tenant.functions.get_function_configuration(FunctionName=function.name)
    assert configuration["CodeSize"] < 50 * MIB
    assert function({"n": 3})["url"].endswith("sum=3")
