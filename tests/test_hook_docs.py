"""Every hook has a page with its exact signature and a plugin that works, a line in the index, and a test."""

import ast
import importlib.util
import inspect
import re
import tomllib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType

import attrs
import click
import pytest

from soc_core import (
    Candidate,
    Change,
    Course,
    Delivery,
    EscalationStep,
    Event,
    Finding,
    Incident,
    Person,
    Priority,
    Secret,
    Sla,
    Target,
    Ticket,
    Update,
    hookspecs,
)
from soc_core.calls import Calls
from soc_core.registry import build
from soc_core.registry.checks import HOOKS

ROOT = Path(__file__).parents[1]
PAGES = ROOT / "docs" / "hooks"
INDEX = PAGES / "README.md"
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
FENCE = re.compile(r"^```python(?: (\w+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SETTINGS = re.compile(r"^Its settings for the following check: `(.+)`\.$", re.MULTILINE)


def blocks(hook: str) -> dict[str, str]:
    """The code of a page: `signature`, the plugin under the empty name, and `test`."""
    return dict(FENCE.findall((PAGES / f"{hook}.md").read_text()))


def specification(source: str, hook: str) -> tuple[str, str]:
    """Arguments and return annotation of a function in a piece of code."""
    [found] = [node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef) and node.name == hook]
    assert found.returns is not None
    return ast.unparse(found.args).replace("'", ""), ast.unparse(found.returns)


# -- what every hook has -----------------------------------------------------------------------------------------------


def test_there_are_as_many_pages_as_hooks() -> None:
    assert {page.stem for page in PAGES.glob("*.md")} - {"README"} == set(HOOKS)


@pytest.mark.parametrize("hook", HOOKS)
def test_the_page_of_a_hook_shows_its_exact_signature(hook: str) -> None:
    shown = specification(blocks(hook)["signature"], hook)
    assert shown == specification(inspect.getsource(hookspecs), hook)


@pytest.mark.parametrize("hook", HOOKS)
def test_the_page_of_a_hook_says_when_what_and_what_if_it_fails(hook: str) -> None:
    text = (PAGES / f"{hook}.md").read_text()
    assert text.startswith(f"# {hook}\n")
    for heading in ("**When it is called.**", "**What the answer does.**", "**If it fails.**", "## A complete plugin"):
        assert heading in text


@pytest.mark.parametrize("hook", HOOKS)
def test_a_hook_has_a_test_of_its_own(hook: str) -> None:
    tests = [path.read_text() for folder in ("tests", "plugins") for path in (ROOT / folder).rglob("test_*.py")]
    assert any(f"def test_hook_{hook}(" in text for text in tests)


def test_the_index_lists_every_hook_with_its_kind() -> None:
    rows = re.findall(r"^\| (\w+) \| \[(\w+)\]\((\w+)\.md\) \| .+ \|$", (PAGES / "README.md").read_text(), re.MULTILINE)
    assert [hook for _, hook, _ in rows] == list(HOOKS)
    for kind, hook, page in rows:
        assert hook == page
        assert f"A **{kind}**" in (PAGES / f"{hook}.md").read_text()


def test_links_between_pages_lead_somewhere() -> None:
    headings = {f"#{h.lower().replace(' ', '-')}" for h in re.findall(r"^## (.+)$", INDEX.read_text(), re.MULTILINE)}
    for page in PAGES.glob("*.md"):
        for target, anchor in re.findall(r"\]\(([\w.]+)(#[\w-]+)?\)", page.read_text()):
            assert (PAGES / target).is_file(), f"{page.name} leads to {target}"
            assert anchor == "" or anchor in headings, f"{page.name} leads to {anchor}"


# -- the examples work -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("hook", HOOKS)
def test_the_plugin_of_a_page_does_what_the_page_says(
    hook: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    code = blocks(hook)
    module = _imported(tmp_path / f"soc_example_{hook}.py", code[""])
    plugin = _plugin(module, (PAGES / f"{hook}.md").read_text())
    registry = build(Choice(), lambda name, kind: kind(), extra=[("example", plugin)], entry_points=[])
    assert hook in registry.plugins[0].hooks
    failures: list[object] = []
    calls = Calls(registry, monotonic=lambda: 0.0, on_failure=failures.append)
    exec(compile(code["test"], f"{hook}.md", "exec"), _samples() | {"calls": calls})
    assert failures == []


@pytest.mark.parametrize("hook", HOOKS)
def test_the_plugin_of_a_page_imports_from_the_desk_only(hook: str) -> None:
    for node in ast.walk(ast.parse(blocks(hook)[""])):
        assert not (isinstance(node, ast.ImportFrom) and (node.module or "").startswith("soc_core."))


@attrs.frozen
class Choice:
    order: tuple[str, ...] = ()
    disable: tuple[str, ...] = ()
    only: tuple[str, ...] | None = None
    dir: Path | None = None
    on_broken: str = "refuse"


@attrs.define
class SampleInbox:
    """Takes events in and keeps them."""

    submitted: list[Event] = attrs.field(factory=list)

    def submit(self, events: Sequence[Event]) -> int:
        self.submitted.extend(events)
        return len(events)


class SampleReports:
    """A store at noon."""

    def now(self) -> datetime:
        return NOON


def _imported(file: Path, code: str) -> ModuleType:
    file.write_text(code)
    spec = importlib.util.spec_from_file_location(file.stem, file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _plugin(module: ModuleType, page: str) -> object:
    """The page's class with settings as it names them, or the module itself if it holds no class."""
    classes = [
        value for value in vars(module).values() if inspect.isclass(value) and value.__module__ == module.__name__
    ]
    if not classes:
        return module
    [kind] = classes
    values = tomllib.loads("\n".join(SETTINGS.findall(page)))
    return kind(kind.Settings(**{k: Secret(v) if k == "secret" else v for k, v in values.items()}))


def _samples() -> dict[str, object]:
    event = Event(source="sshd", message="Accepted password for root from 203.0.113.9", received=NOON)
    ticket = Ticket(tracker="acme", key="ACME-1", url="https://tracker.example/ACME-1")
    return {
        "event": event,
        "finding": Finding(event=event, label="Security Alert", severity=9),
        "incident": Incident(
            id="INC-1",
            marker="soc-0123456789abcdef0123",
            fingerprint="f",
            kind=Course.TICKET,
            label="Security Alert",
            severity=9,
            priority=Priority.HIGHEST,
            confidence=0.9,
            source="sshd",
            message=event.message,
            rule="failed-logins",
            actions=("Ask the owner of the account.",),
            first_seen=NOON,
            last_seen=NOON,
            detected_at=NOON,
            opened_at=NOON,
        ),
        "candidates": (Candidate(person=Person(name="ann")), Candidate(person=Person(name="bob"))),
        "sla": Sla(response=Target(duration=timedelta(hours=1)), resolution=Target(duration=timedelta(hours=4))),
        "ticket": ticket,
        "delivery": Delivery(key="INC-1:opened:example"),
        "update": Update(change=Change.COUNT, origin="soc", at=NOON, old="1", new="2"),
        "step": EscalationStep(rung="half", share=0.5, notify=("manager",)),
        "inbox": SampleInbox(),
        "reports": SampleReports(),
        "cli": click.Group("soc"),
    }
