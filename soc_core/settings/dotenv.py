"""Reads a `.env` file, which the command line puts under the environment."""

import re
from pathlib import Path

from soc_core.errors import SettingsError

_LINE = re.compile(
    r"""\s* (?:export\s+)? (?P<name>[A-Za-z_]\w*) \s*=\s*
    (?: '(?P<plain>[^']*)' | "(?P<quoted>(?:[^"\\]|\\.)*)" | (?P<bare>(?:[^\s#'"]|(?<=\S)[#'"]|[^\S\n]+(?![\s#]))*) )
    \s* (?:\#.*)?""",
    re.VERBOSE | re.ASCII,
)
_ESCAPE = re.compile(r"\\(.)")
_MEANS = {"n": "\n", "r": "\r", "t": "\t"}


def read_dotenv(path: Path) -> dict[str, str]:
    r"""The names and values of a file of `KEY=VALUE` lines; an absent file has none.

    Quotes, comments and `export` are understood; `$NAME` is not replaced. In double quotes `\n`, `\"` and `\\`
    have their usual meaning.

    Raises:
        SettingsError: A line cannot be understood; it is named, not shown, as it may hold a secret.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} cannot be read: {error}") from error
    values = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        match = _LINE.fullmatch(line)
        if match is None:
            raise SettingsError(f"{path}:{number}: a line is NAME=VALUE, with quotes closed")
        values[match["name"]] = _value(match)
    return values


def _value(match: "re.Match[str]") -> str:
    if match["quoted"] is not None:
        return _ESCAPE.sub(lambda escape: _MEANS.get(escape[1], escape[1]), match["quoted"])
    return match["plain"] if match["plain"] is not None else match["bare"].strip()
