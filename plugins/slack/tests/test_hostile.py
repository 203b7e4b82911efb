"""Log text is shown, never obeyed: no ping, no live link, no hidden character, and any size makes a valid message."""

import json
import random
import re
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from soc_slack import messages
from soc_slack.cards import Shown, card
from soc_slack.escape import escape, inert, legible, link, printable

from soc_core import BatchSummary, Change, EscalationStep, Person
from soc_core.testing.slack import faults_in, faults_in_view

BAITS = (
    "<!channel>",
    "<!here|x>",
    "<@U0ANA00001>",
    "<#C1>",
    "<!subteam^S1>",
    "<https://evil.example|https://jira.example.org>",
    "http://evil.example/x",
    "HTTPS://EVIL.example",
    "ftp://evil.example",
    "mailto:a@evil.example",
    "evil.example",
    "slack://x",
    "&lt;!channel&gt;",
    "&amp;",
    "```",
    "`*_~",
    "\u202e",
    "\u200b",
    "\ufeff",
    "\x00",
    "\x1b[2J",
    "\r\n",
    "\ud800",
    "😀",
    "🏴\U000e0067",
    ":tada:",
    "|",
    ">",
    "x" * 400,
)
HOSTILE = st.lists(st.one_of(st.sampled_from(BAITS), st.text(max_size=20)), max_size=12).map("".join)
# What we say ourselves and Slack obeys: dates, our people, our groups, our ticket.
OURS = re.compile(
    r"<!date\^\d+\^\{date_short_pretty\} \{time\}\|[-0-9: ]+ UTC>|<@U0ANA00001>|<!subteam\^S0MANAGERS>"
    r"|<https://jira\.example\.org/browse/SEC-\d+\|SEC-\d+>"
    r"|<https://soc\.slack\.com/archives/C1/p1\|Open the live message>"
)


