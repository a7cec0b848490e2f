"""A host with an internet, in network namespaces of its own: run with `unshare --net`, it serves a platform there and asks it.

The internet is a process in a second namespace: 198.51.100.7 answers HTTP, 192.0.2.1 answers for names, and a metadata address
is there too. Prints one JSON object: what each function has seen.
"""

import ctypes
import http.server
import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

from harness.clients import Tenant
from harness.platform import FIRST, SECOND, Platform

INTERNET, RESOLVER, METADATA = "198.51.100.7", "192.0.2.1", "169.254.169.254"
NAMES = {b"\x08internet\x04test": INTERNET, b"\x06rebind\x04test": METADATA}

FETCH = """
import socket, urllib.request
def handler(event, context):
    seen = {}
    for url in event:
        try:
            seen[url] = urllib.request.urlopen(url, timeout=3).read().decode()
        except OSError as error:
            seen[url] = type(getattr(error, 'reason', error)).__name__
    return seen
"""
URLS = [f"http://{host}/" for host in ("internet.test", INTERNET, "rebind.test", METADATA, "absent.test", "192.0.2.2")]

CONFIGURATION = """
[egress]
resolver = "192.0.2.1"
[[egress.functions]]
function = "123456789012:open-*"
to = "internet"
[[egress.functions]]
function = "arn:aws:lambda:*:*:function:listed"
to = ["198.51.100.0/24:80"]
"""


def ip(*commands):
    subprocess.run(["ip", "-batch", "-"], input="\n".join(commands), text=True, check=True)


def answer_names():
    """As much of a name server as this world needs."""
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind((RESOLVER, 53))
    while True:
        query, client = server.recvfrom(1500)
        end = query.index(b"\0", 12)
        address = NAMES.get(query[12:end])
        has_it = address and query[end + 1 : end + 3] == b"\0\1"
        head = query[:2] + (b"\x81\x80" if address else b"\x81\x83") + b"\0\1" + (b"\0\1" if has_it else b"\0\0") + b"\0\0\0\0"
        record = b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4" + socket.inet_aton(address) if has_it else b""
        server.sendto(head + query[12 : end + 5] + record, client)


class Hello(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = f"hello {self.client_address[0]}".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def be_the_internet(ready, go):
    ctypes.CDLL(None).prctl(1, 9)
    os.unshare(os.CLONE_NEWNET) if hasattr(os, "unshare") else ctypes.CDLL(None).unshare(0x40000000)
    os.write(ready, b"x")
    os.read(go, 1)
    ip("link set lo up", f"addr add {RESOLVER}/24 dev up1", "link set up1 up")
    ip(f"addr add {INTERNET}/32 dev lo", f"addr add {METADATA}/32 dev lo")
    threading.Thread(target=answer_names, daemon=True).start()
    server = http.server.ThreadingHTTPServer(("0.0.0.0", 80), Hello)
    os.write(ready, b"x")
    server.serve_forever()


def make_world():
    (is_ready, ready), (go, gone) = os.pipe(), os.pipe()
    pid = os.fork()
    if pid == 0:
        be_the_internet(ready, go)
    os.read(is_ready, 1)
    ip("link set lo up", f"link add up0 type veth peer name up1 netns {pid}", "addr add 192.0.2.2/24 dev up0")
    ip("link set up0 up", f"route add default via {RESOLVER}")
    Path("/proc/sys/net/ipv4/ip_forward").write_text("1")
    os.write(gone, b"x")
    os.read(is_ready, 1)


def main(binary):
    make_world()
    with tempfile.TemporaryDirectory() as folder:
        configuration = Path(folder, "lambent.toml")
        configuration.write_text(CONFIGURATION)
        platform = Platform(binary, Path(folder, "data"), "--config", str(configuration))
        try:
            print(json.dumps(ask(platform)))
        finally:
            platform.stop()


def ask(platform):
    own, foreign = Tenant(platform, FIRST), Tenant(platform, SECOND)
    seen = {name: fetch(own, name) for name in ("open-1", "listed", "closed")}
    # It has the name that is another account's.
    return {**seen, "foreign": fetch(foreign, "open-1")}


def fetch(tenant, name):
    tenant.deploy(FETCH, name=name, Timeout=60)
    answer = tenant.functions.invoke(FunctionName=name, Payload=json.dumps(URLS))
    return json.loads(answer["Payload"].read())


if __name__ == "__main__":
    main(sys.argv[1])
