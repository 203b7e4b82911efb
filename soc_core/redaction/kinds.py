"""The kinds of secrets that are known by their shape, each with a hint: a text that must occur where it begins.

Patterns are kept to what `re` and RE2 both understand, and begin at the hint, so that a line without hints costs
next to nothing and a hostile line cannot make them slow. Where shape alone does not tell, a judge looks at the value.
"""

import functools
import re
from collections.abc import Callable, Iterable

import attrs

from soc_core.redaction.judges import (
    Match,
    follows,
    is_argument,
    is_login,
    is_password,
    is_password_pair,
    is_random,
    is_session,
    secret_of,
)

Span = tuple[int, int, str]


def _always(match: Match) -> bool:
    return True


def _compiled(text: str) -> "re.Pattern[str]":
    return re.compile(text, re.ASCII)


@attrs.frozen(kw_only=True)
class Kind:
    """One kind of secret.

    Args:
        name: What the notice in its place says.
        hints: Lower-case texts at which a match begins.
        pattern: What is there; the last group that takes part is the secret, without groups all of it.
        alone: The hint must not be in the middle of a word.
        is_secret: Has the last word.
    """

    name: str
    hints: tuple[str, ...]
    pattern: "re.Pattern[str]" = attrs.field(converter=_compiled)
    alone: bool = True
    is_secret: Callable[[Match], bool] = _always

    def match_at(self, text: str, at: int) -> Match | None:
        """The match that begins at a hint."""
        if self.alone and at and text[at - 1].isalnum():
            return None
        return self.pattern.match(text, at)


def is_secret_name(key: str) -> bool:
    """Whether a field of this name holds a secret, such as `api_token` or `clientSecret`."""
    return _key().search(key) is not None


def is_secret_value(key: str, value: str) -> bool:
    """Whether the value of a field called `key` is a secret."""
    match = _key().search(key)
    if match is None:
        return False
    return is_password(match[0], value, prose=False) if match["strong"] else is_random(value)


_STRONG = ("password", "passwd", "pwd", "passphrase", "passcode", "passwort")
_WEAK = (
    *("secret", "token", "apikey", "api_key", "api-key", "accesskey", "access_key", "access-key", "accountkey"),
    *("private_key", "privatekey", "private-key", "signing_key", "encryption_key", "credential"),
)
_SIGNED = ("x-amz-signature", "x-amz-credential", "x-goog-signature", "x-goog-credential")
_SESSION = ("jsessionid", "phpsessid", "sessionid", "session_id", "session-id", "sessid", "connect.sid", "sessiontoken")

_SUFFIX = r"(?:[_-]?(?:hash|value|key|text))?[s0-9]?"
_SEPARATOR = r"""(?:\\{0,3}["']?\s{0,3}(?:=>|:=|=|:|%3[dD])\s{0,3}|>)"""
_BARE = r"""([^\s"'&;,|<\\]+(?:\\[^"'rn\s][^\s"'&;,|<\\]*)*)"""
_VALUE = rf"""(?:\\{{1,3}}"([^"\\]*)|"((?:[^"\\]|\\.)*)|\\{{0,3}}'([^'\\]*)|{_BARE})"""
_SCHEMES = "basic|bearer|token|negotiate|ntlm|kerberos|apikey|api-key|key|sso-key|splunk|genie-?key|pat|jwt"
_LONG = r"[A-Za-z0-9_-]{20,}"


@functools.cache
def kinds() -> tuple[tuple[str, Kind], ...]:
    """All hints with their kind; made at the first use, as compiling takes a moment."""
    return tuple((hint, kind) for kind in (*_tokens(), *_headers(), *_pairs(), *_commands()) for hint in kind.hints)


