"""`soc doctor`: is this installation well, and if not, what cures it."""

import os
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import attrs
import click

from soc_core.cli import screen
from soc_core.cli.exits import FINDINGS, OK
from soc_core.cli.session import Session, cache_folder, current, lacks_store, store_file
from soc_core.errors import PluginError, SettingsError, StoreError
from soc_core.model.job import JobState
from soc_core.model.wording import count, local
from soc_core.ports import Check, CheckResult, Grade

if TYPE_CHECKING:  # these bring SQLAlchemy and the plugins' libraries along
    from soc_core.registry import Plugin, Registry
    from soc_core.settings import Settings
    from soc_core.store.reports import StoreReports

_WORDS = {Grade.OK: ("PASS", "green"), Grade.WARN: ("WARN", "yellow"), Grade.FAIL: ("FAIL", "bold red")}
_OLDEST = (3, 11)
_YEAR = 2026
# What a first installation is expected to have sooner or later, and what to install for it.
_EXPECTED = {"jira": "soc-jira", "slack": "soc-slack", "sla": "soc-sla", "escalation": "soc-escalation"}


@attrs.frozen(kw_only=True)
class Line:
    """One line of the report."""

    name: str
    result: CheckResult


@click.command()
@click.option("--offline", is_flag=True, help="Skip checks that use the network.")
@screen.JSON_OPTION
@click.pass_context
def doctor(ctx: click.Context, offline: bool, as_json: bool) -> None:
    """Check this installation, and say what cures each trouble.

    Ends with 1 if something fails.
    """
    session = current(ctx)
    programs = screen.for_programs(as_json)
    lines = []
    for line in examine(session, offline=offline):
        lines.append(line)
        if not programs:
            _show(line)
    grades = [line.result.grade for line in lines]
    if programs:
        screen.emit(screen.versioned(ok=Grade.FAIL not in grades, checks=[_document(line) for line in lines]))
    else:
        failed, warned = grades.count(Grade.FAIL), grades.count(Grade.WARN)
        screen.say("")
        screen.say(
            f"{count(len(lines), 'check')}: {failed} failed, {count(warned, 'warning')}.",
            "bold red" if failed else "bold",
        )
    ctx.exit(FINDINGS if Grade.FAIL in grades else OK)


def examine(session: Session, *, offline: bool) -> Iterator[Line]:
    """Every check, one after the other; what cannot be looked at because something before it failed is left out."""
    yield _line("Python", _python())
    try:
        settings = session.settings()
    except SettingsError as error:
        yield _line("Settings", _fail(str(error), "correct it, then: soc validate"))
        return
    where = f"read from {session.settings_file}" if session.settings_file else "defaults: there is no soc.toml here"
    yield _line("Settings", _ok(where) if session.settings_file else _warn(where, "soc init writes one"))
    yield _line("Clock", _clock())
    registry: Registry | None = None
    try:
        registry = session.registry(settings)
    except (PluginError, SettingsError) as error:
        yield _line("Plugins", _fail(str(error), "correct it, then: soc plugins"))
    if registry is not None:
        yield from (_line(f"Plugin {plugin.name}", _plugin(plugin)) for plugin in registry.plugins)
        yield from _expected(registry, settings)
        yield _line("Scan", _scan(registry, cache_folder(session.environment())))
    yield _line("People", _people(settings))
    yield from _store(session, settings, registry, offline=offline)


def _store(session: Session, settings: "Settings", registry: "Registry | None", *, offline: bool) -> Iterator[Line]:
    try:
        file = store_file(settings.store)
        if file is not None and lacks_store(settings.store):
            yield _line("Store", _new_store(file))
        with session.reports() as reports:
            if not lacks_store(settings.store):
                yield _line("Store", _opened(reports, file))
                yield _line("Audit trail", _audit(reports))
                yield _line("Deliveries", _deliveries(reports))
                yield from _paused(reports)
                yield _line("Shelves", _shelves(reports))
            if registry is not None:
                yield from _plugin_checks(registry, reports, offline=offline)
    except (StoreError, SettingsError) as error:
        yield _line("Store", _fail(str(error), "name another store with --store or SOC_STORE, or cure this one"))


def _python() -> CheckResult:
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info < _OLDEST:
        return _fail(f"{version} is too old", "install Python 3.11 or newer")
    return _ok(version)


def _clock() -> CheckResult:
    now = datetime.now(UTC)
    if now.year < _YEAR:
        return _fail(f"the clock says {now:%Y-%m-%d %H:%M} UTC", "set it: deadlines are counted by it")
    return _ok(f"{now:%Y-%m-%d %H:%M:%S} UTC, local zone {datetime.now().astimezone().tzname()}")


def _plugin(plugin: "Plugin") -> CheckResult:
    from soc_core.registry import CORE, PluginState  # noqa: PLC0415 - with the registry

    origin = f"{plugin.distribution} {plugin.version}".strip() or plugin.entry_point
    if plugin.warning:
        return _warn(f"at work, {origin}", plugin.warning)
    if plugin.state is PluginState.ACTIVE:
        return _ok(f"at work, {origin}")
    if plugin.state is PluginState.DISABLED:
        return _ok(f"disabled by the settings, {origin}")
    if plugin.state is PluginState.NOT_CONFIGURED and plugin.distribution == CORE:
        return _ok(plugin.cause)  # a last resort that was not called for
    if plugin.state is PluginState.NOT_CONFIGURED:
        cure = f'set what is missing in the environment or in .env, or say [plugins] disable = ["{plugin.name}"]'
        return _warn(plugin.cause, cure)
    return _fail(f"broken, {origin}: {plugin.cause}", "")


