"""Runs a function's handler: takes invocations from the Runtime API and answers them, one at a time.

This file is all that a cold start must compile and a warm invocation must run. What only some functions need, or only
failures, is in the modules beside it and is imported when it is needed: `_lambent_faults` (errors, as answers and as log
records), `_lambent_logging` (the root logger's handler), `_lambent_json` (what `json` cannot encode), `_lambent_client` (callers
that say who they are).

Invariant: what a handler sees (its arguments, the module path, the environment, its log) is what Lambda's documentation
describes; how the messages travel is nobody's business but this file's.
"""

import sys

LIBRARY = [path for path in sys.path if path.endswith("/lib/python%d.%d" % sys.version_info[:2])]
CODE_PATHS = ["/var/task", "/opt/python/lib/python%d.%d/site-packages" % sys.version_info[:2], "/opt/python"]
VERSION = "/2018-06-01/runtime"


class Stub(type(sys)):
    """A module that a private copy of another one believes to have imported: any name of it is itself, callable."""

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    def __call__(self, *_arguments):
        return self


def load_http():
    """`http.client`, of which only its reader of answers is used, without what only its other half needs.

    E-mail, TLS, URLs and regular expressions would treble the time to the first invocation. The copy is ours alone: a
    function that imports `http.client`, or any of them, gets the real ones.
    """
    names = "collections collections.abc email email.message email.parser http re socket urllib urllib.parse"
    stubs = {name: Stub(name) for name in names.split()}
    stubs["email"].message, stubs["email"].parser = stubs["email.message"], stubs["email.parser"]
    stubs["email.message"].Message, stubs["email.parser"].Parser = object, Fields
    stubs["http"].__path__ = [path + "/http" for path in LIBRARY]
    stubs["http"].HTTPStatus = Statuses
    stubs["ssl"] = None
    kept = {name: sys.modules.pop(name) for name in (*stubs, "http.client") if name in sys.modules}
    sys.modules.update(stubs)
    try:
        import http.client as client
    finally:
        for name in (*stubs, "http.client"):
            sys.modules.pop(name, None)
        sys.modules.update(kept)
    return client


class Status(int):
    phrase = ""


class Statuses:
    """The statuses that decide how an answer is read."""

    __members__ = {"CONTINUE": Status(100), "NO_CONTENT": Status(204), "NOT_MODIFIED": Status(304)}


class Fields:
    """The header fields of an answer, by lower-case name; stands in for the e-mail parser."""

    def __init__(self, _class=None):
        pass

    def parsestr(self, text):
        lines = (line.partition(":") for line in text.split("\r\n"))
        return {name.lower(): value.strip() for name, colon, value in lines if colon}


class RuntimeApi:
    """One connection to the Runtime API, kept open for the life of the environment."""

    def __init__(self, address):
        self.address, self.asked = address, False
        self.host = ("HTTP/1.1\r\nHost: %s\r\n" % address).encode()
        self.asking = b"GET %s/invocation/next %s\r\n" % (VERSION.encode(), self.host)
        try:
            self.http = load_http()
        except Exception:
            import http.client

            self.http = http.client

    def connect(self):
        """Opens the connection: once there is something to say, because a handler's module may take its time to load."""
        import _socket
        import io

        host, _, port = self.address.rpartition(":")
        self.socket = _socket.socket(_socket.AF_INET, _socket.SOCK_STREAM)
        self.socket.connect((host, int(port)))
        self.socket.setsockopt(_socket.IPPROTO_TCP, _socket.TCP_NODELAY, 1)
        receive = self.socket.recv_into

        class Received(io.RawIOBase):
            def readable(self):
                return True

            def readinto(self, buffer):
                return receive(buffer)

        class Kept(io.BufferedReader):
            """Outlives the answers that are read from it."""

            def close(self):
                pass

        self.stream = Kept(Received(), 65536)

    def makefile(self, *_):
        return self.stream

    def answer(self, method):
        answer = self.http.HTTPResponse(self, method=method)
        answer.begin()
        return answer, answer.read()

    def next(self):
        """The next invocation: its header fields and its body."""
        if not self.asked:
            self.socket.sendall(self.asking)
        self.asked = False
        answer, body = self.answer("GET")
        if answer.status != 200:
            raise RuntimeError("the Runtime API answered %d: %r" % (answer.status, body))
        return answer.headers, body

    def post(self, path, body, content_type="application/json", error_type=None, then=b""):
        """Posts an answer; `then` is a request that follows it in the same packet."""
        head = b"POST %s/%s %sContent-Type: %s\r\nContent-Length: %d\r\n" % (
            VERSION.encode(),
            path.encode("ascii"),
            self.host,
            content_type.encode("ascii"),
            len(body),
        )
        if error_type:
            head += b"Lambda-Runtime-Function-Error-Type: %s\r\n" % error_type.encode("ascii")
        if len(body) < 65536:
            self.socket.sendall(b"%s\r\n%s%s" % (head, body, then))
        else:
            self.socket.sendall(head + b"\r\n")
            self.socket.sendall(body)
            self.socket.sendall(then)
        return self.answer("POST")

    def finish(self, path, body, content_type="application/json", error_type=None):
        """Answers an invocation and asks for the next one, at the price of one message: the platform has no reason to wake this
        process before it has something to do."""
        self.asked = True
        return self.post(path, body, content_type, error_type, self.asking)


