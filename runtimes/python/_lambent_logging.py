"""The root logger's handler: each record one line of the function's log, with the request's id.

Text and JSON formats have the fields that Lambda's documentation describes under "Using the standard logging library".
"""

import os
import sys
import time

TEXT = "[%(levelname)s]\t%(asctime)s.%(msecs)03dZ\t%(aws_request_id)s\t%(message)s"
# What a record has of its own: the rest was given as `extra`, and becomes members of the JSON record.
OWN = frozenset(
    "name msg args levelname levelno pathname filename module exc_info exc_text stack_info lineno funcName created msecs"
    " relativeCreated thread threadName processName process taskName aws_request_id tenant_id".split()
)


def hooked(spec, current):
    """The import of `logging`, followed by its set-up."""
    loader = spec.loader

    class Hooked:
        create_module = staticmethod(loader.create_module)

        @staticmethod
        def exec_module(module):
            module.__loader__ = spec.loader = loader
            loader.exec_module(module)
            set_up(module, current)

    spec.loader = Hooked
    return spec


def set_up(logging, current):
    """Adds the handler; `current` gives the id of the invocation that runs."""

    class PlatformHandler(logging.Handler):
        def emit(self, record):
            try:
                # NUL before a line break says that the record goes on.
                text = self.format(record).replace("\n", "\0\n")
                sys.stdout.write(text + "\n")
            except Exception:
                self.handleError(record)

    def add_request_id(record):
        record.aws_request_id = current()
        return True

    class JsonFormatter(logging.Formatter):
        def format(self, record):
            return json_record(self, record)

    logging.Formatter.converter = time.gmtime
    handler = PlatformHandler()
    if os.environ.get("AWS_LAMBDA_LOG_FORMAT", "").upper() == "JSON":
        handler.setFormatter(JsonFormatter(datefmt="%Y-%m-%dT%H:%M:%SZ"))
    else:
        handler.setFormatter(logging.Formatter(TEXT, "%Y-%m-%dT%H:%M:%S"))
    handler.addFilter(add_request_id)
    root = logging.getLogger()
    root.addHandler(handler)
    level = os.environ.get("AWS_LAMBDA_LOG_LEVEL", "").upper()
    level = {"TRACE": "DEBUG", "FATAL": "CRITICAL"}.get(level, level)
    if level in ("DEBUG", "INFO", "WARN", "WARNING", "ERROR", "CRITICAL"):
        root.setLevel(level)


def json_record(formatter, record):
    """A record as one JSON object."""
    import json

    structured = isinstance(record.msg, dict) and not record.args
    members = {
        "timestamp": formatter.formatTime(record, formatter.datefmt),
        "level": record.levelname,
        "message": record.msg if structured else record.getMessage(),
        "logger": record.name,
    }
    if record.exc_info:
        import traceback

        kind, error, trace = record.exc_info
        members["stackTrace"] = traceback.format_tb(trace)
        members["errorType"] = kind.__name__ if kind else None
        members["errorMessage"] = str(error)
        members["location"] = "%s:%s:%s" % (record.pathname, record.funcName, record.lineno)
    members["requestId"] = record.aws_request_id
    for name, value in vars(record).items():
        if name not in OWN:
            members.setdefault(name, value)
    members = {name: value for name, value in members.items() if value is not None}
    return json.dumps(members, ensure_ascii=False, default=str)