def parsed_texts(value: object):
    """The texts in which Slack looks for marks and links."""
    if isinstance(value, dict):
        if value.get("type") == "mrkdwn":
            yield value["text"]
        for inner in value.values():
            yield from parsed_texts(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from parsed_texts(inner)


def all_texts(value: object):
    if isinstance(value, dict):
        if isinstance(value.get("text"), str):
            yield value["text"]
        for inner in value.values():
            yield from all_texts(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from all_texts(inner)


def check(shown: Shown) -> None:
    assert faults_in(list(shown.blocks)) == []
    assert 0 < len(shown.text) <= 3900
    json.dumps([shown.text, shown.blocks]).encode()
    for text in (shown.text, *parsed_texts(shown.blocks)):
        rest = OURS.sub("", text)
        assert "<" not in rest
        assert ">" not in rest
        assert not re.search(r"(?i)\w://|mailto:", rest)
        assert not re.search(r"\w\.[^\W\d_]{2}", rest)
    for text in (shown.text, *all_texts(shown.blocks)):
        assert not re.search(
            "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]", text
        )


CHANGES = (Change.NOTE, Change.STATUS, Change.ASSIGNEE, Change.VERDICT, Change.TICKET, Change.PROMOTED, Change.MERGED)


def whole_story(make, first: str, second: str, third: str, *, buttons: bool = True) -> Iterator[Shown]:
    """Everything that is ever said about an incident, hostile text wherever it may come from."""
    incident = make.incident(
        message=first,
        source=second,
        label=third,
        reason=first,
        why=second,
        assignee=third,
        acknowledged_by=second,
        acknowledged_at=make.now,
        refs={"slack:by_status": first},
        ticket=make.ticket() if buttons else None,
    )
    yield card(incident, now=make.now, buttons=buttons)
    yield messages.plainly(card(incident, now=None))
    for change in CHANGES:
        update = make.update(change, text=first, actor=second, old=first, new=third, origin=second)
        line = messages.thread_line(incident, update)
        assert line is not None
        yield line
    step = EscalationStep(rung=first, share=0.5, comment=second)
    yield messages.escalation(incident, step, ["<@U0ANA00001>", "<!subteam^S0MANAGERS>"], [first, third])
    yield messages.news(incident, first, "https://soc.slack.com/archives/C1/p1")
    yield messages.answer(first, second)
    yield messages.summary(BatchSummary(id="b", processed=100, by_severity={9: 3}, incidents=(incident,)))


@settings(max_examples=300, deadline=None)
@given(HOSTILE, HOSTILE, HOSTILE, st.booleans())
def test_nothing_that_is_said_pings_links_hides_or_breaks(make, first, second, third, buttons) -> None:
    for shown in whole_story(make, first, second, third, buttons=buttons):
        check(shown)
    assert faults_in_view(messages.note_form("INC-1", "C1", "1.1")) == []


def test_ten_thousand_hostile_lines_make_harmless_valid_messages_and_threads(make) -> None:
    chance = random.Random(4)
    said = 0
    for number in range(10_000):
        line = "".join(chance.choices(BAITS, k=chance.randint(1, 8)))
        for shown in whole_story(make, line, line[:80], line[::-1], buttons=number % 2 == 0):
            check(shown)
            said += 1
    assert said == 130_000


@pytest.mark.parametrize("size", [0, 1, 74, 75, 76, 149, 150, 151, 280, 900, 2000, 2900, 3001, 4001, 40_001, 300_000])
@pytest.mark.parametrize("piece", ["x", "<!channel> ", "\u202e", "&", "a.bc ", "```"])
def test_text_of_any_size_makes_valid_messages(make, size, piece) -> None:
    text = (piece * size)[:size]
    for shown in whole_story(make, text, text, text):
        check(shown)


def test_hostile_lines_go_the_whole_way_and_arrive_harmless(house, slack) -> None:
    home = house()
    home.soc.submit([(f"app{number}", f"9 Security Alert: {bait}") for number, bait in enumerate(BAITS)])
    home.passes(2 * len(BAITS))
    arrived = [*slack.messages("security"), *slack.messages("system")]
    assert len(arrived) >= len(BAITS)
    for message in arrived:
        check(Shown(text=message.text, blocks=tuple(message.blocks)))


def test_a_log_line_is_shown_as_it_was_logged(make) -> None:
    line = "GET /<script>alert(1)</script>?a=1&b=2 *bold* `code` http://x.example"
    shown = card(make.incident(message=line), now=None)
    assert line in list(all_texts(shown.blocks))


def test_a_person_with_a_hostile_name_is_named_harmlessly(make) -> None:
    step = EscalationStep(rung="half", share=0.5, people=(Person(name="<!channel>"),))
    check(messages.escalation(make.incident(), step, (), [person.name for person in step.people]))


def test_escaping_happens_once_and_never_cuts_an_entity() -> None:
    assert escape("&lt;") == "&amp;lt;"
    for limit in range(1, 40):
        text = inert("<&>" * 20, limit)
        assert len(text) <= limit
        assert re.fullmatch(r"(&lt;|&amp;|&gt;)*…?", text)


def test_only_web_addresses_become_links() -> None:
    assert link("https://jira.example.org/browse/SEC-1", "SEC-1") == "<https://jira.example.org/browse/SEC-1|SEC-1>"
    assert link("javascript:alert(1)", "SEC-1") == "SEC-1"
    assert link("https://x.example/|<!channel>", "a|b") == "a¦b"


def test_what_is_cut_is_counted() -> None:
    assert legible("x" * 5000, 100).endswith("… (5,000 characters)")
    assert printable("a\u202eb\x00") == "a\\u202eb\\x00"


def test_a_line_of_megabytes_makes_a_small_message(make) -> None:
    for piece in ("x", "<!channel> ", "\u202e", "&", "a.bc "):
        shown = card(make.incident(message=piece * 2_000_000, source=piece * 100_000), now=None)
        check(shown)
        assert len(json.dumps(shown.blocks)) < 30_000
