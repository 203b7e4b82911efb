"""Plugins of one file each: which files count, who may have written them, and how they are chosen."""

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from soc_core import Event, PluginError, SettingsError
from soc_core.builtin.triggers import Triggers
from soc_core.registry import Plugin, Registry, build
from soc_core.settings import PluginChoice

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
FUNCTIONS = """
from soc_core import Event, Finding, hookimpl

@hookimpl
def classify_event(event: Event) -> Finding | None:
    return Finding(event=event, label="Error", severity=5, rule="door") if "door" in event.message else None
"""
CLASS = """
import attrs
from soc_core import hookimpl

class Chatty:
    @attrs.frozen(kw_only=True)
    class Settings:
        word: "str" = "vault"

    def __init__(self, settings):
        self.word = settings.word

    @hookimpl
    def should_create_ticket(self, finding):
        return None
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder that nobody else can write to."""
    made = tmp_path / "plugins"
    made.mkdir(mode=0o755)
    return made


def put(folder: Path, name: str, source: str) -> Path:
    file = folder / name
    file.write_text(source)
    file.chmod(0o644)
    return file


def built(folder: Path | None, **choice: object) -> Registry:
    return build(PluginChoice(dir=folder, **choice), lambda _, kind: kind(), entry_points=[])


def only(registry: Registry) -> Plugin:
    [plugin] = registry.plugins
    return plugin


def test_a_file_of_functions_is_a_plugin_that_is_named_like_the_file(folder: Path) -> None:
    file = put(folder, "doors.py", FUNCTIONS)
    registry = built(folder)
    assert only(registry) == Plugin(
        name="doors", entry_point=str(file), hooks=("classify_event",), obj=registry.object("doors")
    )
    [implementation] = registry.implementations("classify_event")
    assert implementation.function(Event(source="gate", message="door forced", received=NOON)).rule == "door"


def test_a_file_with_one_class_of_hooks_is_built_with_its_settings(folder: Path) -> None:
    put(folder, "chatty.py", CLASS)
    assert only(built(folder)).hooks == ("should_create_ticket",)
    asked: list[str] = []

    def settings_for(name: str, kind: type) -> object:
        asked.append(name)
        return kind(word="door")

    registry = build(PluginChoice(dir=folder), settings_for, entry_points=[])
    assert (asked, getattr(registry.object("chatty"), "word", "")) == (["chatty"], "door")


def test_files_are_asked_by_name_and_those_with_an_underscore_are_none(folder: Path) -> None:
    for name in ("b.py", "a.py", "_helpers.py", "notes.txt"):
        put(folder, name, FUNCTIONS)
    assert [plugin.name for plugin in built(folder).plugins] == ["a", "b"]
    assert [plugin.name for plugin in built(folder, order=("b",)).plugins] == ["b", "a"]
    assert [plugin.state for plugin in built(folder, disable=("a",)).plugins] == ["disabled", "active"]


def test_a_file_with_two_classes_of_hooks_is_refused(folder: Path) -> None:
    put(folder, "two.py", CLASS + CLASS.replace("Chatty", "Quiet"))
    assert only(built(folder, on_broken="skip")).cause == (
        "defines Chatty and Quiet: one file is one plugin; put each into a file of its own"
    )


def test_a_file_that_cannot_be_run_harms_nobody_else(folder: Path) -> None:
    put(folder, "a.py", "raise SystemExit('no')")
    put(folder, "b.py", FUNCTIONS)
    broken, working = built(folder, on_broken="skip").plugins
    assert (broken.state, working.state) == ("broken", "active")
    assert "cannot be imported: SystemExit: no" in broken.sentence
    with pytest.raises(PluginError, match=r"a\.py"):
        built(folder)


@pytest.mark.parametrize("mode", [0o664, 0o646])
def test_a_file_that_others_can_change_is_not_run(folder: Path, tmp_path: Path, mode: int) -> None:
    file = put(folder, "doors.py", f"open({str(tmp_path / 'ran')!r}, 'w')\n" + FUNCTIONS)
    file.chmod(mode)
    plugin = only(built(folder, on_broken="skip"))
    assert plugin.cause.startswith(f"is not run: the file can be changed by others than its owner: chmod go-w {file}")
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("mode", [0o775, 0o757])
def test_a_folder_that_others_can_write_to_is_refused(folder: Path, mode: int) -> None:
    put(folder, "doors.py", FUNCTIONS)
    folder.chmod(mode)
    with pytest.raises(SettingsError, match=f"chmod go-w {folder}"):
        built(folder)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_what_belongs_to_somebody_else_is_not_run(folder: Path) -> None:
    file = put(folder, "doors.py", FUNCTIONS)
    os.chown(file, 12345, -1)
    assert "belongs to another user" in only(built(folder, on_broken="skip")).cause
    os.chown(folder, 12345, -1)
    with pytest.raises(SettingsError, match="belongs to another user"):
        built(folder)


def test_a_folder_that_is_not_there_is_an_error(folder: Path) -> None:
    with pytest.raises(SettingsError, match="nowhere cannot be read"):
        built(folder / "nowhere")
    with pytest.raises(SettingsError, match=r"a\.py cannot be read"):
        built(put(folder, "a.py", ""))


def test_a_list_of_those_that_are_used_leaves_out_the_others_but_not_the_built_in_ones(folder: Path) -> None:
    put(folder, "a.py", FUNCTIONS)
    put(folder, "b.py", FUNCTIONS)
    registry = build(PluginChoice(dir=folder, only=("b",), on_broken="skip"), lambda _, kind: kind())
    states = {plugin.name: plugin for plugin in registry.plugins}
    assert states["a"].state == "disabled"
    assert states["a"].cause == "[plugins] only (SOC_PLUGINS) does not name it"
    assert {states[name].state for name in ("b", "rules", "triggers", "local")} == {"active"}


def test_what_the_program_brings_along_is_used_whatever_the_list_says() -> None:
    mine = Triggers(Triggers.Settings())
    registry = build(PluginChoice(only=()), lambda _, kind: kind(), extra=[("mine", mine)], entry_points=[])
    assert only(registry).state == "active"


def test_a_misspelt_name_in_the_list_is_an_error(folder: Path) -> None:
    put(folder, "doors.py", FUNCTIONS)
    with pytest.raises(SettingsError, match=r"\[plugins\] only names 'dors', .* did you mean 'doors'\?"):
        built(folder, only=("dors",))


@pytest.mark.parametrize(
    ("stated", "warning"),
    [
        ("1", ""),
        ("2", "written for version 2 of the hooks, this soc-core has 1: upgrade soc-core"),
        ("0", "written for version 0 of the hooks, this soc-core has 1: look for a newer release of it"),
    ],
)
def test_a_plugin_for_other_hooks_is_at_work_with_a_warning(folder: Path, stated: str, warning: str) -> None:
    put(folder, "doors.py", f"HOOK_API_VERSION = {stated}\n{FUNCTIONS}")
    plugin = only(built(folder))
    assert (plugin.state, plugin.warning) == ("active", warning)


def test_a_version_of_the_hooks_that_is_no_number_is_refused(folder: Path) -> None:
    put(folder, "doors.py", f"HOOK_API_VERSION = 'one'\n{FUNCTIONS}")
    assert "HOOK_API_VERSION = 'one', which is no whole number" in only(built(folder, on_broken="skip")).cause
