"""Tells secrets from words, numbers and paths where their shape alone does not."""

import base64
import binascii
import re

Match = re.Match[str]

_PROSE = re.compile(
    r"accepted|account|an?|and|are|at|attempts?|auth|authentication|authtok|based|can|cannot|changed?|chauthtok|check|"
    r"does|done|empty|error|expire[ds]?|expiry|fail|failed|failure|for|from|given|has|hidden|in|incorrect|invalid|is|"
    r"locked|login|missing|must|needed|not?|none|ok|old|only|or|policy|prompt|protected|reset|required|rejected|"
    r"removed|session|set|success|successful|the|too|unchanged|unknown|updated?|use|user|was|weak|with|wrong|yes|your?|"
    r"pam_\w+\(.*"
)
_NO_VALUE = re.compile(r"true|false|null|none|nil|undefined|yes|no|on|off|unset|prompt|n/a|na|-|x|[{(\[]*")
_PLACEHOLDER = re.compile(
    r"[*x•.]+|\$\{\w+\}|\{\{.*\}\}|%[a-z]|%\(\w+\)s|<[\w -]+>?|\[(?:redacted|hidden|filtered|protected).*|\(\w+\)"
    r"|[0-9]+\.[0-9]+[)}\]]*"
)


def secret_of(match: Match) -> str:
    """The part of a match that is the secret."""
    return match[match.lastindex or 0]


def is_password_pair(match: Match) -> bool:
    """Whether `password: …` holds a password, or goes on as a sentence."""
    key, value = match[0][: match.start(match.lastindex or 0) - match.start()], secret_of(match)
    quoted = key.endswith(("'", '"'))
    return is_password(key, value, prose=":" in key and not quoted)


def is_password(key: str, value: str, *, prose: bool) -> bool:
    """Nearly every value of a password is one; `prose` says that it may just be the next word of a sentence."""
    word = value.casefold().rstrip(".:!)}]")
    if _NO_VALUE.fullmatch(word) or _PLACEHOLDER.fullmatch(word) or (prose and _PROSE.fullmatch(word)):
        return False
    # PWD is also the folder that a command runs in.
    return not (key[:3].casefold() == "pwd" and re.match(r"[/~]|[A-Za-z]:\\", value))


def is_random(value: str) -> bool:
    """Whether a value looks made by chance and not by a person: neither a word, a small number, nor a path."""
    if len(value) < 8 or value.startswith(("/", "~", "./")) or "://" in value or _PLACEHOLDER.fullmatch(value):
        return False
    has_digit = any(letter.isdigit() for letter in value)
    mixed = len(value) >= 16 and value != value.lower() and value != value.upper()
    return (has_digit or mixed) and not any(letter.isspace() for letter in value)


def is_session(match: Match) -> bool:
    """Whether it is a session that somebody could take over, and not just its number."""
    value = secret_of(match)
    return len(value) >= 16 and is_random(value) and any(letter.isalpha() for letter in value)


def is_login(value: str) -> bool:
    """Whether it is `user:password` in base64."""
    try:
        return b":" in base64.b64decode(value + "=" * (-len(value) % 4), validate=True)
    except (binascii.Error, ValueError):
        return False


def is_argument(match: Match) -> bool:
    """Whether it is the value of an option, and not the next option."""
    value = secret_of(match)
    return not value.startswith(("-", "/")) and not _PLACEHOLDER.fullmatch(value)


def follows(match: Match, *programs: str) -> bool:
    """Whether one of these programs was called shortly before."""
    before = match.string[max(0, match.start() - 300) : match.start()].casefold()
    return any(program in before for program in programs)
