"""JSON for values that `json` alone does not take as Lambda does.

Named tuples become objects, byte strings text, decimals numbers of their own digits; everything else is as in `json`.
"""

from decimal import Decimal
from json.encoder import JSONEncoder, encode_basestring, encode_basestring_ascii


def encode_any(value, ascii_only):
    """The value as JSON text."""
    chunks = []
    Writer(chunks.append, encode_basestring_ascii if ascii_only else encode_basestring).write(value)
    return "".join(chunks)


class Writer:
    def __init__(self, put, quote):
        self.put, self.quote, self.open = put, quote, set()
        self.plain = JSONEncoder()

    def write(self, value):
        if isinstance(value, str):
            self.put(self.quote(value))
        elif value is None or isinstance(value, (bool, int, float)):
            self.put(self.plain.encode(value))
        elif isinstance(value, bytes):
            self.put(self.quote(value.decode()))
        elif isinstance(value, Decimal):
            self.put("NaN" if value.is_nan() else str(value))
        elif isinstance(value, dict):
            self.nested(value, self.members, "{", "}")
        elif isinstance(value, tuple) and callable(getattr(value, "_asdict", None)):
            self.nested(value, lambda named: self.members(named._asdict()), "{", "}")
        elif isinstance(value, (list, tuple)):
            self.nested(value, self.items, "[", "]")
        else:
            self.plain.default(value)

    def nested(self, value, inside, opening, closing):
        if id(value) in self.open:
            raise ValueError("Circular reference detected")
        self.open.add(id(value))
        self.put(opening)
        inside(value)
        self.put(closing)
        self.open.discard(id(value))

    def items(self, values):
        for index, value in enumerate(values):
            if index:
                self.put(", ")
            self.write(value)

    def members(self, members):
        first = True
        for key, value in members.items():
            if not first:
                self.put(", ")
            first = False
            self.put(self.quote(self.key(key)))
            self.put(": ")
            self.write(value)

    def key(self, key):
        if isinstance(key, str):
            return key
        if isinstance(key, bytes):
            return key.decode()
        if isinstance(key, Decimal):
            return str(key)
        if key is None or isinstance(key, (bool, int, float)):
            return self.plain.encode(key)
        raise TypeError("keys must be str, int, float, bool or None, not " + type(key).__name__)
