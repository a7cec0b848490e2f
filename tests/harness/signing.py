"""A signer of our own: botocore's can't sign wrongly, late, or with another date.

Written from the published description of Signature Version 4; it also checks the service against a second client.
"""

import datetime
import hashlib
import hmac
import http.client
import json
import urllib.parse

from .platform import REGION

EMPTY = hashlib.sha256(b"").hexdigest()


class Response:
    """Status, headers and body of a plain HTTP answer."""

    def __init__(self, answer):
        self.status, self.headers, self.body = answer.status, answer.headers, answer.read()

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def code(self):
        """The error code, whichever protocol the service speaks."""
        kind = self.headers.get("x-amzn-ErrorType")
        if kind:
            return kind.split(":")[0]
        text = self.body.decode()
        if text.startswith("<"):
            return text.split("<Code>")[1].split("</Code>")[0]
        return json.loads(text)["__type"].split("#")[-1]

    @property
    def message(self):
        text = self.body.decode()
        if text.startswith("<"):
            return text.split("<Message>")[1].split("</Message>")[0]
        body = json.loads(text)
        return body.get("message", body.get("Message"))


def send(platform, method, path, headers=(), body=b"", query=""):
    """One request exactly as given."""
    connection = http.client.HTTPConnection("127.0.0.1", platform.port, timeout=30)
    try:
        connection.request(method, f"{path}?{query}" if query else path, body, dict(headers))
        return Response(connection.getresponse())
    finally:
        connection.close()


def signed(platform, account, method, path, body=b"", query="", service="lambda", headers=(), **how):
    """Headers of a signed request. `how`: now, secret, signed_body, region, token."""
    now = how.get("now") or datetime.datetime.now(datetime.timezone.utc)
    stamp = now.strftime("%Y%m%dT%H%M%SZ")
    result = {"host": f"127.0.0.1:{platform.port}", "x-amz-date": stamp, **dict(headers)}
    if how.get("token"):
        result["x-amz-security-token"] = how["token"]
    names = ";".join(sorted(result))
    digest = hashlib.sha256(how.get("signed_body", body)).hexdigest()
    canonical = "\n".join(
        [
            method,
            urllib.parse.quote(path, safe="/-_.~"),
            canonical_query(query),
            *[f"{name}:{' '.join(result[name].split())}" for name in sorted(result)],
            "",
            names,
            digest,
        ]
    )
    scope, signature = sign(account, stamp, canonical, service, how)
    result["authorization"] = (
        f"AWS4-HMAC-SHA256 Credential={account.key}/{scope}, SignedHeaders={names}, Signature={signature}"
    )
    return result


def presigned(platform, account, method, path, expires=300, service="lambda", **how):
    """The query of a pre-signed request."""
    now = how.get("now") or datetime.datetime.now(datetime.timezone.utc)
    stamp = now.strftime("%Y%m%dT%H%M%SZ")
    scope = f"{stamp[:8]}/{how.get('region', REGION)}/{service}/aws4_request"
    query = urllib.parse.urlencode(
        {
            "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
            "X-Amz-Credential": f"{account.key}/{scope}",
            "X-Amz-Date": stamp,
            "X-Amz-Expires": str(expires),
            "X-Amz-SignedHeaders": "host",
        },
        quote_via=urllib.parse.quote,
        safe="",
    )
    host = f"host:127.0.0.1:{platform.port}"
    canonical = "\n".join([method, path, canonical_query(query), host, "", "host", EMPTY])
    _, signature = sign(account, stamp, canonical, service, how)
    return f"{query}&X-Amz-Signature={signature}"


def sign(account, stamp, canonical, service, how):
    region = how.get("region", REGION)
    scope = f"{stamp[:8]}/{region}/{service}/aws4_request"
    text = "\n".join(["AWS4-HMAC-SHA256", stamp, scope, hashlib.sha256(canonical.encode()).hexdigest()])
    key = ("AWS4" + how.get("secret", account.secret)).encode()
    for part in (stamp[:8], region, service, "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return scope, hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


def canonical_query(query):
    """Sorted, as sent: callers encode their parameters fully."""
    return "&".join(sorted(query.split("&"))) if query else ""
