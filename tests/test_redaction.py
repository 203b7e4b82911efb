import base64
import random
import re
import string
import uuid
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from soc_core.redaction import FAILED, Redaction, cards, extra, mask, mask_fields, masker
from soc_core.redaction.kinds import kinds

RANDOM = random.Random(20260302)  # the same corpus every time
ALPHANUMERIC = string.ascii_letters + string.digits


def chance(length: int, alphabet: str = ALPHANUMERIC) -> str:
    """Characters by chance, beginning with a letter and a digit where the alphabet has both."""
    letter = next((c for c in alphabet if c.isalpha()), "")
    digit = next((c for c in alphabet if c.isdigit()), "")
    return (letter + digit + "".join(RANDOM.choices(alphabet, k=length)))[:length]


def hexadecimal(length: int) -> str:
    return chance(length, "0123456789abcdef")


def upper(length: int) -> str:
    return chance(length, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")


def with_check_digit(first: str, length: int) -> str:
    body = first + "".join(RANDOM.choices(string.digits, k=length - len(first) - 1))
    return next(body + digit for digit in string.digits if luhn(body + digit))


def luhn(number: str) -> bool:
    total = 0
    for place, digit in enumerate(reversed(number)):
        value = int(digit) * (1 + place % 2)
        total += value if value < 10 else value - 9
    return total % 10 == 0


def base64url(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def private_key(kind: str = "RSA ", line: str = "\n") -> tuple[str, str]:
    body = line.join(chance(64) for _ in range(3))
    dashes = "-" * 5
    return body, f"{dashes}BEGIN {kind}PRIVATE KEY{dashes}{line}{body}{line}{dashes}END {kind}PRIVATE KEY{dashes}"


def secrets() -> Iterator[tuple[str, str]]:
    """(what must not be seen, a line that shows it), put together here so that the repository holds no secret."""
    for kind in ("RSA ", "EC ", "OPENSSH ", "ENCRYPTED ", ""):
        body, block = private_key(kind)
        yield body, f"wrote {block} to disk"
    body, block = private_key(line="\\n")
    yield body, f'{{"key": "{block}"}}'
    body, block = private_key()
    yield body, block[: block.rindex("-----END")]  # cut off by a line limit
    tokens = (
        "AKIA" + upper(16),
        "ASIA" + upper(16),
        "xoxb-" + chance(12, "123456789") + "-" + chance(24),
        "xoxp-" + chance(12, "123456789") + "-" + chance(24),
        "xapp-1-A" + upper(10) + "-" + chance(12, "123456789") + "-" + hexadecimal(40),
        "ghp_" + chance(36),
        "gho_" + chance(36),
        "ghs_" + chance(36),
        "github_pat_" + chance(22) + "_" + chance(59),
        "ATATT3xFfGF0" + chance(60) + "=" + hexadecimal(8),
        "ATBB" + chance(32),
        "glpat-" + chance(20),
        "glrt-" + chance(20),
        "AIza" + chance(35),
        "ya29." + chance(60),
        "GOCSPX-" + chance(28),
        "sk_live_" + chance(24),
        "rk_live_" + chance(24),
        "whsec_" + chance(32),
        "npm_" + chance(36),
        "SG." + chance(22) + "." + chance(43),
        "hvs." + chance(24),
        "dckr_pat_" + chance(27),
        "sk-proj-" + chance(48),
        ".".join((base64url('{"alg":"HS256"}'), base64url('{"sub":"1234567890"}'), chance(43))),
    )
    for token in tokens:
        yield token, f"deploy[17]: used {token} to push, 3 files"
    path = f"T{upper(8)}/B{upper(8)}/{chance(24)}"
    yield path, f"POST https://hooks.{'slack'}.com/services/{path} 200"
    for scheme in ("Bearer", "Token", "ApiKey", "bearer"):
        value = chance(32)
        yield value, f"> Authorization: {scheme} {value}\\r\\n> Accept: */*"
    login = base64url("alice:correct horse") + "=="
    yield login, f"Authorization: Basic {login}"
    yield login, f"Proxy-Authorization: Basic {login}"
    yield login, f"sent header Basic {login} upstream"
    digest = hexadecimal(32)
    yield digest, f'Authorization: Digest username="bob", realm="x", response="{digest}"'
    signature = hexadecimal(64)
    yield signature, f"Authorization: AWS4-HMAC-SHA256 SignedHeaders=host;x-amz-date, Signature={signature}"
    yield signature, f"GET /container/blob?sv=2024&sig={signature}&se=2026"
    yield signature, f"GET /b/k?X-Amz-Signature={signature}&X-Amz-Expires=60"
    value = chance(24)
    yield value, f'{{"headers": {{"authorization": "Bearer {value}"}}}}'
    session = chance(26)
    yield session, f"Cookie: theme=dark; SESSION={session}; lang=en"
    yield session, f"Set-Cookie: sid={session}; Path=/; HttpOnly"
    yield session, f"GET /cart;jsessionid={session}?x=1 HTTP/1.1"
    yield session, f"GET /index.php?PHPSESSID={session} HTTP/1.1"
    for first, length in (("4", 16), ("51", 16), ("2221", 16), ("37", 15), ("6011", 16), ("3530", 16)):
        number = with_check_digit(first, length)
        yield number, f"payment refused for card {number}, retry"
    number = with_check_digit("4", 16)
    for between in " -":
        spaced = between.join(number[at : at + 4] for at in range(0, 16, 4))
        yield spaced, f"10 customers, card={spaced} exp 12/27"
    american = with_check_digit("34", 15)
    spaced = f"{american[:4]} {american[4:10]} {american[10:]}"
    yield spaced, f"card {spaced}."
    word = "Tr0ub4dor&3"[:9]
    for line in (
        "postgresql://soc:{}@db.example.org:5432/soc",
        "cloning https://bob:{}@git.example.org/x.git",
        "redis://:{}@cache:6379/0 refused",
        "login failed password={} user=bob",
        "PASSWORD: {}",
        "db_passwd={};timeout=3",
        '{{"user": "bob", "password": "{}", "n": 1}}',
        "{{'pwd': '{}'}}",
        '{{\\"password\\":\\"{}\\"}}',
        "<password>{}</password>",
        "Server=db;User Id=sa;Password={};Encrypt=true",
        "passphrase = {}",
        "POST /login?user=bob&password={}&next=/ 302",
        "POST body user%3Dbob password%3D{}",
        "mysqldump --password {} shop",
        "curl -s -u bob:{} https://example.org/api",
        "COMMAND=/usr/bin/mysql -uroot -p{} shop",
        "sshpass -p {} ssh root@example.org",
        "net user bob {} /add",
        "ConvertTo-SecureString {} -AsPlainText -Force",
        "new_password => {}",
    ):
        yield word, line.format(word)
    secret = chance(40)
    for line in (
        "aws_secret_access_key = {}",
        "SecretAccessKey: {}",
        "client_secret={}&grant_type=x",
        '{{"api_key": "{}"}}',
        "X-Api-Key: {}",
        "access_token={}",
        '"refreshToken":"{}"',
        "AccountKey={};EndpointSuffix=core",
        "https://api.example.org/v1?apikey={}",
        "tool --token {} --all",
    ):
        yield secret, line.format(secret)


def harmless() -> Iterator[str]:
    """Lines that look a little like the above and must stay whole."""
    yield from (
        "Failed password for root from 203.0.113.9 port 22 ssh2",
        "Failed password for invalid user admin from 203.0.113.9 port 51234 ssh2",
        "Accepted password for alice from 198.51.100.7 port 40022 ssh2",
        "Accepted publickey for alice: RSA SHA256:" + chance(43),
        "passwd[421]: pam_unix(passwd:chauthtok): password changed for root",
        "sudo: alice : TTY=pts/0 ; PWD=/home/alice ; USER=root ; COMMAND=/bin/ls",
        "sudo: pam_unix(sudo:auth): authentication failure; logname= uid=1000 tty=/dev/pts/0",
        "Basic authentication failed for user bob",
        "bearer authentication is required here",
        "password: incorrect",
        "password=",
        "password=null user=bob",
        "password=******** user=bob",
        "Password: required",
        "password_expired=true password_age=90",
        '{"passwordLastSet": "2026-03-02T12:00:00Z", "password": null}',
        'Invalid username or password: {"email":"user@example.com"}',
        '{"limiter_tokens":29.000000738933334}',
        "GET /url?sa=t&sig2=short&sig=tiny HTTP/1.1",
        "token: mismatch",
        "Unexpected token: FUNCTION in line 3",
        "token_type=bearer expires_in=3600",
        "max_tokens=4096 tokens: 512",
        "the secret: keep calm",
        "secret=/run/secrets/database",
        "api_key: missing",
        "credentials: ok",
        "Cookie: rejected by policy",
        "cookies are off",
        "Authorization: denied for user bob",
        "authorization failed: no such role",
        "session opened for user root by (uid=0)",
        "session_id=42 closed after 3 s",
        "Set the key to continue, key: value",
        "url http://example.org:8080/path?email=bob@example.org",
        "mail from <bob@example.org> to <alice@example.org>",
        "git@github.com:owner/project.git cloned",
        "ssh://git@example.org/owner/project.git",
        "run docker run -u 1000:1000 image -p 8080:80",
        "tar -p archive, ssh -p 2222 host",
        "--token-file /etc/soc/token --password-file=/etc/soc/pw",
        "signature: ET MALWARE Possible Beacon 2026",
        "-----BEGIN CERTIFICATE-----" + chance(64) + "-----END CERTIFICATE-----",
        "-----BEGIN PUBLIC KEY-----" + chance(64) + "-----END PUBLIC KEY-----",
        "task-scheduler-and-disk-monitor-are-running-on-host-web-01 ok",
        "eyJ is how JSON begins in base64",
        "AKIA is the beginning of key ids; akia too",
        "msg.example.org answered, ghp_ is a prefix",
        "2026-03-02 12:00:00.123456789 +0000 started",
        "trace 1772452800123456789 took 3 ms",
        "phone +49 30 1234 5678 90",
        "IBAN DE89 3704 0044 0532 0130 00",
        "192.168.100.200 -> 10.11.12.13 4444 bytes 5555 6666",
        "mac 00:1a:2b:3c:4d:5e:6f ipv6 2001:db8:85a3::8a2e:370:7334",
        "0.4111111111111111 is a share",
        "kernel: [12345.678901] BUG at ffff888100000000",
        "sid=S-1-5-21-3623811015-3361044348-30300820-1013",
    )
    for _ in range(6):
        yield f"commit {hexadecimal(40)} pushed to main"
        yield f"request_id={uuid.UUID(int=RANDOM.getrandbits(128), version=4)} done"
        yield f"image sha256:{hexadecimal(64)} pulled"
    for first in ("7", "8", "9", "1"):
        yield f"order {with_check_digit(first, 16)} shipped"
    for _ in range(6):
        number = with_check_digit("4", 16)
        yield f"order {number[:-1]}{(int(number[-1]) + 1) % 10} shipped"


SECRETS = tuple(secrets())
HARMLESS = tuple(harmless())


def test_the_corpus_is_large_enough_to_mean_something() -> None:
    assert len(SECRETS) >= 60
    assert len(HARMLESS) >= 60


@pytest.mark.parametrize(("secret", "line"), SECRETS, ids=lambda text: re.sub(r"\W+", " ", text)[:24])
def test_a_secret_is_masked_and_nothing_of_it_stays(secret: str, line: str) -> None:
    masked = mask(line)
    assert secret not in masked
    assert "[masked:" in masked
    longest = max((part for part in re.split(r"[\s/.&;=-]+", secret)), key=len)
    assert longest not in masked


@pytest.mark.parametrize("line", HARMLESS, ids=lambda line: re.sub(r"\W+", " ", line)[:40])
def test_what_only_looks_like_a_secret_stays_as_it_is(line: str) -> None:
    assert mask(line) == line


def test_the_rest_of_the_line_stays_readable() -> None:
    assert mask("login failed password=hunter2 user=bob") == "login failed password=[masked:password] user=bob"
    assert mask("postgres://soc:hunter2@db/soc") == "postgres://soc:[masked:password]@db/soc"
    assert mask('{"password": "a \\"b\\" c", "n": 1}') == '{"password": "[masked:password]", "n": 1}'


@pytest.mark.parametrize("line", [line for _, line in SECRETS], ids=lambda line: re.sub(r"\W+", " ", line)[:40])
def test_masking_twice_is_masking_once(line: str) -> None:
    assert mask(mask(line)) == mask(line)


PIECES = st.sampled_from(
    [
        "password",
        "token",
        "secret",
        "=",
        ":",
        ": ",
        " ",
        '"',
        "'",
        "\\",
        "://",
        "@",
        "a1b2c3d4e5",
        "Authorization",
        "Bearer ",
        "Basic ",
        "Digest ",
        "Cookie",
        ";",
        "x=y",
        "[masked:password]",
        "[masked:",
        "]",
        "eyJ",
        ".",
        "-----",
        "4111111111111111",
        "BEGIN PRIVATE KEY-----",
        "--password ",
        "İ",
        "ß",
        "\n",
        "\x00",
        "<",
        ">",
        "%3D",
        "AKIA",
    ]
)


@given(st.lists(PIECES | st.text(max_size=5), max_size=14).map("".join))
@settings(max_examples=300, deadline=None)
def test_masking_twice_is_masking_once_for_any_text(text: str) -> None:
    once = mask(text)
    assert once != FAILED
    assert mask(once) == once


@pytest.mark.parametrize("filler", ["x", "x ", "=", "a.", "é"])
@pytest.mark.parametrize("at", [0, 65_530, 65_536, 131_000, 999_000])
def test_nothing_hides_in_a_long_line(filler: str, at: int) -> None:
    before = (filler * 1_000_000)[:at]
    assert "hunter2" not in mask(f"{before} password=hunter2 {filler * 10}")


@pytest.mark.parametrize(
    "piece",
    ["password", "password=", 'password="', "eyJ", "eyJ.", "eyJaaaaaaaa.", "://", "://a:", "Authorization: Digest a=",
     "-----BEGIN PRIVATE KEY-----", "Cookie: a=b;", "4", "4 ", "4111-", "--password ", " -u a:", "AKIA", "token=/",
     "pwd=/", "Bearer ", "basic ", "xoxb-", "hooks.slack", "\\", '\\"', "sk-", "1//0", "password:'", "net user "],
)  # fmt: skip
def test_hostile_lines_do_not_stop_it(piece: str) -> None:
    text = piece * (65_536 // len(piece))
    assert mask(mask(text)) == mask(text)


def test_every_shipped_pattern_is_one_that_re2_runs_in_linear_time() -> None:
    re2 = pytest.importorskip("re2", reason="the extra `fast` is not installed")
    for _, kind in kinds():
        re2.compile(kind.pattern.pattern)
    for pattern in (cards._digits(), cards._networks()):
        re2.compile(pattern.pattern)


def test_a_hint_begins_every_match() -> None:
    for hint, kind in kinds():
        assert hint == hint.lower(), kind


def test_patterns_of_a_team_are_masked_too() -> None:
    own = masker(Redaction(patterns={"badge": "EMP-[0-9]{6}", "room": "room ([A-Z]{3})"}))
    assert own("EMP-123456 entered room ABC, password=x1") == (
        "[masked:badge] entered room [masked:room], password=[masked:password]"
    )


def test_redaction_can_be_switched_off() -> None:
    assert masker(Redaction(enabled=False))("password=hunter2") == "password=hunter2"


@pytest.mark.parametrize(
    ("pattern", "says"),
    [("(", "no usable regular expression"), ("a*", "matches the empty text"), ("", "matches the empty text")],
)  # fmt: skip
def test_a_pattern_that_cannot_be_used_is_refused(pattern: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        Redaction(patterns={"mine": pattern})


@pytest.mark.parametrize("pattern", ["a+b", "a.*b", "a{3,}", r"(\w{1,5}){1,5}x", "(?=a)b", r"(a)\1", "x(?<!b)"])
def test_without_re2_a_pattern_that_could_be_slow_is_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match="can be slow"):
        extra.finder("mine", pattern)


def test_without_re2_bounded_repeats_work() -> None:
    assert list(extra.finder("badge", r"EMP-\d{6}\+?")("is EMP-123456+")) == [(3, 14)]


def test_with_re2_every_pattern_it_knows_is_linear() -> None:
    engine = extra.linear_engine()
    if engine is None:
        pytest.skip("the extra `fast` is not installed")
    assert list(extra.finder("mine", r"(?:a+)+b", engine)("a" * 50_000)) == []
    assert list(extra.finder("mine", r"id=(\w+)", engine)("äöü id=abc")) == [(7, 10)]


def test_if_masking_fails_the_text_is_withheld() -> None:
    class Odd(str):
        __slots__ = ()

        def lower(self) -> str:
            raise RuntimeError("no lower case today")

    assert mask(Odd("password=hunter2")) == FAILED
    assert "hunter2" not in FAILED


def test_fields_are_masked_by_name_and_by_text() -> None:
    fields = {
        "user": "bob",
        "password": "winter",
        "count": 3,
        "request": {"headers": [{"Authorization": "anything"}], "url": "https://u:pw@example.org/"},
        "clientSecret": chance(20),
        "token": "mismatch",
        "passwordLastSet": "2026-03-02",
        "args": ("--password", "x", "password=hunter2"),
    }
    assert mask_fields(fields) == {
        "user": "bob",
        "password": "[masked:field]",
        "count": 3,
        "request": {
            "headers": [{"Authorization": "[masked:field]"}],
            "url": "https://u:[masked:password]@example.org/",
        },
        "clientSecret": "[masked:field]",
        "token": "mismatch",
        "passwordLastSet": "2026-03-02",
        "args": ["--password", "x", "password=[masked:password]"],
    }
    assert mask_fields(mask_fields(fields)) == mask_fields(fields)
