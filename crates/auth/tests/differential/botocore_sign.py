"""Prints requests that botocore has signed, one JSON object per line, the same ones for the same seed.

usage: botocore_sign.py COUNT SEED
"""

import base64
import datetime
import json
import random
import sys
from urllib.parse import urlsplit

import botocore.auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.utils import percent_encode, percent_encode_sequence

TEXTS = "abcXYZ019-._~ !*'();:@&=+$,/?#[]%\"<>\\^`{|}éሴ🙂"
HEADERS = ["X-Amz-Log-Type", "X-Amz-Client-Context", "X-Custom", "Content-Type", "Accept", "X-Amz-Target"]
REGIONS = ["us-east-1", "eu-west-1", "ap-southeast-2"]
SERVICES = ["lambda", "iam", "sts", "logs", "execute-api"]


def text(rng, longest):
    return "".join(rng.choice(TEXTS) for _ in range(rng.randrange(longest)))


def path(rng):
    segments = []
    for _ in range(rng.randrange(5)):
        kind = rng.randrange(12)
        segments.append("." if kind == 0 else ".." if kind == 1 else percent_encode(text(rng, 12)))
    end = rng.choice(["", "/"]) if segments and segments[-1] not in (".", "..") else ""
    return "/" + "/".join(segments) + end


def query(rng):
    pairs = [(text(rng, 6) or "k", text(rng, 10)) for _ in range(rng.randrange(5))]
    if pairs and rng.random() < 0.4:
        pairs += [(pairs[0][0], text(rng, 6)) for _ in range(rng.randrange(1, 4))]
        rng.shuffle(pairs)
    return percent_encode_sequence(pairs)


def header_value(rng):
    words = ["".join(rng.choice("abcXYZ019\"';=,/+") for _ in range(rng.randrange(1, 8))) for _ in range(rng.randrange(1, 4))]
    return rng.choice(["", " "]) + rng.choice([" ", "  ", "   "]).join(words)


def host(rng):
    return rng.choice(["https://lambda.us-east-1.amazonaws.com", "http://127.0.0.1:9001", "http://localhost:80", "https://[::1]:8443"])


def request(rng, form):
    query_string = query(rng)
    url = host(rng) + path(rng) + ("?" + query_string if query_string else "")
    method = rng.choice(["GET", "POST", "PUT", "DELETE", "PATCH"])
    body = rng.choice([b"", text(rng, 40).encode(), rng.randbytes(rng.randrange(100))])
    if form == "query":
        # botocore moves the members of a body into the query string.
        body = b""
    members = {text(rng, 6) or "k": text(rng, 10) for _ in range(rng.randrange(3))}
    signed = AWSRequest(method=method, url=url, data=members if form == "query" else body)
    for name in rng.sample(HEADERS, rng.randrange(4)):
        for _ in range(rng.choice([1, 1, 1, 2, 3])):
            signed.headers.add_header(name, header_value(rng))
    signed.headers["User-Agent"] = "differential"
    return signed, body


def line(rng):
    token = base64.b64encode(rng.randbytes(rng.randrange(16, 200))).decode() if rng.random() < 0.4 else None
    secret = base64.b64encode(rng.randbytes(30)).decode()
    key = "AKIA" + "".join(rng.choice("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") for _ in range(16))
    region, service = rng.choice(REGIONS), rng.choice(SERVICES)
    now = datetime.datetime.fromtimestamp(1_700_000_000 + rng.randrange(100_000_000), datetime.timezone.utc)
    botocore.auth.get_current_datetime = lambda remove_tzinfo=True: now.replace(tzinfo=None) if remove_tzinfo else now
    form = rng.choice(["header", "query"])
    signed, body = request(rng, form)
    credentials = Credentials(key, secret, token)
    if form == "header":
        botocore.auth.SigV4Auth(credentials, service, region).add_auth(signed)
    else:
        botocore.auth.SigV4QueryAuth(credentials, service, region, expires=rng.randrange(1, 604_801)).add_auth(signed)
    # What goes over the wire; the path is taken from the URL as text, so that nothing is normalised on the way.
    parts = urlsplit(signed.url)
    headers = [[name, value] for name, value in signed.headers.items()]
    if "Host" not in signed.headers:
        headers.append(["Host", botocore.auth._host_from_url(signed.url)])
    return {
        "form": form, "method": signed.method, "path": parts.path, "query": parts.query, "headers": headers,
        "body": base64.b64encode(body).decode(), "key": key, "secret": secret, "token": token,
        "region": region, "service": service, "seconds": int(now.timestamp()),
    }


def main():
    count, seed = int(sys.argv[1]), int(sys.argv[2])
    rng = random.Random(seed)
    for _ in range(count):
        print(json.dumps(line(rng), ensure_ascii=True))


main()
