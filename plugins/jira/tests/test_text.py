"""What a ticket says, and that no log line can make it say or do anything else."""

import json
import os
import random
import re
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from soc_jira.adf import to_adf, words_of
from soc_jira.description import is_cut, ticket_text
from soc_jira.document import Paragraph, clean, cut, line, size, slug
from soc_jira.fields import LONGEST, draft
from soc_jira.project import Field, Project
from soc_jira.settings import Settings
from soc_jira.wiki import escape, to_wiki

from soc_core.testing.jira import Project as SiteProject
from soc_core.testing.jira.adf import faults_of
from soc_core.testing.jira.screens import field_errors

UTC = ZoneInfo("UTC")
EVIL = (
    "{noformat}",
    "{ noformat }",
    "{NOFORMAT}{code}",
    "{code:title=x}",
    "[~admin]",
    "[~accountid:5b10]",
    "[click|http://evil.example]",
    "http://evil.example/x",
    "mailto:a@b.c",
    "!http://evil.example/x.png!",
    "\\\\server\\share",
    "|| h || c ||",
    "{html}<script>alert(1)</script>{html}",
    "h1. Big",
    "*bold* _it_ -strike- +u+ ^s^ ~s~ ??c??",
    "@all",
    "\x1b[2J\x1b]0;x\x07",
    "\u202egnp.exe",
    "\ud800",
    "a\r\nb\n\n----\n",
    "\x00",
    "&#123;noformat&#125;",
    "'\"><img src=x>",
    "\U0001f600" * 300,
)
hostile = st.lists(st.one_of(st.sampled_from(EVIL), st.text(max_size=40), st.characters()), min_size=1, max_size=8).map(
    "".join
)


def project(**fields: Field) -> Project:
    names = ("summary", "description", "labels", "priority", "duedate")
    known = {name: Field(id=name, name=name, required=False) for name in names}
    return Project(key="SEC", type="Task", type_id="1", types=("Task",), fields=known | fields)


def written(incident: object, version: str) -> object:
    ready = draft(incident, project=project(), settings=Settings(), zone=UTC, version=version)
    return ready.fields["description"]


def shape(node: object) -> object:
    """A document without its words: what kinds of nodes hold what, with the marks."""
    if not isinstance(node, dict):
        return node
    kept = {key: shape(value) for key, value in node.items() if key not in ("text", "content")}
    inner = [shape(child) for child in node.get("content", []) if child.get("type") not in ("hardBreak", "text")]
    marks = [child["marks"] for child in node.get("content", []) if child.get("marks")]
    return kept | {"content": inner, "marks": marks}


def test_the_description_has_everything_an_analyst_needs(make_incident) -> None:
    incident = make_incident(host="web1", user="admin", ip="203.0.113.7")
    for version in ("2", "3"):
        text = words_of(written(incident, version))
        for part in ("SecuritySystem", "Security Alert", "9 of 10", "Multiple failed logins", "Block the address"):
            assert part in text, part
        for part in (incident.id, incident.marker, "severity 9 is at least 9", "Due", "web1", "203.0.113.7"):
            assert part in text, part


@settings(max_examples=150, deadline=None)
@given(message=hostile, source=hostile, who=hostile)
def test_hostile_text_never_changes_the_structure_of_an_atlassian_document(
    message: str, source: str, who: str, make_incident
) -> None:
    tame = written(make_incident(message="m", source="s", user="u"), "3")
    evil = written(make_incident(message=message, source=source, user=who or "u"), "3")
    assert faults_of(evil) == []
    assert shape(evil) == shape(tame)
    assert len(json.dumps(evil, ensure_ascii=False)) <= LONGEST


@settings(max_examples=150, deadline=None)
@given(message=hostile, source=hostile, who=hostile)
def test_hostile_text_stays_in_its_box_in_wiki_text(message: str, source: str, who: str, make_incident) -> None:
    text = written(make_incident(message=message, source=source, user=who or "u", reason=message), "2")
    assert isinstance(text, str)
    assert size(text) <= LONGEST
    assert_nothing_is_live(text)


