"""What the scan is told to look for: nothing that matters may be passed over, and most ordinary lines should be."""

import gzip
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from soc_core import Event
from soc_core.builtin.event_roles import KINDS, OPERATIONS, STATED
from soc_core.builtin.rule import Example
from soc_core.builtin.rule_examples import example_event
from soc_core.builtin.rule_language import read_rules
from soc_core.builtin.rule_needs import FLOOR, JUDGED, patterns_of, undeclarable
from soc_core.builtin.rules import Rules
from soc_core.scan import Scanner
from soc_core.stages.intake.formats import event_of, parse

RULES = Rules()
SCANNER = Scanner([("rules", pattern) for pattern in RULES.register_patterns()])
NOW = datetime(2026, 1, 1, tzinfo=UTC)
DATA = Path(__file__).resolve().parents[3] / "shared" / "data"


def matters(event: Event) -> bool:
    finding = RULES.classify_event(event)
    if finding is None:
        return False
    return finding.severity >= FLOOR or any(count.severity >= FLOOR for count in finding.thresholds)


def candidates(lines: list[str]) -> set[int]:
    """The numbers of the lines on which a pattern fires."""
    data = "\n".join(line.replace("\n", " ") for line in lines).encode("utf-8", "replace")
    return {data.count(b"\n", 0, candidate.offset) + 1 for candidate in SCANNER.candidates(data)}


def passed_over(lines: list[str], events: list[Event]) -> list[str]:
    """Lines that matter and on which no pattern fired."""
    seen = candidates(lines)
    return [
        line for n, (line, event) in enumerate(zip(lines, events, strict=True), 1) if n not in seen and matters(event)
    ]


def test_every_rule_that_matters_can_say_what_it_needs() -> None:
    assert undeclarable(RULES.rules) == ()
    assert SCANNER.sees_all == {}


def test_no_example_that_matters_is_passed_over() -> None:
    examples = [example for rule in RULES.rules for example in rule.examples]
    assert passed_over([example.text for example in examples], [example_event(example) for example in examples]) == []


def respelled(value: object, joint: str) -> object:
    """The same with the words of every name joined otherwise: `eventName` as `event_name`."""
    if isinstance(value, list):
        return [respelled(item, joint) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        re.sub(r"(?<=[a-z])(?=[A-Z])|_(?=\w)", joint, name).lower(): respelled(item, joint)
        for name, item in value.items()
    }


@pytest.mark.parametrize("joint", ["_", "-", ""])
def test_no_example_is_passed_over_however_the_words_of_its_names_are_joined(joint: str) -> None:
    events = [example.fields for rule in RULES.rules for example in rule.examples if example.match and example.fields]
    lines = [json.dumps(respelled(fields, joint)) for fields in events]
    assert len(lines) > 1000
    assert passed_over(lines, [parse(line, received=NOW) for line in lines]) == []


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from([example for rule in RULES.rules for example in rule.examples if example.match]),
    st.sampled_from(["plain", "syslog", "wrapped", "embedded", "spaced", "escaped"]),
)
def test_no_example_is_passed_over_in_whatever_dress_it_comes(example: Example, dress: str) -> None:
    fields, line = example.fields, example.text
    if dress == "syslog":
        line = f"<13>Jan  1 00:00:00 host app[1]: {line}"
    elif fields and dress == "wrapped":
        line = json.dumps({"data": fields})
    elif fields and dress == "embedded":
        line = json.dumps({"log": json.dumps(fields)})
    elif fields and dress == "spaced":
        line = json.dumps(fields, indent=1).replace("\n", " ")
    elif fields and dress == "escaped":
        line = re.sub(r"[aeiou]", lambda match: f"\\u{ord(match[0]):04x}", json.dumps(fields))
    assert passed_over([line], [parse(line, received=NOW)]) == []


WORDS = st.sampled_from(
    [
        "delete",
        "DisableMfa",
        "grant",
        "AdminRole",
        "audit",
        "log",
        "saml",
        "update",
        "backup",
        "secret",
        "list",
        "user",
        "Off",
    ]
)
LEVELS = st.sampled_from(
    ["critical", "FATAL", "high", "error", "info", "Emergency", "very-high", 0, 1, 3, 6, 8, 9.5, 60, 100]
)