class Json:
    """JSON by the part of `json` that is written in C. The rest of it, regular expressions, is for those who ask for more."""

    strict = True
    object_hook = object_pairs_hook = None
    parse_float, parse_int = float, int
    parse_constant = {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": -float("inf")}.__getitem__
    memo = None

    def __init__(self, ascii_only):
        import _json

        self.memo = {}
        self.scan, self.encoder = _json.make_scanner(self), _json.make_encoder
        self.quote = _json.encode_basestring_ascii if ascii_only else _json.encode_basestring
        if self.loads(b' {"a": [1.5, -Infinity]}\n') != {"a": [1.5, -float("inf")]} or self.encode([1]) != "[1]":
            raise ImportError

    def loads(self, data):
        text = (data if isinstance(data, str) else data.decode()).strip(" \t\n\r")
        try:
            value, end = self.scan(text, 0)
            if end == len(text):
                return value
        except (StopIteration, SystemError, ValueError):
            pass
        from json import loads

        return loads(data)

    def encode(self, value):
        encoder = self.encoder({}, beyond, self.quote, None, ": ", ", ", False, False, True)
        return "".join(encoder(value, 0))


class PlainJson:
    """The same by `json`, for an interpreter whose inside is another."""

    def __init__(self, ascii_only):
        from json import JSONEncoder, loads

        self.loads, self.encode = loads, JSONEncoder(ensure_ascii=ascii_only, default=beyond).encode


class Fault(Exception):
    """What goes wrong around a handler, under the name that the service has for it."""

    def __init__(self, kind, message, stack=()):
        super().__init__(message)
        self.kind, self.message, self.stack = "Runtime." + kind, message, list(stack)


class CognitoIdentity:
    """Who called, when Amazon Cognito authenticated them."""

    cognito_identity_id = cognito_identity_pool_id = None

    def __repr__(self):
        parts = (self.cognito_identity_id, self.cognito_identity_pool_id)
        return "CognitoIdentity([cognito_identity_id=%s,cognito_identity_pool_id=%s])" % parts


class LambdaContext:
    """A handler's second argument."""

    def __init__(self, fields, function):
        self.aws_request_id = fields["lambda-runtime-aws-request-id"]
        vars(self).update(function)
        self.invoked_function_arn = fields.get("lambda-runtime-invoked-function-arn")
        self.client_context, self.identity = None, CognitoIdentity()
        self.tenant_id = fields.get("lambda-runtime-aws-tenant-id")
        if "lambda-runtime-client-context" in fields or "lambda-runtime-cognito-identity" in fields:
            from _lambent_client import add_caller

            add_caller(self, fields, Fault)
        self._deadline = int(fields.get("lambda-runtime-deadline-ms") or 0)

    def get_remaining_time_in_millis(self):
        return max(self._deadline - int(time() * 1000), 0)

    def log(self, message):
        sys.stdout.write(str(message))

    def __repr__(self):
        shown = ("%s=%s" % item for item in vars(self).items() if not item[0].startswith("_"))
        return "LambdaContext([%s])" % ",".join(shown)


def function_members(environ):
    """What a context says about the function: the same for all invocations."""
    return {
        "log_group_name": environ.get("AWS_LAMBDA_LOG_GROUP_NAME"),
        "log_stream_name": environ.get("AWS_LAMBDA_LOG_STREAM_NAME"),
        "function_name": environ.get("AWS_LAMBDA_FUNCTION_NAME"),
        "memory_limit_in_mb": environ.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE"),
        "function_version": environ.get("AWS_LAMBDA_FUNCTION_VERSION"),
    }


def find_handler(name):
    """The function that `_HANDLER` names: `module.function`, the module's packages separated by dots or slashes."""
    module_name, dot, function_name = name.rpartition(".")
    if not dot:
        raise Fault(
            "MalformedHandlerName",
            "Bad handler '%s': not enough values to unpack (expected 2, got 1)" % name,
        )
    path = module_name.replace("/", ".")
    if path.partition(".")[0] in sys.builtin_module_names:
        raise Fault(
            "BuiltInModuleConflict", "Cannot use built-in module %s as a handler module" % module_name
        )
    if not all(path.split(".")):
        raise Fault("ImportModuleError", "Unable to import module '%s': Empty module name" % module_name)
    try:
        __import__(path)
        module = sys.modules[path]
    except ImportError as error:
        raise Fault("ImportModuleError", "Unable to import module '%s': %s" % (module_name, error)) from error
    except SyntaxError as error:
        place = '  File "%s" Line %s\n    %s' % (error.filename, error.lineno, error.text)
        raise Fault(
            "UserCodeSyntaxError", "Syntax error in module '%s': %s" % (module_name, error), [place]
        ) from error
    try:
        return getattr(module, function_name)
    except AttributeError:
        raise Fault(
            "HandlerNotFound", "Handler '%s' missing on module '%s'" % (function_name, module_name)
        ) from None


def read_event(fields, body):
    if fields.get("content-type", "application/json") != "application/json":
        return body
    try:
        return loads(body)
    except Exception as error:
        raise Fault("UnmarshalError", "Unable to unmarshal input: %s" % error) from None


class Beyond(Exception):
    """A value that the plain encoder does not take."""


def beyond(_value):
    raise Beyond


def has_records(value):
    """Whether a named tuple is among these values: the service answers with its fields, `json` would lose them."""
    kind = type(value)
    if isinstance(value, dict):
        values = value.values()
    elif isinstance(value, (list, tuple)):
        if kind is not list and kind is not tuple and hasattr(value, "_asdict"):
            return True
        values = value
    else:
        return False
    try:
        return any(type(v) not in (str, int, float, bool, NoneType) and has_records(v) for v in values)
    except RecursionError:
        return False


def write_result(value):
    """A handler's return value as the body of an answer, and its content type."""
    if isinstance(value, bytes):
        return value, "application/unknown"
    try:
        try:
            if has_records(value):
                raise Beyond
            text = encode(value)
        except (Beyond, TypeError):
            from _lambent_json import encode_any

            text = encode_any(value, ASCII)
        try:
            return text.encode(), "application/json"
        except UnicodeEncodeError:
            from _lambent_json import encode_any

            return encode_any(value, True).encode(), "application/json"
    except Exception as error:
        raise Fault("MarshalError", "Unable to marshal response: %s" % error) from None


def prepare():
    """Makes the interpreter look as functions expect it."""
    import builtins
    from _sitebuiltins import Quitter

    sys.path[:] = dict.fromkeys(CODE_PATHS + sys.path)
    # What `site` would have added, without the search for packages that it makes.
    builtins.exit = Quitter("exit", "Ctrl-D (i.e. EOF)")
    builtins.quit = Quitter("quit", "Ctrl-D (i.e. EOF)")
    sys.stdout.reconfigure(encoding="utf-8", line_buffering=True)
    sys.stderr.reconfigure(encoding="utf-8", line_buffering=True)
    sys.meta_path.insert(0, LoggingHook)


class LoggingHook:
    """Configures `logging` when the function first imports it, because most of its cost is its import."""

    @classmethod
    def find_spec(cls, name, path=None, target=None):
        if name != "logging":
            return None
        sys.meta_path.remove(cls)
        for finder in sys.meta_path:
            spec = finder.find_spec(name, path, target)
            if spec is not None:
                from _lambent_logging import hooked

                return hooked(spec, lambda: CURRENT)
        return None


def invoke(api, handler, fields, body, function):
    """Runs one invocation and answers it."""
    request_id = fields["lambda-runtime-aws-request-id"]
    try:
        event = read_event(fields, body)
        context = LambdaContext(fields, function)
        body, content_type = write_result(handler(event, context))
    except Exception as error:
        from _lambent_faults import as_json, describe, record

        result, kind = describe(error, __file__, request_id)
        record(result)
        body, path = as_json(result), "invocation/%s/error" % request_id
        flush()
        return api.finish(path, body, error_type=kind)
    flush()
    return api.finish("invocation/%s/response" % request_id, body, content_type)


def flush():
    """The log is complete before the answer goes out."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (AttributeError, OSError, ValueError):
            pass


def initialise(api, name):
    """The handler, or the end of this process once the platform knows why there is none."""
    try:
        return find_handler(name)
    except Exception as error:
        from _lambent_faults import as_json, describe, record

        result, kind = describe(error, __file__, "")
        record(result)
        flush()
        api.connect()
        api.post("init/error", as_json(result), error_type=kind)
        sys.exit(1)


def main():
    global CURRENT
    import gc
    from os import environ

    api = RuntimeApi(environ["AWS_LAMBDA_RUNTIME_API"])
    prepare()
    function = function_members(environ)
    handler = initialise(api, environ.get("_HANDLER", ""))
    flush()
    api.connect()
    # What was loaded so far stays: collections need not look at it again.
    gc.freeze()
    try:
        while True:
            fields, body = api.next()
            CURRENT = fields["lambda-runtime-aws-request-id"]
            trace = fields.get("lambda-runtime-trace-id")
            if trace:
                environ["_X_AMZN_TRACE_ID"] = trace
            else:
                environ.pop("_X_AMZN_TRACE_ID", None)
            invoke(api, handler, fields, body, function)
    except OSError:
        # The handler's own errors don't come here: the platform has gone, and nobody is left to tell.
        sys.exit(1)


if __name__ == "__main__":
    from time import time

    NoneType = type(None)
    ASCII = sys.version_info < (3, 12)
    CURRENT = ""
    try:
        codec = Json(ASCII)
    except Exception:
        codec = PlainJson(ASCII)
    loads, encode = codec.loads, codec.encode
    main()