def _tokens() -> Iterable[Kind]:
    """What is a secret wherever it stands."""
    end = r"-----END [A-Z0-9 ]{0,30}PRIVATE KEY(?: BLOCK)?-----"
    yield Kind(
        name="private-key",
        hints=("-----begin ",),
        # What is cut off before its end is a key all the same.
        pattern=rf"-----BEGIN [A-Z0-9 ]{{0,30}}PRIVATE KEY(?: BLOCK)?-----(?s:.*?)(?:{end}|$)",
        alone=False,
    )
    yield Kind(name="private-key", hints=("putty-user-key-file-",), pattern=r"(?s:PuTTY-User-Key-File-[0-9]:.*)")
    yield Kind(name="private-key", hints=("age-secret-key-1",), pattern=r"AGE-SECRET-KEY-1[0-9A-Z]{20,}")
    yield Kind(
        name="aws-key",
        hints=("akia", "asia"),
        pattern=r"A[KS]IA[A-Za-z0-9]+",
        is_secret=lambda match: len(match[0]) == 20 and match[0].isupper(),
    )
    yield Kind(name="slack-token", hints=("xox",), pattern=r"xox[a-z](?:\.xox[a-z])?-[A-Za-z0-9%/+=-]{10,}")
    yield Kind(name="slack-token", hints=("xapp-",), pattern=r"xapp-[A-Za-z0-9-]{10,}")
    yield Kind(
        name="webhook",
        hints=("hooks.slack",),
        pattern=r"hooks\.slack(?:-gov)?\.com/(?:services|workflows|triggers)/([A-Za-z0-9/_-]{8,})",
    )
    yield Kind(
        name="webhook",
        hints=("discord",),
        pattern=r"discord(?:app)?\.com/api/webhooks/[0-9]{1,30}/([A-Za-z0-9_-]{20,})",
    )
    yield Kind(
        name="webhook", hints=("webhook.office.com/",), pattern=r"webhook\.office\.com/([^\s\"'<>]+)", alone=False
    )
    yield Kind(
        name="github-token", hints=("ghp_", "gho_", "ghu_", "ghs_", "ghr_"), pattern=r"gh[pousr]_[A-Za-z0-9_]{20,}"
    )
    yield Kind(name="github-token", hints=("github_pat_",), pattern=rf"github_pat_{_LONG}")
    yield Kind(
        name="atlassian-token",
        hints=("atatt3", "atctt3", "atbb"),
        pattern=r"AT(?:ATT3|CTT3|BB)[A-Za-z0-9_=.-]{20,}",
    )
    gitlab = ("glpat", "gldt", "glrt", "glptt", "glcbt", "glsoat", "glft", "glagent", "gloas", "glimt")
    yield Kind(
        name="gitlab-token", hints=tuple(f"{one}-" for one in gitlab), pattern=r"gl[a-z]{2,5}-[A-Za-z0-9_.-]{20,}"
    )
    yield Kind(name="google-key", hints=("aiza",), pattern=r"AIza[A-Za-z0-9_-]{30,}")
    yield Kind(name="google-token", hints=("ya29.",), pattern=r"ya29\.[A-Za-z0-9_.-]{10,}")
    yield Kind(name="google-token", hints=("gocspx-",), pattern=rf"GOCSPX-{_LONG}")
    yield Kind(name="google-token", hints=("1//0",), pattern=rf"1//0{_LONG}")
    yield Kind(
        name="stripe-key",
        hints=("sk_live_", "sk_test_", "rk_live_", "rk_test_", "whsec_"),
        pattern=r"(?:[sr]k_(?:live|test)|whsec)_[A-Za-z0-9+/=]{10,}",
    )
    yield Kind(name="token", hints=("npm_",), pattern=r"npm_[A-Za-z0-9]{36,}")
    yield Kind(name="token", hints=("pypi-ag",), pattern=rf"pypi-Ag{_LONG}")
    yield Kind(name="token", hints=("sg.",), pattern=r"SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}")
    yield Kind(name="token", hints=("dop_v1_", "doo_v1_"), pattern=r"do[op]_v1_[a-f0-9]{40,}")
    yield Kind(name="token", hints=("hf_",), pattern=r"hf_[A-Za-z0-9]{30,}")
    yield Kind(name="token", hints=("shpat_", "shpss_"), pattern=r"shp(?:at|ss)_[A-Fa-f0-9]{20,}")
    yield Kind(name="token", hints=("dckr_pat_",), pattern=rf"dckr_pat_{_LONG}")
    yield Kind(name="token", hints=("hvs.", "hvb."), pattern=rf"hv[sb]\.{_LONG}")
    yield Kind(
        name="token", hints=("sk-",), pattern=r"sk-[A-Za-z0-9_-]{32,}", is_secret=lambda match: is_random(match[0])
    )
    yield Kind(
        name="jwt",
        hints=("eyj",),
        pattern=r"eyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*){2,4}",
    )


