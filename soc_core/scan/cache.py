"""Keeps compiled patterns on disk: ten thousand of them take seconds to compile and a millisecond to load."""

import hashlib
import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from soc_core.model.pattern import Pattern
from soc_core.scan.engine import Engine, Loaded, Unloadable
from soc_core.scan.needs import Need, Unfit, need_of

_FORM = 1  # to be raised whenever patterns are read differently or the file is laid out anew
_DIGEST = hashlib.sha256().digest_size


class _Kept(msgspec.Struct):
    """What is on disk: why some patterns select nothing, by their place, and the others compiled."""

    unfit: dict[int, str]
    compiled: bytes


def loaded(engine: Engine, patterns: Sequence[Pattern], folder: Path | None) -> tuple[Loaded, Mapping[int, str]]:
    """The patterns, ready to scan, and why some of them select nothing, by their place.

    They come from the folder if they are in it, else they are compiled and put there. A folder that cannot be read or
    written costs time, never a start.
    """
    file = folder and folder / f"{_key(engine, patterns)}.scan"
    kept = _read(file) if file else None
    if kept is not None:
        try:
            return engine.load(kept.compiled), kept.unfit
        except Unloadable:
            pass  # made by another library or for another processor under the same name: made anew below
    needs = [need_of(pattern) for pattern in patterns]
    made = _Kept(
        {place: need.reason for place, need in enumerate(needs) if isinstance(need, Unfit)},
        engine.compile([need for need in needs if isinstance(need, Need)]),
    )
    if file:
        _write(file, msgspec.msgpack.encode(made))
    return engine.load(made.compiled), made.unfit


def _key(engine: Engine, patterns: Sequence[Pattern]) -> str:
    text = repr((_FORM, engine.name, engine.version, [(p.text, p.literal, p.ignore_case) for p in patterns]))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:40]


def _read(file: Path) -> _Kept | None:
    """What was kept, if all of it is still as it was written."""
    try:
        data = file.read_bytes()
    except OSError:
        return None
    digest, packed = data[:_DIGEST], data[_DIGEST:]
    if hashlib.sha256(packed).digest() != digest:
        return None
    try:
        return msgspec.msgpack.decode(packed, type=_Kept)
    except msgspec.MsgspecError:
        return None


def _write(file: Path, packed: bytes) -> None:
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=file.parent)
        try:
            with os.fdopen(handle, "wb") as out:
                out.write(hashlib.sha256(packed).digest() + packed)
            os.replace(name, file)  # whoever reads it meanwhile sees the old file or the new one, never half of one
        except OSError:
            os.unlink(name)
    except OSError:
        return
