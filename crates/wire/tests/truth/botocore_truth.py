#!/usr/bin/env python3
"""What botocore sends and understands, as JSON lines for the test beside this script.

`requests`: for every built operation a number of inputs that the model allows, as botocore serialises them, and a
number of outputs for our side to write.
`answers`: reads what our side wrote, parses it with botocore, and reports what botocore understood.

Points in time stand as {"$time": milliseconds}, bytes as {"$blob": base64}. The seed is fixed: two runs are alike.
"""

import base64
import datetime
import io
import json
import pathlib
import random
import re
import re._constants as sre
import re._parser as sre_parse
import sys
import tomllib
import urllib.parse

import botocore.awsrequest
import botocore.parsers
import botocore.serialize
import botocore.session

MODELS = pathlib.Path(__file__).resolve().parents[4] / "models"
SERVICES = ["lambda", "iam", "sts", "logs", "sqs"]
CASES = 20
LONGEST = 24
ACCENTS = "abcXYZ019 <>&\"'/\\{}[]:;,=+%\t\n\r\u00e9\u4e16\U0001f600"


def overrides(service):
    return tomllib.loads((MODELS / "overrides" / f"{service}.toml").read_text()).get("shape", {})


def built(service):
    return (MODELS / f"{service}.ops").read_text().split()


class Maker:
    """Random values of a shape. `strict` keeps the shape's constraints; otherwise only its kinds hold."""

    def __init__(self, service, seed, strict):
        self.random = random.Random(seed)
        self.overrides = overrides(service)
        self.strict = strict

    def bound(self, shape, key, default):
        return int(self.overrides.get(shape.name, {}).get(key, shape.metadata.get(key, default)))

    def make(self, shape, place="body"):
        return getattr(self, f"make_{shape.type_name}")(shape, place)

    def make_structure(self, shape, place):
        value = {}
        always = {*shape.required_members, shape.serialization.get("payload")}
        for name, member in shape.members.items():
            is_status = member.serialization.get("location") == "statusCode"
            if name in always or is_status or self.random.random() < 0.6:
                value[name] = self.make(member, member.serialization.get("location", place))
        return value

    def make_list(self, shape, place):
        # An empty list in a query is the same as none.
        least = self.bound(shape, "min", 1 if place == "querystring" else 0) if self.strict else 0
        most = min(self.bound(shape, "max", 3), least + 3)
        return [self.make(shape.member, place) for _ in range(self.random.randint(least, most))]

    def make_map(self, shape, place):
        most = min(self.bound(shape, "max", 3), 3)
        return {self.make(shape.key, place): self.make(shape.value, place) for _ in range(self.random.randint(0, most))}

    def make_string(self, shape, place):
        if not self.strict:
            return self.free(place)
        if shape.enum and shape.name != "Runtime":
            return self.random.choice(shape.enum)
        least, most = self.bound(shape, "min", 0), self.bound(shape, "max", LONGEST)
        if place == "uri":
            least = max(least, 1)
        if place == "body" and "pattern" not in shape.metadata:
            return self.text(ACCENTS, least, min(most, least + LONGEST))
        pattern = shape.metadata.get("pattern", "[a-zA-Z0-9-_]*")
        return sample(self.random, pattern, least, most)

    def free(self, place):
        return self.text(ACCENTS if place == "body" else "abcXYZ019-_=/", 1 if place == "uri" else 0, LONGEST)

    def text(self, letters, least, most):
        return "".join(self.random.choice(letters) for _ in range(self.random.randint(least, most)))

    def make_integer(self, shape, place):
        if place == "statusCode":
            return self.random.choice([200, 202])
        least = self.bound(shape, "min", -(2**31)) if self.strict else -(2**31)
        most = self.bound(shape, "max", 2**31 - 1) if self.strict else 2**31 - 1
        return self.random.choice([least, most, self.random.randint(least, most)])

    def make_long(self, shape, place):
        least = self.bound(shape, "min", -(2**63)) if self.strict else -(2**63)
        most = self.bound(shape, "max", 2**63 - 1) if self.strict else 2**63 - 1
        return self.random.choice([least, most, self.random.randint(least, most)])

    def make_double(self, shape, place):
        least, most = self.bound(shape, "min", -1000), self.bound(shape, "max", 1000)
        return self.random.randint(8 * least, 8 * most) / 8

    make_float = make_double

    def make_boolean(self, shape, place):
        return self.random.random() < 0.5

    def make_blob(self, shape, place):
        return self.random.randbytes(self.random.randint(1, 40))

    def make_timestamp(self, shape, place):
        moment = datetime.datetime.fromtimestamp(self.random.randint(0, 4_000_000_000), datetime.timezone.utc)
        return moment.replace(microsecond=self.random.choice([0, 250_000]))


