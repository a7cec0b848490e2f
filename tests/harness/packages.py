"""Code packages made on the spot."""

import io
import stat
import zipfile


def package(files, compression=zipfile.ZIP_DEFLATED):
    """A zip of `{name: text or bytes}`; names with a trailing `*` become executable."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name.rstrip("*"), date_time=(2026, 1, 1, 0, 0, 0))
            mode = 0o755 if name.endswith("*") else 0o644
            entry.external_attr = (stat.S_IFREG | mode) << 16
            entry.compress_type = compression
            archive.writestr(entry, content)
    return buffer.getvalue()


def python(source, compression=zipfile.ZIP_DEFLATED):
    """A package with one module `app`."""
    return package({"app.py": source}, compression)


ECHO = """
def handler(event, context):
    return event
"""