def _headers() -> Iterable[Kind]:
    """What a request carries to say who sends it."""
    name = rf"(?i:authorization){_SEPARATOR}"
    quote = r"""\\{0,3}["']?"""
    # Parameters in quotes belong to the header; a quote elsewhere ends it.
    signed = r"""((?:[^"=\\\r\n]|=\\{0,3}"[^"\\\r\n]*\\{0,3}"|=)+)"""
    yield Kind(
        name="authorization",
        hints=("authorization",),
        pattern=rf"{name}{quote}(?i:digest|aws4-hmac-sha256|oauth|hawk|signature|mac)\s{{1,3}}{signed}",
        alone=False,
    )
    yield Kind(
        name="authorization",
        hints=("authorization",),
        pattern=rf"""{name}{quote}(?:(?i:{_SCHEMES})\s{{1,3}})?([^\s"',;\\]+)""",
        alone=False,
        is_secret=lambda match: is_random(secret_of(match)) or is_login(secret_of(match)),
    )
    yield Kind(
        name="authorization",
        hints=("bearer",),
        pattern=r"(?i:bearer)(?:\s|%20|\+){1,3}([A-Za-z0-9._~+/-]+=*)",
        is_secret=lambda match: is_random(secret_of(match)),
    )
    yield Kind(
        name="authorization",
        hints=("basic",),
        pattern=r"(?i:basic)(?:\s|%20|\+){1,3}([A-Za-z0-9+/=_-]+)",
        is_secret=lambda match: is_login(secret_of(match)),
    )
    one = r"""[^\s=;,"'\\]+"""
    yield Kind(
        name="cookie",
        hints=("cookie",),
        pattern=rf"""(?i:cookies?){_SEPARATOR}{quote}({one}=[^\s;,"'\\]*(?:;\s{{0,2}}{one}(?:=[^\s;,"'\\]*)?)*)""",
        alone=False,
    )
    yield Kind(
        name="signature",
        hints=("?sig=", "&sig="),
        pattern=r"[?&](?i:sig)=([A-Za-z0-9%/+_=-]{20,})",
        alone=False,
    )
    yield Kind(
        name="password",
        hints=("://",),
        pattern=r"""://(?:[^\s/?#"'<>@:]*:([^\s/?#"'<>]*)|([^\s/?#"'<>@:]{20,}))@""",
        alone=False,
    )


def _pairs() -> Iterable[Kind]:
    """Names with values, as in `password=…`, `"token": "…"`, `<secret>…</secret>` or a connection string."""
    for names, label, judge in (
        (_STRONG, "password", is_password_pair),
        (_WEAK, "secret", lambda match: is_random(secret_of(match))),
        (_SIGNED, "signature", lambda match: len(secret_of(match)) >= 20),
        (_SESSION, "session", is_session),
    ):
        spelt = "|".join(re.escape(name) for name in names)
        yield Kind(
            name=label,
            hints=names,
            pattern=rf"(?i:{spelt}){_SUFFIX}{_SEPARATOR}{_VALUE}",
            alone=False,
            is_secret=judge,
        )


def _commands() -> Iterable[Kind]:
    """What people type on command lines, as the records of processes show it."""
    words = "password|passwd|passphrase|pass|pwd|token|secret|api-?key"
    yield Kind(
        name="password",
        hints=("--",),
        pattern=rf"--(?i:[a-z0-9-]{{0,30}}(?:{words}))\s{{1,3}}{_VALUE}",
        alone=False,
        is_secret=is_argument,
    )
    yield Kind(
        name="password",
        hints=(" -u", " --user"),
        pattern=r"""\s(?:-u|--user)[ =]?["']?[^\s:"']{1,100}:([^\s"']+)""",
        alone=False,
        is_secret=lambda match: follows(match, "curl", "wget", "http"),
    )
    yield Kind(
        name="password",
        hints=(" -p",),
        pattern=r"""\s-p["']?([^\s"']+)""",
        alone=False,
        is_secret=lambda match: follows(match, "mysql", "mariadb"),
    )
    yield Kind(name="password", hints=("sshpass",), pattern=r"""sshpass\s{1,3}-p\s{0,3}["']?([^\s"']+)""")
    yield Kind(
        name="password",
        hints=("net user ", "net1 user "),
        pattern=r"""(?i:net1? user)\s{1,3}[^\s/]{1,100}\s{1,3}["']?([^\s"']+)""",
        is_secret=is_argument,
    )
    yield Kind(
        name="password",
        hints=("convertto-securestring",),
        pattern=rf"(?i:convertto-securestring)\s{{1,3}}(?:(?i:-string)\s{{1,3}})?{_VALUE}",
        is_secret=is_argument,
    )


@functools.cache
def _key() -> "re.Pattern[str]":
    strong = "|".join((*_STRONG, "authorization", "cookie"))
    weak = "|".join(re.escape(name) for name in (*_WEAK, *_SESSION))
    return re.compile(rf"(?i)(?:(?P<strong>{strong})|(?:{weak})){_SUFFIX}$", re.ASCII)