SIGNS = st.sampled_from(["Ransomware", "C2 beacon", "suspicious", "phishing.mail", "brute_force", "honeytoken"])


@settings(max_examples=250, deadline=None)
@given(
    role=st.sampled_from([name for name in (*OPERATIONS, *KINDS, *STATED) if not name.startswith("@")]),
    word=st.one_of(SIGNS, WORDS, st.sampled_from(["high", "malicious", "critical"])),
    dotted=st.booleans(),
)
def test_a_finding_is_not_passed_over_by_whatever_name_its_product_keeps_it(role: str, word: str, dotted: bool) -> None:
    fields: dict[str, object] = {}
    place, *inner = role.strip(".").split(".")
    fields[place] = word
    for name in reversed(inner):
        fields = {place: {name: word}} if not dotted else {f"{place}.{name}": word}
    fields["canary"] = 7
    assert passed_over([json.dumps(fields)], [parse(json.dumps(fields), received=NOW)]) == []


@settings(max_examples=250, deadline=None)
@given(
    key=st.sampled_from(
        ["eventName", "operationName", "action", "event", "type", "event_type", "methodName", "verb", "activity"]
    ),
    operation=st.lists(WORDS, min_size=1, max_size=3).map("".join),
    about=st.dictionaries(st.sampled_from(["setting", "newValue", "property", "subcategory"]), WORDS, max_size=2),
    level_key=st.sampled_from(["severity", "level", "log.level", "criticality", "riskLevel", "alert", "lvl"]),
    level=LEVELS,
)
def test_what_is_judged_by_deed_or_by_its_own_word_is_not_passed_over(
    key: str, operation: str, about: dict[str, str], level_key: str, level: object
) -> None:
    for fields in ({key: operation, **about}, {level_key: level, "message": "x"}, {"alert": {"severity": level}}):
        line = json.dumps(fields)
        assert passed_over([line], [parse(line, received=NOW)]) == []
    for line in (f"{key}={operation} user=x", f"{level_key}={level} msg=x", f"CEF:0|v|p|1|1|n|{level}|act=x"):
        assert passed_over([line], [parse(line, received=NOW)]) == []


@settings(max_examples=192, deadline=None)
@given(st.integers(0, 191))
def test_a_serious_priority_is_not_passed_over(pri: int) -> None:
    line = f"<{pri}>Jan  1 00:00:00 host app: all is quiet"
    assert passed_over([line], [parse(line, received=NOW)]) == []


def test_a_rule_that_can_name_nothing_makes_the_plugin_see_everything() -> None:
    text = '[[rule]]\nid = "r"\ntitle = "T"\nlabel = "L"\nseverity = {}\nregex = [\'\\d{{5}} \\d{{5}}\']\n'
    assert patterns_of(read_rules(text.format(9), "f")) == ()
    assert patterns_of(read_rules(text.format(5), "f")) == JUDGED


def test_the_prefilter_can_be_switched_off() -> None:
    assert Rules(Rules.Settings(prefilter=False)).register_patterns() == ()


def _streams() -> Iterator[tuple[str, str]]:
    for name in ("apache_access", "auth", "kafka"):
        file = DATA / "streams" / f"{name}.log.gz"
        yield from (
            (name, line) for line in gzip.decompress(file.read_bytes()).decode("utf-8", "replace").splitlines()[::8]
        )


@pytest.mark.skipif(not DATA.is_dir(), reason="the shared data is not beside this checkout")
def test_nothing_that_matters_in_real_logs_is_passed_over_and_most_ordinary_lines_are() -> None:
    streams = list(_streams())
    lines = [line for _, line in streams]
    assert passed_over(lines, [parse(line, source=source, received=NOW) for source, line in streams]) == []
    quiet = [line for source, line in streams if source != "auth"]
    assert len(candidates(quiet)) < len(quiet) / 2
    for name in ("events_dev_permissive.jsonl", "events_dev_gpl2.jsonl"):
        rows = [json.loads(line) for line in (DATA / name).read_text(encoding="utf-8").splitlines()]
        dicts = [{key: row[key] for key in ("id", "source", "message")} for row in rows]
        assert passed_over([row["message"] for row in rows], [event_of(one, received=NOW) for one in dicts]) == []
