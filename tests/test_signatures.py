"""Who may speak at all: signatures that are wrong, late, foreign or missing, each with the service's code."""

import datetime
import json

import pytest

from harness.clients import Caller, error_of, eventually, unique
from harness.platform import FIRST, Account
from harness.signing import presigned, send, signed

LIST = ("GET", "/2015-03-31/functions/")
MISMATCH = (
    "The request signature we calculated does not match the signature you provided. "
    "Check your AWS Secret Access Key and signing method. Consult the service documentation for details."
)


def ago(minutes):
    return datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(minutes=minutes)


def test_a_good_signature_passes(platform):
    answer = send(platform, *LIST, signed(platform, FIRST, *LIST))
    assert answer.status == 200 and "Functions" in answer.json
    assert answer.headers["x-amzn-RequestId"]


def test_a_wrong_secret(platform):
    answer = send(platform, *LIST, signed(platform, FIRST, *LIST, secret="not-the-secret"))
    assert (answer.status, answer.code, answer.message) == (403, "InvalidSignatureException", MISMATCH)


@pytest.mark.parametrize("service, version", [("iam", "2010-05-08"), ("sts", "2011-06-15")])
def test_a_wrong_secret_at_a_query_service(platform, service, version):
    action = "ListUsers" if service == "iam" else "GetCallerIdentity"
    body = f"Action={action}&Version={version}".encode()
    headers = {"content-type": "application/x-www-form-urlencoded"}
    sign = dict(service=service, headers=headers, secret="not-the-secret")
    answer = send(platform, "POST", "/", signed(platform, FIRST, "POST", "/", body, **sign), body)
    assert (answer.status, answer.code) == (403, "SignatureDoesNotMatch")
    unknown = Account("123456789012", "AKIANOBODYNOBODYNOBO", "x" * 40)
    answer = send(platform, "POST", "/", signed(platform, unknown, "POST", "/", body, service=service, headers=headers), body)
    assert (answer.status, answer.code) == (403, "InvalidClientTokenId")


def test_an_expired_one(platform):
    answer = send(platform, *LIST, signed(platform, FIRST, *LIST, now=ago(16)))
    assert (answer.status, answer.code) == (403, "InvalidSignatureException")
    assert answer.message.startswith("Signature expired: ") and "is now earlier than" in answer.message


def test_one_from_the_future(platform):
    answer = send(platform, *LIST, signed(platform, FIRST, *LIST, now=ago(-16)))
    assert (answer.status, answer.code) == (403, "InvalidSignatureException")
    assert answer.message.startswith("Signature not yet current: ")


def test_an_unknown_key(platform):
    unknown = Account("123456789012", "AKIANOBODYNOBODYNOBO", "x" * 40)
    answer = send(platform, *LIST, signed(platform, unknown, *LIST))
    assert (answer.status, answer.code) == (403, "UnrecognizedClientException")
    assert answer.message == "The security token included in the request is invalid."


def test_a_session_token_that_nobody_gave(platform):
    answer = send(platform, *LIST, signed(platform, FIRST, *LIST, token="invented"))
    assert (answer.status, answer.code) == (403, "UnrecognizedClientException")


def test_a_tampered_body(platform, tenant):
    function = tenant.deploy()
    path = f"/2015-03-31/functions/{function.name}/invocations"
    body, other = b'{"amount": 1}', b'{"amount": 9}'
    answer = send(platform, "POST", path, signed(platform, FIRST, "POST", path, body), body)
    assert (answer.status, answer.json) == (200, {"amount": 1})
    answer = send(platform, "POST", path, signed(platform, FIRST, "POST", path, body), other)
    assert (answer.status, answer.code) == (403, "InvalidSignatureException")


@pytest.mark.parametrize("part", ["path", "query", "header"])
def test_a_tampered_request(platform, part):
    headers = signed(platform, FIRST, *LIST, headers={"x-amz-note": "one"})
    path, query = LIST[1], ""
    if part == "path":
        path = "/2015-03-31/functions/other"
    elif part == "query":
        query = "MaxItems=1"
    else:
        headers["x-amz-note"] = "two"
    answer = send(platform, "GET", path, headers, query=query)
    assert (answer.status, answer.code) == (403, "InvalidSignatureException")


