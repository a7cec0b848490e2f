"""Runs the AWS CLI of whichever Python runs this: {"arguments"} a line in, {"status", "out", "err"} a line out.

The CLI is the unmodified one; what is saved is starting Python for each command. It closes no standard stream and keeps
no state between commands, except for what its Python modules cache.
"""

import contextlib
import io
import json
import sys


def run(arguments):
    from awscli.clidriver import create_clidriver

    out, err = Text(), Text()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            status = create_clidriver().main(arguments)
        except SystemExit as ended:
            status = ended.code or 0
    return {"status": status, "out": out.text(), "err": err.text()}


class Text(io.TextIOWrapper):
    """A standard stream in memory, with the bytes below it that some commands write to."""

    def __init__(self):
        super().__init__(io.BytesIO(), encoding="utf-8", write_through=True)

    def text(self):
        self.flush()
        return self.buffer.getvalue().decode()


if __name__ == "__main__":
    answers = sys.stdout
    for line in sys.stdin:
        answers.write(json.dumps(run(json.loads(line)["arguments"])) + "\n")
        answers.flush()