def _scan(registry: "Registry", cache: Path | None) -> CheckResult:
    """Whether quiet lines are passed over, or some plugin has to see every one."""
    from soc_core.calls import Calls  # noqa: PLC0415 - with the plugins
    from soc_core.judging import scanner_of  # noqa: PLC0415 - with the plugins

    calls = Calls(registry, monotonic=time.monotonic)
    try:
        scanner = scanner_of(calls, cache=cache)
    finally:
        calls.close()
    about = f"{count(len(scanner.names), 'pattern')} looked for by {scanner.engine.name}"
    if not scanner.sees_all:
        return _ok(f"{about}, other lines are passed over")
    culprits = "; ".join(f"{plugin}: {reason}" for plugin, reason in scanner.sees_all.items())
    return _warn(
        f"{about}, but every line is made an event, which is many times slower for all ({culprits})",
        "have the plugin declare what a line must contain: docs/hooks/register_patterns.md",
    )


def _expected(registry: "Registry", settings: "Settings") -> Iterator[Line]:
    names = {plugin.name for plugin in registry.plugins}
    for name, distribution in _EXPECTED.items():
        if name not in names and name not in settings.plugins.disable:
            yield _line(f"Plugin {name}", _warn("not installed", f"pip install {distribution}"))


def _people(settings: "Settings") -> CheckResult:
    if not settings.people:
        return _warn("nobody is configured: incidents are assigned to nobody", "add [people.NAME] tables to soc.toml")
    roles = {role for person in settings.people for role in person.roles}
    if "lead" not in roles:
        return _warn(
            f"{count(len(settings.people), 'person', 'people')}, and nobody is the lead: the most urgent incidents "
            "go to whoever is left",
            'give somebody roles = ["lead"]',
        )
    return _ok(f"{count(len(settings.people), 'person', 'people')}, roles {', '.join(sorted(roles))}")


def _new_store(file: Path) -> CheckResult:
    if not file.parent.is_dir():
        return _fail(f"{file} lies in a directory that does not exist", f"mkdir -p {file.parent}")
    if not os.access(file.parent, os.W_OK):
        return _fail(f"{file} cannot be made: {file.parent} may not be written", "choose another place with --store")
    return _ok(f"{file} will be made by the first run")


def _opened(reports: "StoreReports", file: Path | None) -> CheckResult:
    place = reports.database.place
    if file is not None and not (os.access(file, os.W_OK) and os.access(file.parent, os.W_OK)):
        return _fail(f"{place} may not be written", f"check owner and mode of {file} and of its directory")
    size = f", {file.stat().st_size / 1e6:,.1f} MB" if file is not None else ""
    return _ok(f"{place} opens and is up to date{size}")


def _audit(reports: "StoreReports") -> CheckResult:
    flaw = reports.audit_flaw()
    if flaw is not None:
        return _fail(flaw, "keep a copy of the store and find out who changed it: soc audit show")
    return _ok("intact")


def _deliveries(reports: "StoreReports") -> CheckResult:
    counts = reports.job_counts()
    waiting = sum(n for (dest, state), n in counts.items() if state in ("ready", "leased") and dest != "core")
    dead = reports.jobs(JobState.DEAD)
    if dead:
        return _warn(
            f"{count(len(dead), 'dead letter')}, the last: {dead[-1].last_error}", "soc jobs list, then soc jobs retry"
        )
    return _ok(f"{waiting:,} waiting, none given up")


def _paused(reports: "StoreReports") -> Iterator[Line]:
    now = reports.now()
    for limit in reports.destinations():
        if limit.paused_until is not None and (limit.failures or limit.paused_until > now):
            result = _warn(
                f"paused until {local(limit.paused_until)} after {count(limit.failures, 'failure')}: {limit.reason}",
                "it goes on by itself when the other side answers",
            )
            yield _line(f"Destination {limit.dest}", result)


def _shelves(reports: "StoreReports") -> CheckResult:
    held, quarantined = reports.shelf_sizes()
    words = f"{held:,} events held, {quarantined:,} lines in quarantine"
    if held:
        return _warn(words, "see which plugin failed: soc plugins")
    return _ok(words)


def _plugin_checks(registry: "Registry", reports: "StoreReports", *, offline: bool) -> Iterator[Line]:
    from soc_core.calls import Calls  # noqa: PLC0415 - with the plugins

    calls = Calls(registry, monotonic=time.monotonic)
    try:
        for plugin, check in calls.checks(reports):
            if not (offline and check.online):
                yield _line(f"{plugin}: {check.name}", _guarded(registry, plugin, check))
    finally:
        calls.close()


def _guarded(registry: "Registry", plugin: str, check: Check) -> CheckResult:
    try:
        return check.run()
    # A check is a plugin's: whatever it raises is a finding about it, and the other checks go on.
    except Exception as error:  # noqa: BLE001
        return _fail(f"the check itself failed: {registry.told(error)}", f"report it to the makers of {plugin}")


def _line(name: str, result: CheckResult) -> Line:
    return Line(name=name, result=result)


def _result(grade: Grade) -> Callable[[str, str], CheckResult]:
    return lambda text, cure: CheckResult(grade=grade, text=text, cure=cure)


_warn = _result(Grade.WARN)
_fail = _result(Grade.FAIL)


def _ok(text: str) -> CheckResult:
    return CheckResult(grade=Grade.OK, text=text)


def _document(line: Line) -> dict[str, object]:
    word, _ = _WORDS[line.result.grade]
    return {"name": line.name, "result": word, "text": line.result.text, "cure": line.result.cure}


def _show(line: Line) -> None:
    word, style = _WORDS[line.result.grade]
    screen.graded(word, style, line.name, line.result.text, line.result.cure)
