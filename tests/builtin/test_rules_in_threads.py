"""Rules are asked by several threads at once: by each request of /ingest, and by embedding programs."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

from soc_core import Event
from soc_core.builtin.rules import Rules

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
LINE = "Accepted password for root from 203.0.113.9 port 22 ssh2 " + "and on it goes " * 500


def test_several_threads_get_the_same_answers_as_one():
    rules = Rules()
    events = [Event(source="sshd", message=f"{LINE} {number}", received=NOON) for number in range(400)]
    alone = [rules.classify_event(event) for event in events]
    assert any(alone)
    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(rules.classify_event, events)) == alone
