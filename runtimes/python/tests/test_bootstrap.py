"""The bootstrap against a Runtime API that is played here: real processes, real HTTP, functions written for each test.

Run with the interpreter to be tested: `python3.11 -m unittest discover -s runtimes/python/tests`.
"""

import http.server
import json
import os
import pathlib
import re
import socket
import subprocess
import sys
import tempfile
import textwrap
import threading
import time
import unittest

BOOTSTRAP = pathlib.Path(__file__).resolve().parent.parent / "bootstrap.py"
PREFIX = "/2018-06-01/runtime/"


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
            "Lambda-Runtime-Aws-Request-Id": "id-%d" % number,
            "Lambda-Runtime-Deadline-Ms": str(int(time.time() * 1000) + 3000),
            "Lambda-Runtime-Invoked-Function-Arn": "arn:aws:lambda:us-east-1:000000000000:function:f",
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


class Ran:
    """What one run of the bootstrap did."""

    def __init__(self, api, process):
        self.posts, self.status = api.posts, process.returncode
        self.log, self.connections = process.stdout.decode(), api.connections

    def paths(self):
        return [path for path, _, _ in self.posts]

    def answers(self):
        return [json.loads(body) for _, _, body in self.posts]


def run(code, *events, handler="app.handler", env=None, files=None):
    """Runs a function, given as source, on events, each a value or a pair of a value and header fields."""
    events = [event if isinstance(event, tuple) else (event, {}) for event in events]
    with tempfile.TemporaryDirectory() as task, RuntimeApi(events) as api:
        for name, text in {"app.py": code, **(files or {})}.items():
            path = pathlib.Path(task, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(textwrap.dedent(text), encoding="utf-8")
        threading.Thread(target=api.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        variables = {
            "AWS_LAMBDA_RUNTIME_API": "127.0.0.1:%d" % api.server_address[1],
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
        process = subprocess.run(
            [sys.executable, "-S", "-B", str(BOOTSTRAP)],
            env=variables,
            cwd=task,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=30,
        )
        api.shutdown()
        return Ran(api, process)


def result(expression, event=None, **options):
    """What a handler's return value becomes, as text."""
    ran = run("from helper import *\ndef handler(event, context):\n    return " + expression, event, **options)
    return ran.posts[0][2].decode()


class Answers(unittest.TestCase):
    def test_one_connection_serves_all_invocations(self):
        ran = run("def handler(event, context):\n    return event", 1, {"a": [None, True]}, "ü")
        self.assertEqual(ran.answers(), [1, {"a": [None, True]}, "ü"])
        self.assertEqual(ran.paths(), ["invocation/id-%d/response" % n for n in (1, 2, 3)])
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
                            "requestId": "id-1",
                            "stackTrace": [],
                        }
                    ],
                )
                self.assertEqual(ran.paths(), ["invocation/id-1/error"])

    def test_an_event_that_is_not_json_is_an_unmarshal_error(self):
        ran = run("def handler(event, context):\n    return 1", b"{", 2)
        self.assertEqual(ran.answers()[0]["errorType"], "Runtime.UnmarshalError")
        self.assertTrue(ran.answers()[0]["errorMessage"].startswith("Unable to unmarshal input: Expecting"))
        self.assertEqual(ran.answers()[1], 1)


class Packets(unittest.TestCase):
    NEXT = (
        b"HTTP/1.1 200 OK\r\nLambda-Runtime-Aws-Request-Id: id\r\nLambda-Runtime-Deadline-Ms: 9\r\n"
        b"Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
    )
    ACCEPTED = b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n"

    def test_an_answer_and_the_next_request_are_one_message_each_way(self):
        with tempfile.TemporaryDirectory() as task, socket.create_server(("127.0.0.1", 0)) as listener:
            pathlib.Path(task, "app.py").write_text("def handler(event, context):\n    return [event]")
            address = "127.0.0.1:%d" % listener.getsockname()[1]
            env = {"AWS_LAMBDA_RUNTIME_API": address, "_HANDLER": "app.handler", "PYTHONPATH": task}
            process = subprocess.Popen([sys.executable, "-S", "-B", str(BOOTSTRAP)], env=env)
            connection, _ = listener.accept()
            with connection:
                self.assertTrue(connection.recv(65536).startswith(b"GET /2018-06-01/runtime/invocation/next HTTP/1.1"))
                connection.sendall(self.NEXT)
                for _ in range(3):
                    head, body = connection.recv(65536).split(b"\r\n\r\n", 1)
                    self.assertTrue(head.startswith(b"POST /2018-06-01/runtime/invocation/id/response HTTP/1.1"))
                    self.assertTrue(body.startswith(b"[{}]GET /2018-06-01/runtime/invocation/next"), body)
                    connection.sendall(self.ACCEPTED + self.NEXT)
            process.wait(timeout=10)


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
        self.assertEqual(ran.paths(), ["invocation/id-1/error", "invocation/id-2/error"])

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
        self.assertEqual(answers[0], ["id-1", *same, {"k": "v"}, None, "t", "i", "p", True])
        self.assertEqual(answers[1], ["id-2", *same, None, None, None, None, None, True])
        self.assertTrue(shown[0].startswith("LambdaContext([aws_request_id=id-1,log_group_name=/aws/lambda/f,"))
        identity = "CognitoIdentity([cognito_identity_id=None,cognito_identity_pool_id=None])"
        self.assertTrue(shown[1].endswith("client_context=None,identity=%s,tenant_id=None])" % identity), shown[1])
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
        self.assertRegex(lines[1], r"^\[WARNING\]\t%s\.\d{3}Z\tid-1\tcareful there$" % self.TIME)
        self.assertRegex(lines[2], r"^\[ERROR\]\t%s\.\d{3}Z\tid-1\ttwo\0\nlines\0\nTraceback .*\0\n" % self.TIME)
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
        self.assertEqual((records[1]["requestId"], records[1]["logger"]), ("id-1", "app"))
        last = records[2]
        self.assertEqual((last["errorType"], last["errorMessage"], last["order"]), ("ZeroDivisionError", "division by zero", 7))

    def test_logging_without_a_root_logger_of_its_own(self):
        code = "import logging.handlers\ndef handler(e, c):\n    return len(logging.getLogger().handlers)"
        self.assertEqual(run(code, None).answers(), [1])
        code = "def handler(e, c):\n    import sys\n    return 'logging' in sys.modules"
        self.assertEqual(run(code, None).answers(), [False], "not imported before the function asks for it")


if __name__ == "__main__":
    unittest.main()