def sample(rng, pattern, least, most):
    """A text that the pattern matches, of a length within bounds."""
    python = re.sub(r"\\p\{(\w+)\}", lambda found: "a-zA-Z" if found[1].startswith("L") else "0-9", pattern)
    parsed = sre_parse.parse(python, re.ASCII)
    for _ in range(500):
        text = "".join(generate(rng, parsed))
        if least <= len(text) <= most and re.fullmatch(python, text, re.ASCII):
            return text
    raise ValueError(f"no text of {least} to {most} characters found for {pattern}")


def generate(rng, nodes):
    for kind, argument in nodes:
        if kind == sre.LITERAL:
            yield chr(argument)
        elif kind == sre.NOT_LITERAL:
            yield rng.choice([letter for letter in "abc-/:" if ord(letter) != argument])
        elif kind == sre.ANY:
            yield rng.choice("abc-/:")
        elif kind == sre.IN:
            yield rng.choice(members(argument))
        elif kind in (sre.MAX_REPEAT, sre.MIN_REPEAT):
            least, most, inner = argument
            most = min(int(most), least + rng.choice([1, 4, LONGEST])) if most != sre.MAXREPEAT else least + LONGEST
            for _ in range(rng.randint(least, most)):
                yield from generate(rng, inner)
        elif kind == sre.SUBPATTERN:
            yield from generate(rng, argument[-1])
        elif kind == sre.BRANCH:
            yield from generate(rng, rng.choice(argument[1]))
        elif kind not in (sre.AT, sre.ASSERT, sre.ASSERT_NOT):
            raise ValueError(f"{kind} in a pattern")


def members(items):
    negated = items[0][0] == sre.NEGATE
    found = set()
    for kind, argument in items:
        if kind == sre.LITERAL:
            found.add(chr(argument))
        elif kind == sre.RANGE:
            found.update(map(chr, range(argument[0], min(argument[1], 0xFF) + 1)))
        elif kind == sre.CATEGORY:
            test = {sre.CATEGORY_DIGIT: r"\d", sre.CATEGORY_WORD: r"\w", sre.CATEGORY_SPACE: r"\s",
                    sre.CATEGORY_NOT_SPACE: r"\S"}[argument]
            found.update(chr(at) for at in range(128) if re.match(test, chr(at), re.ASCII))
    if negated:
        found = {chr(at) for at in range(0x21, 0x7F)} - found
    return sorted(found)


def tagged(value):
    if isinstance(value, dict):
        return {key: tagged(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [tagged(inner) for inner in value]
    if isinstance(value, bytes):
        return {"$blob": base64.b64encode(value).decode()}
    if isinstance(value, datetime.datetime):
        return {"$time": round(value.timestamp() * 1000)}
    if hasattr(value, "read"):
        return tagged(value.read())
    return value


def models():
    session = botocore.session.get_session()
    for service in SERVICES:
        model = session.get_service_model(service)
        for name in built(service):
            yield service, model, model.operation_model(name)


def send(model, operation, value):
    serializer = botocore.serialize.create_serializer(model.protocol, include_validation=True)
    request = serializer.serialize_to_request(value, operation)
    botocore.awsrequest.prepare_request_dict(request, endpoint_url="http://127.0.0.1:9000")
    prepared = botocore.awsrequest.create_request_object(request).prepare()
    url = urllib.parse.urlsplit(prepared.url)
    body = prepared.body or b""
    if isinstance(body, str):
        body = body.encode()
    headers = {name: (text.decode() if isinstance(text, bytes) else str(text)) for name, text in prepared.headers.items()}
    return {
        "method": prepared.method,
        "path": url.path,
        "query": url.query,
        "headers": headers,
        "body": base64.b64encode(body).decode(),
    }


def requests():
    for service, model, operation in models():
        for case in range(CASES):
            seed = f"{service}.{operation.name}.{case}"
            line = {"service": service, "operation": operation.name, "input": {}, "output": {}}
            value = {}
            if operation.input_shape:
                value = Maker(service, seed, strict=True).make(operation.input_shape)
                line["input"] = tagged(value)
            if operation.output_shape:
                line["output"] = tagged(Maker(service, seed, strict=False).make(operation.output_shape))
            line["request"] = send(model, operation, value)
            print(json.dumps(line))


def answers():
    known = {(service, operation.name): (model, operation) for service, model, operation in models()}
    for line in sys.stdin:
        answer = json.loads(line)
        model, operation = known[answer["service"], answer["operation"]]
        parser = botocore.parsers.create_parser(model.protocol)
        body = base64.b64decode(answer["body"])
        if operation.has_streaming_output and answer["status"] < 300:
            body = io.BytesIO(body)
        response = {
            "status_code": answer["status"],
            "headers": botocore.awsrequest.HeadersDict(answer["headers"]),
            "body": body,
            "context": {"operation_name": operation.name},
        }
        parsed = parser.parse(response, operation.output_shape)
        if answer["status"] >= 300:
            shape = model.shape_for_error_code(parsed["Error"]["Code"])
            if shape is not None:
                parsed.update(parser.parse(response, shape))
        print(json.dumps(tagged(parsed)))


if __name__ == "__main__":
    {"requests": requests, "answers": answers}[sys.argv[1]]()
