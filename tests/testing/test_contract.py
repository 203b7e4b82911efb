"""The contract lets good plugins pass, and names the clause that a bad one breaks."""

import itertools
import re
import socket
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

from soc_core import Event, Finding, SocError, TemporaryError, hookimpl
from soc_core.testing.contract import Clause, ContractBroken, plugin_contract
from tests.testing.desk import FakeDesk, GoodNotifier, GoodTracker, Plain, desk_on_loopback


@pytest.fixture
def desk() -> Iterator[FakeDesk]:
    with desk_on_loopback() as desk:
        yield desk


@pytest.mark.parametrize("plugin", [GoodTracker, GoodNotifier])
def test_a_good_plugin_passes(desk, plugin):
    plugin_contract(plugin, desk.outside(plugin))
    assert desk.rows


# -- one bad plugin per clause: trackers and notifiers -----------------------------------------------------------------


class FindsNothing(GoodTracker):
    @hookimpl
    def find_ticket(self, incident):
        return None


class CallsTroubleAbsence(GoodTracker):
    @hookimpl
    def find_ticket(self, incident):
        try:
            return super().find_ticket(incident)
        except SocError:
            return None


class MakesTwo(GoodTracker):
    @hookimpl
    def create_ticket(self, incident):
        super().create_ticket(incident)
        return super().create_ticket(incident)


class TakesALostAnswerForARefusal(GoodTracker):
    def lost(self, error):
        return TemporaryError("try again")


class RaisesWhatItMeets(GoodTracker):
    def refused(self, status, wait):
        return super().refused(status, wait) if status == 429 else RuntimeError(f"status {status}")


class HasNoPatience(GoodTracker):
    def refused(self, status, wait):
        return super().refused(status, None if wait is None else "0")


class WaitsForEver(GoodTracker):
    timeout = None


class ShowsItsToken(GoodTracker):
    def refused(self, status, wait):
        error = super().refused(status, wait)
        error.args = (f"{error} to {self.settings.token.reveal()}",)
        return error


class PassesEverythingOn(GoodTracker):
    def text(self, incident):
        return incident.message


class TellsTwice(GoodNotifier):
    @hookimpl
    def on_incident_opened(self, incident, delivery):
        self.ask("POST", "/messages", {"mark": delivery.key, "text": self.text(incident)})


class NeverMentionsTrouble(GoodNotifier):
    @hookimpl
    def on_incident_opened(self, incident, delivery):
        with suppress(SocError):
            super().on_incident_opened(incident, delivery)


class ConnectsWhenBuilt(GoodTracker):
    def __init__(self, settings):
        super().__init__(settings)
        with suppress(OSError):
            self.ask("GET", "/tickets?mark=none")


@pytest.mark.parametrize(
    ("plugin", "clause"),
    [
        (FindsNothing, Clause.FINDS),
        (CallsTroubleAbsence, Clause.HONEST),
        (MakesTwo, Clause.ONCE),
        (TakesALostAnswerForARefusal, Clause.LOOKS),
        (RaisesWhatItMeets, Clause.SORTS),
        (HasNoPatience, Clause.WAITS),
        (WaitsForEver, Clause.BUDGET),
        (ShowsItsToken, Clause.SECRETS),
        (PassesEverythingOn, Clause.INERT),
        (TellsTwice, Clause.ONCE),
        (NeverMentionsTrouble, Clause.SORTS),
        (ConnectsWhenBuilt, Clause.QUIET),
    ],
)
def test_a_bad_plugin_is_caught_by_the_sentence_of_its_clause(desk, plugin, clause, monkeypatch):
    monkeypatch.setattr(Plain, "timeout", 0.3)
    with pytest.raises(ContractBroken) as caught:
        plugin_contract(plugin, desk.outside(plugin, patience=1.5))
    assert clause in caught.value.clauses
    assert f"- {clause}.\n  Seen: " in str(caught.value)
    assert str(caught.value).startswith(plugin.__name__)


# -- one bad plugin per clause: questions ------------------------------------------------------------------------------


class AsksTheNetwork:
    @hookimpl
    def classify_event(self, event: Event) -> Finding | None:
        with suppress(OSError):
            socket.create_connection(("127.0.0.1", 9))
        return None


class ChangesItsMind:
    def __init__(self):
        self.turn = itertools.count()

    @hookimpl
    def classify_event(self, event: Event) -> Finding | None:
        return Finding(event=event, label="Error", severity=next(self.turn) % 10)


class LooksAtTheNeighbours:
    @hookimpl
    def classify_events(self, events: Sequence[Event]) -> Sequence[Finding]:
        return [Finding(event=event, label="Error", severity=min(len(events), 10)) for event in events]


class TrustsTheText:
    @hookimpl
    def classify_event(self, event: Event) -> Finding | None:
        return Finding(event=event, label="Error", severity=float(event.message))


@pytest.mark.parametrize(
    ("plugin", "clause"),
    [
        (AsksTheNetwork, Clause.PURE),
        (ChangesItsMind, Clause.STEADY),
        (LooksAtTheNeighbours, Clause.STEADY),
        (TrustsTheText, Clause.PROMPT),
    ],
)
def test_a_bad_answer_is_caught_by_the_sentence_of_its_clause(plugin, clause):
    with pytest.raises(ContractBroken) as caught:
        plugin_contract(plugin)
    assert caught.value.clauses == (clause,)
    assert f"- {clause}.\n  Seen: " in str(caught.value)


def test_a_plugin_that_connects_while_it_is_imported_is_caught(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "soc_hasty_example.py"
    file.write_text(
        "import socket\n"
        "from soc_core import hookimpl\n"
        "try:\n    socket.create_connection(('127.0.0.1', 9), 0.1)\nexcept OSError:\n    pass\n\n"
        "class Hasty:\n    @hookimpl\n    def compute_sla(self, incident):\n        return None\n"
    )
    spec = spec_from_file_location(file.stem, file)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    monkeypatch.setitem(sys.modules, file.stem, module)
    spec.loader.exec_module(module)
    with pytest.raises(ContractBroken, match="touches no network while it is imported") as caught:
        plugin_contract(module.Hasty)
    assert caught.value.clauses == (Clause.QUIET,)


def test_every_clause_has_a_bad_plugin_above() -> None:
    tried = set(re.findall(r"Clause\.([A-Z]+)\)", Path(__file__).read_text())) | {"QUIET"}
    assert tried == {clause.name for clause in Clause}


def test_the_guide_of_authors_names_every_clause() -> None:
    guide = (Path(__file__).parents[2] / "docs" / "authors.md").read_text()
    assert [
        line.removeprefix("- It ").removesuffix(".") for line in guide.splitlines() if line.startswith("- It ")
    ] == [*Clause]
