"""The bootstrap against a platform that is played here: real processes, a real channel, functions written for each test.

`test_over_http` runs the same tests again with the Runtime API over HTTP.

Run with the interpreter to be tested: `python3.11 -m unittest discover -s runtimes/python/tests`.
"""

import http.server
import json
import os
import pathlib
import re
import socket
import struct
import subprocess
import sys
import tempfile
import textwrap
import threading
import time
import unittest

BOOTSTRAP = pathlib.Path(__file__).resolve().parent.parent / "bootstrap.py"
PREFIX = "/2018-06-01/runtime/"
ARN = "arn:aws:lambda:us-east-1:000000000000:function:f"
OVER_HTTP = False


def identity(number):
    """The id of the request of that number."""
    return "00000000-0000-4000-8000-%012d" % number


ID = identity(1)


class RuntimeApi(http.server.ThreadingHTTPServer):
    """Gives out events, one per GET, and keeps what is posted; when no event is left, it ends the process."""

    daemon_threads = True

    def __init__(self, events):
        super().__init__(("127.0.0.1", 0), Answering)
        self.events, self.posts, self.connections = list(events), [], 0


class Answering(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def setup(self):
        super().setup()
        self.server.connections += 1

    def log_message(self, *_):
        pass

    def do_GET(self):
        assert self.path == PREFIX + "invocation/next", self.path
        if not self.server.events:
            self.close_connection = True
            return
        event, fields = self.server.events.pop(0)
        body = event if isinstance(event, bytes) else json.dumps(event).encode()
        self.send_response(200)
        number = len(self.server.posts) + 1
        fields = {
            "Lambda-Runtime-Aws-Request-Id": identity(number),
            "Lambda-Runtime-Deadline-Ms": str(int(time.time() * 1000) + 3000),
            "Lambda-Runtime-Invoked-Function-Arn": ARN,
            "Content-Type": "application/json",
            "Content-Length": str(len(body)),
            **fields,
        }
        for name, value in fields.items():
            if value is not None:
                self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.posts.append((self.path[len(PREFIX) :], dict(self.headers), body))
        self.send_response(202)
        self.send_header("Content-Length", "16")
        self.end_headers()
        self.wfile.write(b'{"status":"OK"}\n')


class PlayedChannel(threading.Thread):
    """The same over the channel: gives out events, one per question, and keeps what is answered."""

    KINDS = {3: "invocation/%s/response", 4: "invocation/%s/error", 5: "init/error"}
    NAMES = ("Invoked-Function-Arn", "Trace-Id", "Client-Context", "Cognito-Identity")

    def __init__(self, events):
        super().__init__(daemon=True)
        self.events, self.posts, self.connections, self.writes = list(events), [], 1, 0
        self.ours, self.theirs = socket.socketpair()
        self.start()

    def run(self):
        with self.ours, self.ours.makefile("rb") as stream:
            while True:
                head = stream.read(8)
                if len(head) < 8:
                    return
                kind, fields, payload = struct.unpack(">BxHI", head)
                fields, body = stream.read(fields), stream.read(payload)
                if kind == 1:
                    assert fields == b"LMBT\0\1", fields
                elif kind == 2:
                    if not self.events:
                        return
                    self.give(*self.events.pop(0))
                else:
                    self.keep(kind, fields.decode(), body)

    def keep(self, kind, fields, body):
        path = self.KINDS[kind]
        if kind != 5:
            path, fields = path % fields[:36], fields[36:]
        name = "Content-Type" if kind == 3 else "Lambda-Runtime-Function-Error-Type"
        self.posts.append((path, {name: fields}, body))

    def give(self, event, fields):
        body = event if isinstance(event, bytes) else json.dumps(event).encode()
        fields = {"Lambda-Runtime-Invoked-Function-Arn": ARN, **fields}
        texts = [fields.get("Lambda-Runtime-" + name, "").encode() for name in self.NAMES]
        deadline = int(time.time() * 1000) + 3000
        packed = struct.pack(">36sQHHHH", identity(len(self.posts) + 1).encode(), deadline, *map(len, texts))
        packed += b"".join(texts)
        self.ours.sendall(struct.pack(">BxHI", 0x81, len(packed), len(body)) + packed + body)


class Ran:
    """What one run of the bootstrap did."""

    def __init__(self, platform, process):
        self.posts, self.status = platform.posts, process.returncode
        self.log, self.connections = process.stdout.decode(), platform.connections

    def paths(self):
        return [path for path, _, _ in self.posts]

    def answers(self):
        return [json.loads(body) for _, _, body in self.posts]


def run(code, *events, handler="app.handler", env=None, files=None):
    """Runs a function, given as source, on events, each a value or a pair of a value and header fields."""
    events = [event if isinstance(event, tuple) else (event, {}) for event in events]
    with tempfile.TemporaryDirectory() as task:
        for name, text in {"app.py": code, **(files or {})}.items():
            path = pathlib.Path(task, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(textwrap.dedent(text), encoding="utf-8")
        variables = {
            "_HANDLER": handler,
            "PYTHONPATH": task,
            "PATH": os.environ["PATH"],
            "AWS_LAMBDA_FUNCTION_NAME": "f",
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128",
            "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/f",
            "AWS_LAMBDA_LOG_STREAM_NAME": "2026/11/24/[$LATEST]0",
            **(env or {}),
        }
        return (over_http if OVER_HTTP else over_channel)(events, task, variables)


def start(task, env, **options):
    command = [sys.executable, "-S", "-B", str(BOOTSTRAP)]
    output = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    return subprocess.run(command, env=env, cwd=task, timeout=30, **output, **options)


def over_http(events, task, env):
    with RuntimeApi(events) as api:
        threading.Thread(target=api.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        process = start(task, {"AWS_LAMBDA_RUNTIME_API": "127.0.0.1:%d" % api.server_address[1], **env})
        api.shutdown()
        return Ran(api, process)


def over_channel(events, task, env):
    platform = PlayedChannel(events)
    descriptor = platform.theirs.fileno()
    options = {"pass_fds": (3,), "preexec_fn": lambda: os.dup2(descriptor, 3)}
    process = start(task, {"LAMBENT_CHANNEL": "1:3", "AWS_LAMBDA_RUNTIME_API": "127.0.0.1:9", **env}, **options)
    platform.theirs.close()
    platform.join(30)
    return Ran(platform, process)


def result(expression, event=None, **options):
    """What a handler's return value becomes, as text."""
    ran = run("from helper import *\ndef handler(event, context):\n    return " + expression, event, **options)
    return ran.posts[0][2].decode()


class Answers(unittest.TestCase):
    def test_one_connection_serves_all_invocations(self):
        ran = run("def handler(event, context):\n    return event", 1, {"a": [None, True]}, "ü")
        self.assertEqual(ran.answers(), [1, {"a": [None, True]}, "ü"])
        self.assertEqual(ran.paths(), ["invocation/%s/response" % identity(n) for n in (1, 2, 3)])
        self.assertEqual(ran.posts[0][1]["Content-Type"], "application/json")
        self.assertEqual(ran.connections, 1)

    def test_the_largest_payload_goes_both_ways(self):
        event = {"data": "x" * (6 * 1024 * 1024 - 20)}
        self.assertEqual(run("def handler(event, context):\n    return event", event).answers(), [event])

    def test_values_are_encoded_as_the_service_does(self):
        helper = {
            "helper.py": """
                import collections, decimal, enum, math
                Point = collections.namedtuple("Point", "x y")
                class Colour(enum.IntEnum):
                    RED = 1
                D = decimal.Decimal
                """
        }
        for expression, expected in [
            ("None", "null"),
            ("(1, 2.5, True)", "[1, 2.5, true]"),
            ("{'a': {'b': []}}", '{"a": {"b": []}}'),
            ("{1: 'int', None: 'none', True: 'bool'}", '{"1": "bool", "null": "none"}'),
            ("math.nan", "NaN"),
            ("[math.inf, -math.inf]", "[Infinity, -Infinity]"),
            ("D('1.10')", "1.10"),
            ("{'n': [D('1E+2'), D('NaN')]}", '{"n": [1E+2, NaN]}'),
            ("Point(1, {'p': Point(2, 3)})", '{"x": 1, "y": {"p": {"x": 2, "y": 3}}}'),
            ("{b'key': b'bytes'}", '{"key": "bytes"}'),
            ("Colour.RED", "1"),
            ("'\\ud800'", '"\\ud800"'),
        ]:
            with self.subTest(expression):
                self.assertEqual(result(expression, files=helper), expected)

    def test_text_beyond_ascii_is_written_as_the_version_does(self):
        expected = '"\\u00fc"' if sys.version_info < (3, 12) else '"ü"'
        self.assertEqual(result("'ü'", files={"helper.py": ""}), expected)

    def test_bytes_go_out_as_they_are(self):
        ran = run("def handler(event, context):\n    return b'\\x00\\xff'", None)
        self.assertEqual(ran.posts[0][2], b"\x00\xff")

    def test_what_has_no_json_form_is_a_marshal_error(self):
        for expression, message in [
            ("{1, 2}", "Object of type set is not JSON serializable"),
            ("[object]", "Object of type type is not JSON serializable"),
            ("loop()", "Circular reference detected"),
            ("{(1, 2): 3}", "keys must be str, int, float, bool or None, not tuple"),
        ]:
            helper = "def loop():\n    a = []\n    a.append(a)\n    return a\n"
            ran = run(helper + "def handler(event, context):\n    return " + expression, None)
            with self.subTest(expression):
                self.assertEqual(
                    ran.answers(),
                    [
                        {
                            "errorMessage": "Unable to marshal response: " + message,
                            "errorType": "Runtime.MarshalError",
                            "requestId": ID,
                            "stackTrace": [],
                        }
                    ],
                )
                self.assertEqual(ran.paths(), ["invocation/%s/error" % ID])

    def test_an_event_that_is_not_json_is_an_unmarshal_error(self):
        ran = run("def handler(event, context):\n    return 1", b"{", 2)
        self.assertEqual(ran.answers()[0]["errorType"], "Runtime.UnmarshalError")
        self.assertTrue(ran.answers()[0]["errorMessage"].startswith("Unable to unmarshal input: Expecting"))
        self.assertEqual(ran.answers()[1], 1)


class Messages(unittest.TestCase):
    """The channel, message by message."""

    GREETING, QUESTION = b"\1\0\0\6\0\0\0\0LMBT\0\1", b"\2\0\0\0\0\0\0\0"

    def invocation(self, body=b"{}"):
        fields = struct.pack(">36sQHHHH", ID.encode(), 9, 1, 0, 0, 0) + b"a"
        return struct.pack(">BxHI", 0x81, len(fields), len(body)) + fields + body

    def answer(self, body, kind=3, text=b"application/json"):
        fields = ID.encode() + text
        return struct.pack(">BxHI", kind, len(fields), len(body)) + fields + body

    def talk(self, story, code="def handler(event, context):\n    return [event]"):
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with tempfile.TemporaryDirectory() as task, ours:
            pathlib.Path(task, "app.py").write_text(code)
            env = {"LAMBENT_CHANNEL": "1:3", "_HANDLER": "app.handler", "PYTHONPATH": task}
            command, descriptor = [sys.executable, "-S", "-B", str(BOOTSTRAP)], theirs.fileno()
            options = {"pass_fds": (3,), "preexec_fn": lambda: os.dup2(descriptor, 3)}
            process = subprocess.Popen(command, env=env, stdout=subprocess.PIPE, **options)
            theirs.close()
            ours.settimeout(20)
            story(ours)
            ours.close()
            output, _ = process.communicate(timeout=20)
            return process.returncode, output.decode()

    def test_an_answer_and_the_next_question_are_one_message_each_way(self):
        # A socket that keeps messages apart shows what one write was.
        def story(platform):
            self.assertEqual(platform.recv(65536), self.GREETING + self.QUESTION)
            for _ in range(3):
                platform.sendall(self.invocation())
                self.assertEqual(platform.recv(65536), self.answer(b"[{}]") + self.QUESTION)

        self.assertEqual(self.talk(story), (1, ""))

    def test_an_error_is_one_message_too(self):
        def story(platform):
            platform.recv(65536)
            platform.sendall(self.invocation(b"{"))
            message = platform.recv(65536)
            head = self.answer(b"", 4, b"Runtime.UnmarshalError")
            self.assertEqual((message[:4], message[8 : len(head)]), (head[:4], head[8:]))
            self.assertTrue(message.endswith(b"}" + self.QUESTION), message)

        self.talk(story)

    def test_a_larger_answer_than_any_may_be_is_not_sent_whole(self):
        def story(platform):
            platform.recv(65536)
            platform.sendall(self.invocation())
            fields = 36 + len("application/json")
            self.assertEqual(platform.recv(65536)[:8], struct.pack(">BxHI", 3, fields, 6291557))

        self.talk(story, "def handler(event, context):\n    return 'x' * 7000000")

    def test_after_a_refusal_it_gives_up_but_for_answers_that_were_too_large(self):
        def refusal(status):
            return struct.pack(">BxHIH", 0x82, 2, 1, status) + b"m"

        def story(platform):
            platform.recv(65536)
            platform.sendall(refusal(413) + self.invocation())
            self.assertEqual(platform.recv(65536), self.answer(b"[{}]") + self.QUESTION)
            platform.sendall(refusal(403))
            self.assertEqual(platform.recv(65536), b"", "the end")

        self.assertEqual(self.talk(story), (1, ""))

    def test_processes_of_the_function_get_no_channel(self):
        code = """
            import os, subprocess, sys
            def handler(event, context):
                held = "import os\\ntry:\\n os.fstat(3)\\n print('held')\\nexcept OSError:\\n print('none')"
                child = subprocess.run([sys.executable, "-c", held], close_fds=False, stdout=subprocess.PIPE)
                return [child.stdout.decode(), "LAMBENT_CHANNEL" in os.environ]
            """
        self.assertEqual(run(code, None).answers(), [["none\n", False]])

    def test_without_a_channel_it_speaks_http(self):
        # What is offered is not there.
        with tempfile.TemporaryDirectory() as task:
            pathlib.Path(task, "app.py").write_text("def handler(event, context):\n    return event")
            env = {"LAMBENT_CHANNEL": "1:3", "_HANDLER": "app.handler", "PYTHONPATH": task}
            ran = over_http([(7, {})], task, env)
        self.assertEqual(ran.answers(), [7])


class Handlers(unittest.TestCase):
    FILES = {"pkg/__init__.py": "", "pkg/module.py": "def function(event, context):\n    return __name__"}

    def test_modules_may_be_in_packages(self):
        for handler in ("pkg/module.function", "pkg.module.function"):
            ran = run("", None, handler=handler, files=self.FILES)
            self.assertEqual(ran.answers(), ["pkg.module"])

    def failure(self, code="", **options):
        ran = run(code, **options)
        self.assertEqual((ran.paths(), ran.status), (["init/error"], 1), ran.log)
        answer = ran.answers()[0]
        self.assertEqual(ran.posts[0][1]["Lambda-Runtime-Function-Error-Type"], answer["errorType"])
        return answer, ran.log

    def test_handlers_that_cannot_be_found(self):
        for handler, kind, message in [
            ("app", "MalformedHandlerName", "Bad handler 'app': not enough values to unpack (expected 2, got 1)"),
            ("", "MalformedHandlerName", "Bad handler '': not enough values to unpack (expected 2, got 1)"),
            ("nope.handler", "ImportModuleError", "Unable to import module 'nope': No module named 'nope'"),
            ("a/b.handler", "ImportModuleError", "Unable to import module 'a/b': No module named 'a'"),
            (".handler", "ImportModuleError", "Unable to import module '': Empty module name"),
            ("app.nope", "HandlerNotFound", "Handler 'nope' missing on module 'app'"),
            ("sys.exit", "BuiltInModuleConflict", "Cannot use built-in module sys as a handler module"),
        ]:
            with self.subTest(handler):
                answer, log = self.failure(handler=handler)
                self.assertEqual((answer["errorType"], answer["errorMessage"]), ("Runtime." + kind, message))
                self.assertEqual((answer["requestId"], answer["stackTrace"]), ("", []))
                record = "[ERROR] Runtime.%s: %s\0\nTraceback (most recent call last):\n" % (kind, message)
                self.assertEqual(log, record)

    def test_a_module_that_imports_what_is_not_there(self):
        answer, _ = self.failure("import missing_dependency")
        self.assertEqual(
            answer["errorMessage"], "Unable to import module 'app': No module named 'missing_dependency'"
        )

    def test_a_syntax_error(self):
        answer, _ = self.failure("def handler(event, context)\n    return 1\n")
        self.assertEqual(answer["errorType"], "Runtime.UserCodeSyntaxError")
        self.assertTrue(answer["errorMessage"].startswith("Syntax error in module 'app': "))
        self.assertIn("app.py", answer["stackTrace"][0])

    def test_an_exception_while_the_module_is_loaded(self):
        answer, _ = self.failure("def load():\n    raise KeyError('setting')\nload()\n")
        self.assertEqual((answer["errorType"], answer["errorMessage"]), ("KeyError", "'setting'"))
        self.assertEqual([trace.split(", ")[-1] for trace in answer["stackTrace"]][-1].split("\n")[0], "in load")
        self.assertNotIn("bootstrap.py", "".join(answer["stackTrace"]))

    def test_exit_while_the_module_is_loaded(self):
        for code, status in [("import sys; sys.exit(3)", 3), ("exit()", 0)]:
            ran = run(code)
            self.assertEqual((ran.paths(), ran.status), ([], status))


class Errors(unittest.TestCase):
    CODE = """
        def inner():
            raise ValueError("wrong\\nvalue")

        def handler(event, context):
            if event == "exit":
                import sys
                print("last words", end="")
                sys.exit(7)
            inner()
        """

    def test_answer_and_record(self):
        ran = run(self.CODE, None)
        answer = ran.answers()[0]
        self.assertEqual(list(answer), ["errorMessage", "errorType", "requestId", "stackTrace"])
        self.assertEqual((answer["errorType"], answer["errorMessage"]), ("ValueError", "wrong\nvalue"))
        first, last = answer["stackTrace"][0], answer["stackTrace"][-1]
        self.assertRegex(first, r'^  File ".*app\.py", line 10, in handler\n    inner\(\)\n')
        self.assertRegex(last, r'^  File ".*app\.py", line 3, in inner\n    raise ValueError')
        lines = ran.log.rstrip("\n").split("\0\n")
        self.assertNotIn("\n", "".join(lines), "one record")
        self.assertEqual(lines[:3], ["[ERROR] ValueError: wrong", "value", "Traceback (most recent call last):"])
        self.assertTrue(lines[3].startswith('\u00a0\u00a0File "'))

    def test_the_next_invocation_is_served(self):
        ran = run(self.CODE, None, None)
        self.assertEqual(ran.paths(), ["invocation/%s/error" % ID, "invocation/%s/error" % identity(2)])

    def test_exit_in_a_handler_ends_the_process(self):
        ran = run(self.CODE, "exit")
        self.assertEqual((ran.paths(), ran.status, ran.log), ([], 7, "last words"))

    def test_errors_that_cannot_be_shown(self):
        ran = run(
            """
            class Odd(Exception):
                def __str__(self):
                    raise RuntimeError
            Odd.__name__ = "Odd\\r\\nX-Injected: 1"
            def handler(event, context):
                raise Odd if event == 1 else ValueError("\\ud800")
            """,
            1,
            2,
        )
        self.assertEqual(ran.answers()[0]["errorMessage"], "<RuntimeError while making the error's text>")
        self.assertEqual(ran.posts[0][1]["Lambda-Runtime-Function-Error-Type"], "Unhandled")
        self.assertEqual(ran.answers()[1]["errorMessage"], "\ud800")

    def test_json_log_format(self):
        ran = run(self.CODE, None, env={"AWS_LAMBDA_LOG_FORMAT": "JSON"})
        record = json.loads(ran.log)
        self.assertEqual((record["level"], record["errorType"]), ("ERROR", "ValueError"))


class Environment(unittest.TestCase):
    def test_context(self):
        fields = {
            "Lambda-Runtime-Client-Context": json.dumps({"custom": {"k": "v"}, "client": {"app_title": "t"}}),
            "Lambda-Runtime-Cognito-Identity": json.dumps(
                {"cognitoIdentityId": "i", "cognitoIdentityPoolId": "p"}
            ),
        }
        code = """
            def handler(event, context):
                context.log("logged\\n")
                c, i = context.client_context, context.identity
                return [context.aws_request_id, context.function_name, context.function_version,
                    context.memory_limit_in_mb, context.log_group_name, context.log_stream_name,
                    context.invoked_function_arn, c and c.custom, c and c.env, c and c.client.app_title,
                    i.cognito_identity_id, i.cognito_identity_pool_id,
                    2000 < context.get_remaining_time_in_millis() <= 3000, repr(context)]
            """
        ran = run(code, (None, fields), None)
        arn = "arn:aws:lambda:us-east-1:000000000000:function:f"
        same = ["f", "$LATEST", "128", "/aws/lambda/f", "2026/11/24/[$LATEST]0", arn]
        answers = ran.answers()
        shown = [answer.pop() for answer in answers]
        self.assertEqual(answers[0], [ID, *same, {"k": "v"}, None, "t", "i", "p", True])
        self.assertEqual(answers[1], [identity(2), *same, None, None, None, None, None, True])
        self.assertTrue(shown[0].startswith("LambdaContext([aws_request_id=%s,log_group_name=/aws/lambda/f," % ID))
        caller = "CognitoIdentity([cognito_identity_id=None,cognito_identity_pool_id=None])"
        self.assertTrue(shown[1].endswith("client_context=None,identity=%s,tenant_id=None])" % caller), shown[1])
        self.assertEqual(ran.log, "logged\nlogged\n")

    def test_a_client_context_that_is_not_json(self):
        ran = run("def handler(e, c):\n    return 1", (None, {"Lambda-Runtime-Client-Context": "{"}))
        self.assertEqual(ran.answers()[0]["errorType"], "Runtime.LambdaContextUnmarshalError")

    def test_trace_id_is_set_for_each_invocation(self):
        code = "import os\ndef handler(e, c):\n    return os.environ.get('_X_AMZN_TRACE_ID')"
        ran = run(code, (None, {"Lambda-Runtime-Trace-Id": "Root=1"}), None)
        self.assertEqual(ran.answers(), ["Root=1", None])

    def test_module_path(self):
        ran = run("import sys\ndef handler(e, c):\n    return sys.path", None)
        version = "python%d.%d" % sys.version_info[:2]
        self.assertEqual(
            ran.answers()[0][:3], ["/var/task", "/opt/python/lib/%s/site-packages" % version, "/opt/python"]
        )
        self.assertEqual(len(ran.answers()[0]), len(set(ran.answers()[0])))

    def test_the_bootstrap_leaves_no_half_modules_behind(self):
        code = """
            import http.client, email.message, socket, urllib.parse
            def handler(event, context):
                import urllib.request, email.parser
                http.client.HTTPConnection("localhost"), http.client.HTTPSConnection("localhost")
                message = email.message.Message()
                message["a"] = "b"
                return [urllib.parse.urlsplit("http://x/y").path, message["A"], socket.AF_INET.name]
            """
        self.assertEqual(run(code, None).answers(), [["/y", "b", "AF_INET"]])

    def test_nothing_is_imported_that_most_starts_do_not_need(self):
        heavy = ["collections", "email", "enum", "http", "json", "logging", "re", "socket", "ssl", "urllib"]
        code = "import sys\ndef handler(e, c):\n    return [n for n in %r if n in sys.modules]" % heavy
        self.assertEqual(run(code, {"a": 1}).answers(), [[]])

    def test_exit_and_quit_exist(self):
        self.assertEqual(run("def handler(e, c):\n    quit()", None).status, 0)

    def test_output_is_utf8_whatever_the_locale(self):
        ran = run("print('ü')\ndef handler(e, c):\n    print('日本')", None, env={"LC_ALL": "C"})
        self.assertEqual(ran.log, "ü\n日本\n")

    def test_a_closed_output_does_not_stop_the_function(self):
        code = "import sys\ndef handler(e, c):\n    sys.stdout.close()\n    sys.stderr = None\n    return e + {}"
        self.assertEqual(run(code, 1).answers()[0]["errorType"], "TypeError")


class Logging(unittest.TestCase):
    CODE = """
        import logging
        logger = logging.getLogger(__name__)
        logging.warning("loading")
        def handler(event, context):
            logging.getLogger().info("not by default")
            logger.warning("careful %s", "there")
            try:
                1 / 0
            except ZeroDivisionError:
                logger.exception("two\\nlines", extra={"order": 7})
        """
    TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d"

    def test_text_records(self):
        lines = run(self.CODE, None).log.splitlines(keepends=True)
        lines = [line for line in re.split(r"(?<!\0)\n", "".join(lines)) if line]
        self.assertRegex(lines[0], r"^\[WARNING\]\t%s\.\d{3}Z\t\tloading$" % self.TIME)
        self.assertRegex(lines[1], r"^\[WARNING\]\t%s\.\d{3}Z\t%s\tcareful there$" % (self.TIME, ID))
        self.assertRegex(lines[2], r"^\[ERROR\]\t%s\.\d{3}Z\t%s\ttwo\0\nlines\0\nTraceback .*\0\n" % (self.TIME, ID))
        self.assertEqual(len(lines), 3)

    def test_level(self):
        log = run(self.CODE, None, env={"AWS_LAMBDA_LOG_LEVEL": "INFO"}).log
        self.assertIn("not by default", log)
        log = run(self.CODE, None, env={"AWS_LAMBDA_LOG_LEVEL": "ERROR"}).log
        self.assertNotIn("careful", log)

    def test_json_records(self):
        log = run(self.CODE, None, env={"AWS_LAMBDA_LOG_FORMAT": "JSON"}).log
        records = [json.loads(line) for line in log.splitlines()]
        self.assertRegex(records[0]["timestamp"], self.TIME + "Z")
        self.assertEqual(records[1]["message"], "careful there")
        self.assertEqual((records[1]["requestId"], records[1]["logger"]), (ID, "app"))
        last = records[2]
        self.assertEqual((last["errorType"], last["errorMessage"], last["order"]), ("ZeroDivisionError", "division by zero", 7))

    def test_logging_without_a_root_logger_of_its_own(self):
        code = "import logging.handlers\ndef handler(e, c):\n    return len(logging.getLogger().handlers)"
        self.assertEqual(run(code, None).answers(), [1])
        code = "def handler(e, c):\n    import sys\n    return 'logging' in sys.modules"
        self.assertEqual(run(code, None).answers(), [False], "not imported before the function asks for it")


if __name__ == "__main__":
    unittest.main()
