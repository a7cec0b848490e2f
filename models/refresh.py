#!/usr/bin/env python3
"""Reduces the API models that botocore ships to the facts that Lambent builds on.

Run by `cargo xtask models`, which prepares a Python that has botocore at the pinned version. Descriptive text is
left out; operations and shapes stand one per line, sorted, so that a refresh reads as a list of changed facts.
"""

import gzip
import hashlib
import json
import pathlib
import sys

BOTOCORE = "1.44.5"
SERVICES = {
    "lambda": "2015-03-31",
    "iam": "2010-05-08",
    "sts": "2011-06-15",
    "logs": "2014-03-28",
    "sqs": "2012-11-05",
}
TEXT = {"documentation", "documentationUrl", "deprecatedMessage", "deprecatedSince", "externalDocumentation"}
METADATA = [
    "apiVersion", "awsQueryCompatible", "endpointPrefix", "jsonVersion", "protocol", "serviceFullName", "serviceId", "signatureVersion",
    "signingName", "targetPrefix", "xmlNamespace",
]


def facts(node):
    """The node without anything that only describes it."""
    if isinstance(node, dict):
        return {key: facts(value) for key, value in node.items() if key not in TEXT}
    if isinstance(node, list):
        return [facts(value) for value in node]
    return node


def without_text(shape):
    """A shape with its members as a list: their order is the model's, and their names are never mistaken for text."""
    members = shape.get("members")
    kept = facts({key: value for key, value in shape.items() if key != "members"})
    if members is not None:
        kept["members"] = [{"name": name, **facts(member)} for name, member in members.items()]
    return kept


def line(value):
    return json.dumps(value, separators=(",", ":"), ensure_ascii=True)


def section(name, entries):
    rows = ",\n".join(f"{line(key)}:{line(entries[key])}" for key in sorted(entries))
    return f"{line(name)}:{{\n{rows}\n}}"


def reduced(service, version, packed):
    model = json.loads(gzip.decompress(packed))
    metadata = {key: model["metadata"][key] for key in METADATA if key in model["metadata"]}
    header = ",\n".join(
        [
            f'"botocore":{line(BOTOCORE)}',
            f'"source":{line(f"botocore/data/{service}/{version}/service-2.json.gz")}',
            f'"sha256":{line(hashlib.sha256(packed).hexdigest())}',
            f'"metadata":{line(metadata)}',
        ]
    )
    operations = {name: facts(operation) for name, operation in model["operations"].items()}
    shapes = {name: without_text(shape) for name, shape in model["shapes"].items()}
    return f"{{\n{header},\n{section('operations', operations)},\n{section('shapes', shapes)}\n}}\n"


def main():
    import botocore

    if botocore.__version__ != BOTOCORE:
        sys.exit(f"botocore {BOTOCORE} is pinned, this Python has {botocore.__version__}")
    data = pathlib.Path(botocore.__file__).parent / "data"
    here = pathlib.Path(__file__).parent
    for service, version in SERVICES.items():
        packed = (data / service / version / "service-2.json.gz").read_bytes()
        (here / f"{service}.json").write_text(reduced(service, version, packed))
        print(f"models/{service}.json")


if __name__ == "__main__":
    main()
