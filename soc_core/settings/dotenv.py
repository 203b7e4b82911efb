"""Reads a `.env` file, which the command line puts under the environment."""

import re
from pathlib import Path

from soc_core.errors import SettingsError

_LINE = re.compile(r"\s*(?:export\s+)?([A-Za-z_]\w*)\s*=(.*)", re.ASCII)
_QUOTED = re.compile(r"""\s*(?:'([^']*)'|"((?:[^"\\]|\\.)*)")\s*(?:#.*)?""")
_COMMENT = re.compile(r"\s#.*")
_ESCAPE = re.compile(r"\\(.)")
_MEANS = {"n": "\n", "r": "\r", "t": "\t"}


def read_dotenv(path: Path) -> dict[str, str]:
    r"""The names and values of a file of `KEY=VALUE` lines; an absent file has none.

    Quotes, `export`, and comments after a space are understood, so `CHANNEL=#soc` is a channel; `$NAME` is not
    replaced. In double quotes `\n`, `\"` and `\\` have their usual meaning.

    Raises:
        SettingsError: A line cannot be understood; it is named, not shown, as it may hold a secret.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no UTF-8 text"
        raise SettingsError(f"{path} cannot be read: {reason}") from error
    values = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        match = _LINE.fullmatch(line)
        value = None if match is None else _value(match[2])
        if match is None or value is None:
            raise SettingsError(f"{path}:{number}: a line is NAME=VALUE, with quotes closed")
        values[match[1]] = value
    return values


def _value(written: str) -> str | None:
    """What stands behind the equals sign; None if a quote is not closed."""
    if not written.lstrip().startswith(("'", '"')):
        return _COMMENT.sub("", written).strip()
    match = _QUOTED.fullmatch(written)
    if match is None:
        return None
    if match[1] is not None:
        return match[1]
    return _ESCAPE.sub(lambda escape: _MEANS.get(escape[1], escape[1]), match[2])
