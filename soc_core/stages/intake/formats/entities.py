"""Who, from where and with what result: users, addresses and key=value pairs found in the text of a log line."""

import ipaddress
import re
from collections.abc import Mapping

from soc_core.stages.intake.formats.facts import MATCH_CAP, Facts

# All expressions have one way to match: no look-around, no back-references, and no key is tried shorter than it is.
_PAIR = re.compile(r"""([A-Za-z_][\w.\-]{0,63}+)=("(?:[^"\\]|\\.)*"|'[^']*'|[^\s,;|)\]"']*)""")
_IPV4 = re.compile(r"[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}")
_OCTETS = re.compile(r"\.[0-9]{1,3}\.")  # is in all of them, and found several times as quickly
_IPV6 = re.compile(r":(?:[0-9A-Fa-f]{1,4}:){5}")  # the middle of one that is written out
_OCTET = r"(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_WHOLE_IPV4 = re.compile(rf"{_OCTET}\.{_OCTET}\.{_OCTET}\.{_OCTET}")  # five times quicker than ipaddress
_PEER = re.compile(
    r"\b(?:from|client|rhost|by|peer|remote host|ip(?: address)?)(?:[=:] ?| )[\[\"'(]?(?:::ffff:)?"
    r"([0-9a-f]{0,4}:[0-9a-f:.]{2,40}|[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3})",
    re.IGNORECASE,
)
# Each branch begins with a letter of its own: so the places where one may begin are found ten times quicker.
_WHO = re.compile(
    r"(?:Failed [\w/\-]{1,32} for (?:invalid user |illegal user )?"
    r"|failed [\w/\-]{1,32} for (?:invalid user |illegal user )?"
    r"|Accepted [\w/\-]{1,32} for |Invalid user |invalid user |Illegal user |illegal user |authenticating user "
    r"|opened for (?:user )?|closed for (?:user )?|failure for (?:user )?|for user "
    r"|User(?:name)?[ :]{1,2}['\"\[]|user(?:name)?[ :]{1,2}['\"\[])([^\s'\"\](),;]{1,128})"
)
_DONE_FOR = ("ailed ", "ccepted ", "pened ", "losed ", "ailure ")  # what else `_WHO` finds somebody behind
_SUDO = re.compile(r"^\s{0,8}([^\s:]{1,128}) : (?:[^;]{0,200} ; )?(?:TTY|PWD|USER)=")

_USER_KEYS = ("user", "username", "usr", "suser", "duser", "acct", "account", "login", "user_name", "logname", "ruser")
_IP_KEYS = (
    "rhost",
    "src",
    "srcip",
    "src_ip",
    "source_ip",
    "client_ip",
    "clientip",
    "remote_addr",
    "addr",
    "remip",
    "rip",
    "ip",
    "client",
)
_ACTION_KEYS = ("action", "act", "op", "event")
_OUTCOME_KEYS = ("outcome", "result", "res", "success", "status")
_KEYS = frozenset((*_USER_KEYS, *_IP_KEYS, *_ACTION_KEYS, *_OUTCOME_KEYS))

_SUCCESS = re.compile(
    r"success|succeeded|successful|successfully|ok|yes|true|allow|allowed|allows|accept|accepted|pass|passed|permit|permitted|"
    r"granted|1"
)
_FAILURE = re.compile(
    r"failure|failed|fail|error|no|false|deny|denied|denies|block|blocked|drop|dropped|reject|rejected|forbidden|unauthorized|"
    r"invalid|refused|0"
)


def outcome_of(value: object) -> str | None:
    """`success` or `failure` for whatever word, flag or HTTP status a log uses for it; None if it is neither."""
    if isinstance(value, bool):
        return "success" if value else "failure"
    if isinstance(value, int | float):
        return outcome_of_status(value)
    if not isinstance(value, str):
        return None
    word = value.strip().lower()[:40]
    if _SUCCESS.fullmatch(word):
        return "success"
    if _FAILURE.fullmatch(word):
        return "failure"
    if len(word) == 3 and word.isdecimal():
        return outcome_of_status(int(word))
    return None


def outcome_of_status(status: float) -> str | None:
    """What an HTTP status says about the request."""
    if 100 <= status < 400:
        return "success"
    return "failure" if 400 <= status < 600 else None


def address(text: object) -> str | None:
    """The IP address in a field such as `::ffff:10.0.0.1`, `10.0.0.1:47` or `[fe80::1]:443`; None if there is none."""
    if not isinstance(text, str) or not 2 <= len(text) <= 80:
        return None
    if _WHOLE_IPV4.fullmatch(text):
        return text
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    if text.count(":") == 1:
        text = text.partition(":")[0]
    if text[:7].lower() == "::ffff:":
        text = text[7:]
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return None
    return text


def pairs(text: str) -> dict[str, object]:
    """The `key=value` pairs of a line; quotes are taken off, and pairs inside single quotes (auditd) are read too."""
    found: dict[str, object] = {}
    if "=" not in text:
        return found
    for key, value in _PAIR.findall(text[:MATCH_CAP]):
        plain = value
        if value[:1] == '"':
            plain = value[1:-1].replace('\\"', '"')
        elif value[:1] == "'":
            plain = value[1:-1]
            for inner, inside in _PAIR.findall(plain):
                found.setdefault(inner, inside.strip('"'))
        found.setdefault(key, plain)
    return found


def text_facts(text: str, fields: Mapping[str, object]) -> Facts:
    """User, address, action and outcome of a readable line, from its pairs first and from its words second."""
    text = text[:MATCH_CAP]
    facts = _pair_facts(fields) if fields else Facts()
    found = _SUDO.match(text) if " : " in text else None
    if found or ("user" not in facts and _may_name(text) and (found := _WHO.search(text))):
        facts["user"] = found[1]
    if "ip" not in facts and (ip := _text_address(text)) is not None:
        facts["ip"] = ip
    return facts


def _may_name(text: str) -> bool:
    # looking for words is ten times quicker than the expression
    return "ser" in text or (" for " in text and any(word in text for word in _DONE_FOR))


def _text_address(text: str) -> str | None:
    """The only IPv4 address of a line; of several, or of IPv6, the one it calls the peer, else the first."""
    found = _IPV4.findall(text) if text.count(".") > 2 and _OCTETS.search(text) else []
    if found and found.count(found[0]) == len(found) and (ip := address(found[0])):
        return ip
    if (len(found) > 1 or _may_be_ipv6(text)) and (peer := _PEER.search(text)):
        found.insert(0, peer[1].rstrip(".:"))
    return next((ip for text in found if (ip := address(text))), None)


def _may_be_ipv6(text: str) -> bool:
    return "::" in text or (text.count(":") > 5 and _IPV6.search(text) is not None)


def _pair_facts(fields: Mapping[str, object]) -> Facts:
    facts: Facts = {}
    named = {key.lower(): value for key, value in fields.items()}
    if _KEYS.isdisjoint(named):
        return facts
    if user := next((user for key in _USER_KEYS if (user := named.get(key)) and user != "?"), None):
        facts["user"] = str(user)
    if ip := next((ip for key in _IP_KEYS if key in named and (ip := address(named[key]))), None):
        facts["ip"] = ip
    told = (str(named.get(key, "")) for key in _ACTION_KEYS)
    if action := next((word for word in told if word and not word.isdecimal()), None):  # a number names nothing
        facts["action"] = action
    words = (*(named[key] for key in _OUTCOME_KEYS if key in named), facts.get("action"))
    if outcome := next((outcome for word in words if (outcome := outcome_of(word))), None):
        facts["outcome"] = outcome
    return facts
