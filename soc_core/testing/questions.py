"""The clauses about importing, building and asking a plugin: no network, the same answer twice, odd text included."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from functools import lru_cache
from unittest import mock

from soc_core.calls import Calls, Failure
from soc_core.model.event import Event, Finding
from soc_core.model.people import Candidate, Person
from soc_core.model.sla import Sla, Target
from soc_core.registry import build
from soc_core.settings import PluginChoice
from soc_core.testing.clauses import Clause
from soc_core.testing.samples import HOSTILE, sample_event, sample_incident

# Patient, as machines that run tests are busy: what takes this long is no accident.
_BUDGET = timedelta(seconds=3)
_HANG_AFTER = timedelta(seconds=10)
_ODD = (*HOSTILE, "a=" * 50_000)
_SLA = Sla(response=Target(duration=timedelta(hours=1)), resolution=Target(duration=timedelta(hours=4)))
_PEOPLE = (Candidate(person=Person(name="ann")), Candidate(person=Person(name="bob"), available=False))
_IMPORT = """
import importlib, importlib.util, json, sys, threading

name, file = sys.argv[1:]
seen = []

def watch(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.sendto", "socket.gethostbyname"):
        seen.append(f"{event} {arguments[1:] or arguments}")

sys.addaudithook(watch)
try:
    known = importlib.util.find_spec(name)
except (ImportError, ValueError):
    known = None
if known is not None:
    importlib.import_module(name)
else:
    spec = importlib.util.spec_from_file_location("plugin_under_contract", file)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
threads = [thread.name for thread in threading.enumerate() if thread is not threading.main_thread()]
print(json.dumps(seen + [f"started the thread {name}" for name in threads]))
"""


def examined(plugin: type, make: Callable[[], object]) -> Iterator[tuple[Clause, str]]:
    """What is wrong, clause by clause."""
    module = plugin.__module__
    file = str(getattr(sys.modules.get(module), "__file__", ""))
    yield from ((Clause.QUIET, f"importing {module}: {seen}") for seen in _import_touches(module, file))
    with network_watched() as touched:
        try:
            obj = make()
        except Exception:  # without the network it may fail in any way
            if not touched:
                raise
            obj = None
    yield from ((Clause.QUIET, f"building it: {seen}") for seen in touched[:1])
    if obj is None:
        return
    failures: list[Failure] = []
    calls = calls_to("plugin", obj, failures)
    try:
        with network_watched() as touched:
            first, second = _answers(calls), _answers(calls, together=True)
    finally:
        calls.close()
    yield from ((Clause.PURE, seen) for seen in touched[:1])
    yield from ((Clause.PROMPT, f"{one.hook}(): {one.text}") for one in failures[:1])
    for (hook, asked, one), (_, _, other) in zip(first, second, strict=True):
        if one != other:
            yield Clause.STEADY, f"{hook}() about {asked!r} said {one!r}, then {other!r}"
            break


def calls_to(name: str, obj: object, failures: list[Failure]) -> Calls:
    """The way to one plugin alone; a plugin that the core would refuse is refused here too."""
    registry = build(PluginChoice(), lambda _, kind: kind(), extra=[(name, obj)], entry_points=[])
    return Calls(registry, monotonic=time.monotonic, budget=_BUDGET, hang_after=_HANG_AFTER, on_failure=failures.append)


@contextmanager
def network_watched() -> Iterator[list[str]]:
    """Forbids the network, and remembers who wanted it."""
    touched: list[str] = []

    def refused(*arguments: object, **_: object) -> None:
        touched.append(f"it wanted the network: {arguments[-1]!r}")
        raise OSError("the contract allows no network here")

    with (
        mock.patch.object(socket.socket, "connect", refused),
        mock.patch.object(socket.socket, "connect_ex", refused),
        mock.patch.object(socket.socket, "sendto", refused),
        mock.patch.object(socket, "getaddrinfo", refused),
    ):
        yield touched


@lru_cache
def _import_touches(module: str, file: str) -> Sequence[str]:
    """What importing a plugin does to the network, tried in a fresh process."""
    done = subprocess.run(  # noqa: S603 - our own interpreter and code
        [sys.executable, "-c", _IMPORT, module, file],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    if done.returncode:
        return [f"it cannot be imported by itself: {done.stderr.strip().splitlines()[-1]}"]
    seen: list[str] = json.loads(done.stdout.splitlines()[-1])
    return seen[:1]


def _answers(calls: Calls, *, together: bool = False) -> list[tuple[str, str, object]]:
    """Every question that the plugin answers, about every odd text: hook, text, answer.

    `together` asks what the events are in one batch; an answer may depend on nothing but the event.
    """
    said: list[tuple[str, str, object]] = []
    if calls.classifiers():
        events = [_event(text) for text in _ODD]
        batches = [events] if together else [[event] for event in events]
        classified = [one for batch in batches for one in calls.classify(batch)]
        said += [("classify_event", text[:40], one.findings) for text, one in zip(_ODD, classified, strict=True)]
    for text in _ODD:
        about = text[:40]
        incident = sample_incident(
            id="INC-1", marker="soc-1", fingerprint="f", message=text, source=text[:300], user=text[:300], reason=text
        )
        finding = Finding(event=_event(text), label=text[:80] or "Error", severity=8, rule="odd", reason=text)
        if calls.listeners("should_create_ticket"):
            [decided] = calls.decide([finding])
            said.append(("should_create_ticket", about, decided.decision))
        if calls.listeners("choose_assignee"):
            said.append(("choose_assignee", about, calls.choose_assignee(incident, _PEOPLE)))
        if calls.listeners("compute_sla"):
            said.append(("compute_sla", about, calls.compute_sla(incident)))
        if calls.listeners("plan_escalation"):
            said.append(("plan_escalation", about, calls.plan_escalation(incident, _SLA)))
    return said


def _event(text: str) -> Event:
    return sample_event(text, source=text[:300] or "sshd", user=text[:300], host=text[:300], fields={"odd": text})
