"""Keeps compiled patterns on disk: ten thousand of them take seconds to compile and a millisecond to load."""

import hashlib
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

from soc_core.scan.engine import Engine, Loaded, Unloadable
from soc_core.scan.needs import Need

_DIGEST = hashlib.sha256().digest_size


def loaded(engine: Engine, needs: Sequence[Need], folder: Path | None) -> Loaded:
    """The needs, ready to scan: from the folder if they are in it, else compiled and put there.

    A folder that cannot be read or written costs time, never a start.
    """
    if folder is None:
        return engine.load(engine.compile(needs))
    file = folder / f"{_key(engine, needs)}.scan"
    kept = _read(file)
    if kept is not None:
        try:
            return engine.load(kept)
        except Unloadable:
            pass  # made by another library or for another processor under the same name: made anew below
    compiled = engine.compile(needs)
    _write(file, compiled)
    return engine.load(compiled)


def _key(engine: Engine, needs: Sequence[Need]) -> str:
    text = repr((engine.name, engine.version, [(need.expression, need.ignore_case) for need in needs]))
    return hashlib.sha256(text.encode()).hexdigest()[:40]


def _read(file: Path) -> bytes | None:
    """What was kept, if all of it is still as it was written."""
    try:
        data = file.read_bytes()
    except OSError:
        return None
    digest, compiled = data[:_DIGEST], data[_DIGEST:]
    return compiled if hashlib.sha256(compiled).digest() == digest else None


def _write(file: Path, compiled: bytes) -> None:
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=file.parent)
        try:
            with os.fdopen(handle, "wb") as out:
                out.write(hashlib.sha256(compiled).digest() + compiled)
            os.replace(name, file)  # whoever reads it meanwhile sees the old file or the new one, never half of one
        except OSError:
            os.unlink(name)
    except OSError:
        return