def test_no_signature(platform):
    answer = send(platform, *LIST)
    assert (answer.status, answer.code) == (403, "MissingAuthenticationTokenException")
    assert answer.message == "Missing Authentication Token"


@pytest.mark.parametrize(
    "header",
    [
        "AWS4-HMAC-SHA256 Credential=AKIAFIRSTACCOUNTTEST",
        "AWS4-HMAC-SHA256 nonsense",
        "AWS4-ECDSA-P256-SHA256 Credential=A/20260101/lambda/aws4_request, SignedHeaders=host, Signature=00",
        "Bearer token",
    ],
)
def test_a_header_that_is_no_signature(platform, header):
    answer = send(platform, *LIST, {"authorization": header})
    assert answer.status in (400, 403)
    assert answer.code in ("IncompleteSignatureException", "MissingAuthenticationTokenException", "InvalidSignatureException")


def test_a_presigned_request(platform):
    answer = send(platform, *LIST, query=presigned(platform, FIRST, *LIST))
    assert answer.status == 200 and "Functions" in answer.json
    answer = send(platform, *LIST, query=presigned(platform, FIRST, *LIST, expires=60, now=ago(2)))
    assert answer.status == 403
    answer = send(platform, *LIST, query=presigned(platform, FIRST, *LIST, secret="not-the-secret"))
    assert answer.status == 403


def test_an_unknown_route_of_lambda_is_answered_like_lambda(platform):
    path = "/2015-03-31/no-such-thing"
    answer = send(platform, "GET", path, signed(platform, FIRST, "GET", path))
    assert (answer.status, answer.code) == (403, "AccessDeniedException")
    assert answer.message == "Unable to determine service/operation name to be authorized"
    assert answer.headers["content-type"] == "application/json"


def test_a_new_key_works_and_a_deleted_one_stops_at_the_next_request(platform, tenant):
    user = unique("user")
    tenant.iam.create_user(UserName=user)
    key = tenant.iam.create_access_key(UserName=user)["AccessKey"]
    caller = Caller(platform, key["AccessKeyId"], key["SecretAccessKey"])
    assert caller.sts.get_caller_identity()["Arn"] == f"arn:aws:iam::123456789012:user/{user}"
    tenant.iam.delete_access_key(UserName=user, AccessKeyId=key["AccessKeyId"])
    code, message, status = error_of(caller.sts.get_caller_identity)
    assert (code, status) == ("InvalidClientTokenId", 403)
    assert message == "The security token included in the request is invalid."
    tenant.iam.delete_user(UserName=user)


def test_the_logs_service_names_its_own_errors(platform):
    body = json.dumps({}).encode()
    headers = {"content-type": "application/x-amz-json-1.1", "x-amz-target": "Logs_20140328.DescribeLogGroups"}
    how = dict(service="logs", headers=headers)
    answer = send(platform, "POST", "/", signed(platform, FIRST, "POST", "/", body, **how), body)
    assert answer.status == 200 and "logGroups" in answer.json
    answer = send(platform, "POST", "/", signed(platform, FIRST, "POST", "/", body, secret="no", **how), body)
    assert (answer.status, answer.code) in ((400, "InvalidSignatureException"), (403, "InvalidSignatureException"))


def test_requests_that_are_hardly_http_leave_the_platform_well(platform):
    import socket

    for raw in (b"\r\n\r\n", b"GET\r\n\r\n", b"POST / HTTP/1.1\r\ncontent-length: -1\r\n\r\n", b"\x16\x03\x01\x02\x00",
                b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\n\r\n"):
        with socket.create_connection(("127.0.0.1", platform.port), 5) as connection:
            connection.sendall(raw)
            connection.shutdown(socket.SHUT_WR)
            connection.settimeout(10)
            try:
                answer = connection.recv(64)
            except ConnectionResetError:
                continue
            assert answer == b"" or answer.startswith(b"HTTP/1.1 4")
    assert eventually(lambda: send(platform, *LIST, signed(platform, FIRST, *LIST)).status == 200)
