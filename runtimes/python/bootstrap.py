"""Runs a function's handler: takes invocations from the platform and answers them, one at a time.

This file is all that a cold start must compile and a warm invocation must run. What only some functions need, or only
failures, is in the modules beside it and is imported when it is needed: `_lambent_faults` (errors, as answers and as log
records), `_lambent_logging` (the root logger's handler), `_lambent_json` (what `json` cannot encode), `_lambent_client` (callers
that say who they are), `_lambent_http` (the Runtime API as everybody else speaks it, where the platform offers no channel).

Invariant: what a handler sees (its arguments, the module path, the environment, its log) is what Lambda's documentation
describes; how the messages travel is nobody's business but this file's.
"""

import sys

CODE_PATHS = ["/var/task", "/opt/python/lib/python%d.%d/site-packages" % sys.version_info[:2], "/opt/python"]


class Invocation:
    """What the platform hands out; texts that it has not are empty."""

    __slots__ = ("id", "deadline", "arn", "trace", "client", "identity", "body")

    def __init__(self, id, deadline, arn, trace, client, identity, body):
        self.id, self.deadline, self.arn, self.trace = id, deadline, arn, trace
        self.client, self.identity, self.body = client, identity, body


class Channel:
    """Frames over a socket that this process was started with; the decision record 0012 describes them."""

    OFFER, DESCRIPTOR = "1:3", 3
    GREETING, QUESTION = b"\x01\0\0\6\0\0\0\0LMBT\0\1", b"\2\0\0\0\0\0\0\0"
    RESPONSE, ERROR, INIT_ERROR, INVOKE, REFUSED = 3, 4, 5, 0x81, 0x82
    # The largest answer: of a larger one the beginning says enough.
    LARGEST = 6291556

    def __init__(self):
        from os import read, set_inheritable, write
        from struct import Struct

        # No process that the function starts may speak here.
        set_inheritable(self.DESCRIPTOR, False)
        self.read, self.write = read, write
        self.head, self.texts = Struct(">BxHI"), Struct(">36sqHHHH")
        self.unsent, self.rest = self.GREETING + self.QUESTION, b""

    def next(self):
        """The next invocation."""
        if self.unsent:
            self.send(self.unsent)
            self.unsent = b""
        while True:
            kind, data, fields, payload = self.receive()
            if kind == self.INVOKE:
                request_id, deadline, *lengths = self.texts.unpack_from(data, 8)
                texts, at = [], 8 + self.texts.size
                for length in lengths:
                    texts.append(data[at : at + length].decode() if length else "")
                    at += length
                return Invocation(request_id.decode(), deadline, *texts, body=payload)
            if kind != self.REFUSED or fields[:2] != b"\x01\x9d":
                raise ConnectionError("the platform refused what this process said: %r" % payload)
            # 413: an answer was too large, and its caller has been told so.

    def respond(self, request_id, body, content_type):
        """Answers an invocation and asks for the next one, at the price of one message: the platform has no reason to wake this
        process before it has something to do."""
        self.finish(self.RESPONSE, request_id + content_type, body)

    def fail(self, request_id, body, kind):
        """The same with an error."""
        self.finish(self.ERROR, request_id + kind[:256], body)

    def init_error(self, body, kind):
        """Says why there will be no question."""
        body = body[: self.LARGEST]
        self.send(self.GREETING + self.begin(self.INIT_ERROR, kind[:256], body) + body)

    def finish(self, kind, fields, body):
        if len(body) > self.LARGEST:
            body = body[: self.LARGEST + 1]
        beginning = self.begin(kind, fields, body)
        if len(body) < 65536:
            return self.send(b"%b%b%b" % (beginning, body, self.QUESTION))
        for part in (beginning, body, self.QUESTION):
            self.send(part)

    def begin(self, kind, fields, body):
        return self.head.pack(kind, len(fields), len(body)) + fields.encode()

    def send(self, data):
        sent = self.write(self.DESCRIPTOR, data)
        while sent < len(data):
            sent += self.write(self.DESCRIPTOR, memoryview(data)[sent:])

    def receive(self):
        """A frame: its kind, all of it, its fields, and its payload."""
        data = self.rest or self.more(65536)
        while len(data) < 8:
            data += self.more(65536)
        kind, fields, payload = self.head.unpack_from(data)
        middle, end = 8 + fields, 8 + fields + payload
        if len(data) < end:
            gathered = bytearray(data)
            while len(gathered) < end:
                gathered += self.more(min(end - len(gathered), 1 << 20))
            data = bytes(gathered)
        self.rest = data[end:]
        return kind, data, data[8:middle], data[middle:end]

    def more(self, size):
        data = self.read(self.DESCRIPTOR, size)
        if not data:
            raise ConnectionError("the platform has gone")
        return data


def find_platform(environ):
    """The channel where it is offered, HTTP otherwise."""
    if environ.pop("LAMBENT_CHANNEL", None) == Channel.OFFER:
        try:
            return Channel()
        except OSError:
            pass
    from _lambent_http import Http

    return Http(environ["AWS_LAMBDA_RUNTIME_API"], Invocation)


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

    def __init__(self, invocation, function):
        self.aws_request_id = invocation.id
        vars(self).update(function)
        self.invoked_function_arn = invocation.arn
        self.client_context, self.identity = None, CognitoIdentity()
        self.tenant_id = None
        if invocation.client or invocation.identity:
            from _lambent_client import add_caller

            add_caller(self, invocation, Fault)
        self._deadline = invocation.deadline

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


def read_event(body):
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


def invoke(platform, handler, invocation, function):
    """Runs one invocation and answers it."""
    try:
        event = read_event(invocation.body)
        context = LambdaContext(invocation, function)
        body, content_type = write_result(handler(event, context))
    except Exception as error:
        from _lambent_faults import as_json, describe, record

        result, kind = describe(error, __file__, invocation.id)
        record(result)
        body = as_json(result)
        flush()
        return platform.fail(invocation.id, body, kind)
    flush()
    return platform.respond(invocation.id, body, content_type)


def flush():
    """The log is complete before the answer goes out."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (AttributeError, OSError, ValueError):
            pass


def initialise(platform, name):
    """The handler, or the end of this process once the platform knows why there is none."""
    try:
        return find_handler(name)
    except Exception as error:
        from _lambent_faults import as_json, describe, record

        result, kind = describe(error, __file__, "")
        record(result)
        flush()
        platform.init_error(as_json(result), kind)
        sys.exit(1)


def main():
    global CURRENT
    import gc
    from os import environ

    platform = find_platform(environ)
    prepare()
    function = function_members(environ)
    handler = initialise(platform, environ.get("_HANDLER", ""))
    flush()
    # What was loaded so far stays: collections need not look at it again.
    gc.freeze()
    try:
        while True:
            invocation = platform.next()
            CURRENT = invocation.id
            if invocation.trace:
                environ["_X_AMZN_TRACE_ID"] = invocation.trace
            else:
                environ.pop("_X_AMZN_TRACE_ID", None)
            invoke(platform, handler, invocation, function)
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
