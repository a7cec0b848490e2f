"""The Runtime API over HTTP, as every other runtime speaks it: for a platform that offers no channel."""

from http.client import HTTPConnection

RUNTIME = "/2018-06-01/runtime/"
PREFIX = "lambda-runtime-"


class Http:
    """One connection, kept open for the life of the environment. Its methods are those of the bootstrap's channel."""

    def __init__(self, address, invocation):
        self.connection, self.invocation = HTTPConnection(address), invocation

    def next(self):
        fields, status, body = self.ask("GET", "invocation/next")
        if status != 200:
            raise ConnectionError("the Runtime API answered %d: %r" % (status, body))
        return self.invocation(
            id=fields[PREFIX + "aws-request-id"],
            deadline=int(fields.get(PREFIX + "deadline-ms", 0)),
            arn=text(fields, "invoked-function-arn"),
            trace=text(fields, "trace-id"),
            client=text(fields, "client-context"),
            identity=text(fields, "cognito-identity"),
            body=body,
        )

    def respond(self, request_id, body, content_type):
        self.post("invocation/%s/response" % request_id, body, {"Content-Type": content_type})

    def fail(self, request_id, body, kind):
        self.post("invocation/%s/error" % request_id, body, error(kind))

    def init_error(self, body, kind):
        self.post("init/error", body, error(kind))

    def post(self, path, body, fields):
        _, status, answer = self.ask("POST", path, body, fields)
        # 413: the answer was too large, and its caller has been told so.
        if status not in (202, 413):
            raise ConnectionError("the Runtime API answered %d: %r" % (status, answer))

    def ask(self, method, path, body=None, fields=()):
        self.connection.request(method, RUNTIME + path, body, dict(fields))
        answer = self.connection.getresponse()
        return answer.headers, answer.status, answer.read()


def text(fields, name):
    """A field's text, which the HTTP reader took for Latin-1."""
    return fields.get(PREFIX + name, "").encode("latin-1").decode("utf-8", "replace")


def error(kind):
    return {"Content-Type": "application/json", "Lambda-Runtime-Function-Error-Type": kind}
