"""Failures of a function: as the answer that its caller gets, and as the record that its log gets."""

import json
import os
import sys
import time
import traceback

# What separates the lines of one record in the log (NUL before a line break says that the record goes on), and how such
# lines are indented.
LINE = "\0\n"
INDENT = "\u00a0"


def describe(error, bootstrap, request_id):
    """The error's answer, and its type as far as a header field can carry it."""
    kind = getattr(error, "kind", None)
    if kind is not None and type(error).__name__ == "Fault":
        message, stack = error.message, error.stack
    else:
        kind, message, stack = type(error).__name__, text_of(error), frames(error, bootstrap)
    result = {"errorMessage": message, "errorType": kind, "requestId": request_id, "stackTrace": stack}
    plain = kind.isascii() and kind.replace(".", "_").isidentifier()
    return result, kind if plain else "Unhandled"


def text_of(error):
    try:
        return str(error)
    except Exception as second:
        return "<%s while making the error's text>" % type(second).__name__


def frames(error, bootstrap):
    """The formatted traceback from the first frame on that isn't the bootstrap's."""
    entries = traceback.extract_tb(error.__traceback__)
    while entries and entries[0].filename == bootstrap:
        del entries[0]
    entries = [(entry.filename, entry.lineno, entry.name, entry.line) for entry in entries]
    return traceback.format_list(entries)


def record(result):
    """Writes the error to the log, as one record."""
    if os.environ.get("AWS_LAMBDA_LOG_FORMAT", "").upper() == "JSON":
        text = stamped(result)
    else:
        text = LINE.join(as_lines(result))
    try:
        sys.stdout.write(text.encode("utf-8", "backslashreplace").decode() + "\n")
    except (AttributeError, OSError, ValueError):
        # The function closed or replaced its standard output: the error still goes to the caller.
        pass


def as_json(result):
    """The error as the body of an answer."""
    return json.dumps(result).encode()


def stamped(result):
    """The error as a record of a log in JSON."""
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    return json.dumps({"timestamp": now, "level": "ERROR", **result}, ensure_ascii=False)


def as_lines(result):
    kind, message = result["errorType"], result["errorMessage"]
    yield from ("[ERROR] %s: %s" % (kind, message) if message else "[ERROR] " + kind).splitlines()
    yield "Traceback (most recent call last):"
    for entry in result["stackTrace"]:
        for line in entry.splitlines():
            yield indented(line)


def indented(line):
    bare = line.lstrip(" ")
    return INDENT * (len(line) - len(bare)) + bare