@settings(max_examples=100, deadline=None)
@given(words=hostile)
def test_a_title_is_one_short_line_of_visible_characters(words: str) -> None:
    title = line(words)
    assert size(title) <= 255
    assert not re.search(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", title)


@settings(max_examples=100, deadline=None)
@given(words=hostile)
def test_a_label_is_letters_digits_and_hyphens(words: str) -> None:
    assert re.fullmatch(r"[a-z0-9-]{1,255}", slug(words))


def test_hidden_characters_are_written_out() -> None:
    assert clean("a\x1b[2J\u202eb\r\nc") == "a\\x1b[2J\\u202eb\nc"


def test_a_cut_counts_wide_characters_as_jira_does() -> None:
    assert cut("\U0001f600" * 200, 255) == "\U0001f600" * 127 + "…"


def test_a_message_that_is_too_long_is_cut_with_a_mark_and_known_to_be_cut(make_incident) -> None:
    long, short = make_incident(message="x" * 100_000), make_incident()
    assert is_cut(long)
    assert not is_cut(short)
    for version in ("2", "3"):
        assert "the whole message is attached as message.txt" in words_of(written(long, version))


@pytest.mark.parametrize("character", ['"', "\\", "{", "\U0001f600", "\n", "é"])
def test_no_character_makes_a_description_too_long(character: str, make_incident) -> None:
    worst = character * 60_000
    incident = make_incident(
        message=worst, source=worst, user=worst, host=worst, why=worst, reason=worst, actions=(worst,) * 50
    )
    for version in ("2", "3"):
        form = written(incident, version)
        text = form if isinstance(form, str) else json.dumps(form, ensure_ascii=False)
        assert size(text) <= 32_767


def test_our_own_link_is_a_link_in_both_forms(make_incident) -> None:
    document = ticket_text(
        make_incident(), zone=UTC, longest=100, lost={}, dashboard="https://soc.example/incidents/INC-1"
    )
    assert "[Open in soc&#45;core|" in to_wiki(document) or "[Open in soc-core|https://soc.example" in to_wiki(document)
    assert '"href": "https://soc.example/incidents/INC-1"' in json.dumps(to_adf(document))


def test_times_are_shown_in_the_accounts_zone_beside_utc(make_incident) -> None:
    document = ticket_text(make_incident(), zone=ZoneInfo("Australia/Sydney"), longest=100, lost={})
    assert "2026-03-02 23:30:00 UTC (2026-03-03 10:30 AEDT)" in words_of(to_adf(document))


def test_plain_words_stay_readable_in_wiki_text() -> None:
    assert escape("soc-automated severity_9 web1.example.org") == "soc-automated severity_9 web1.example.org"


def test_line_breaks_of_a_paragraph_become_hard_breaks() -> None:
    document = to_adf([Paragraph(["one\n\ntwo"])])
    assert words_of(document).strip() == "one\n\ntwo"
    assert faults_of(document) == []


LONG = [pytest.mark.chaos, pytest.mark.skipif("SOC_CHAOS" not in os.environ, reason="long; runs with SOC_CHAOS=1")]


@pytest.mark.parametrize("lines", [1_000, pytest.param(10_000, marks=LONG)])
def test_thousands_of_hostile_lines_make_tickets_that_jira_takes(make_incident, lines: int) -> None:
    chance = random.Random(40)
    site = {"project": SiteProject(key="SEC", name="S"), "user": None}
    for number in range(lines):
        message, source, who = ("".join(chance.choices(EVIL, k=chance.randint(1, 6))) for _ in range(3))
        incident = make_incident(message=message, source=source, user=who, why=message, label="Security Alert")
        version = "23"[number % 2]
        fields = draft(incident, project=project(), settings=Settings(), zone=UTC, version=version).fields
        for name in ("summary", "description", "labels", "priority"):
            faults = list(field_errors(name=name, value=fields[name], cloud=version == "3", **site))
            assert faults == [], (message, faults)
        if version == "2":
            assert_nothing_is_live(str(fields["description"]))


def assert_nothing_is_live(text: str) -> None:
    before, _, after = re.split(r"\{noformat", text, flags=re.IGNORECASE)
    outside = before + after.removeprefix("}")
    assert not re.search(r"https?:|mailto:|\[|\]|\{|\}|!|<|@|(?<!\\)\\(?!\\)", outside), outside
    assert all(row.count("|") == 4 for row in outside.splitlines() if row.startswith("||"))
