"""The reference pages say what the code says."""

import inspect
import re
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from types import ModuleType

import attrs
import click
import pytest

import soc_core
from soc_core import Finding, Secret, hookspecs, setting
from soc_core.registry.checks import HOOKS

DOCS = Path(__file__).parents[2] / "docs"


def test_the_hook_reference_lists_every_hook_in_order_with_its_sentence_and_its_page(reference: ModuleType) -> None:
    page = reference.hooks()
    assert re.findall(r"^### (\w+)$", page, re.MULTILINE) == list(HOOKS)
    for hook, arguments in HOOKS.items():
        [shown] = re.findall(rf"^def {hook}\((.*)\) -> .+: \.\.\.$", page, re.MULTILINE)
        assert re.findall(r"(\w+):", shown) == list(arguments)
        assert inspect.cleandoc(getattr(hookspecs, hook).__doc__) in page
        assert f"(../hooks/{hook}.md)" in page
        assert (DOCS / "hooks" / f"{hook}.md").is_file()


def test_the_hook_reference_puts_each_hook_under_the_kind_that_its_page_names(reference: ModuleType) -> None:
    kind = ""
    for line in reference.hooks().splitlines():
        if line.startswith("## "):
            kind = line.removeprefix("## ").lower().removesuffix("s")
        elif line.startswith("### "):
            hook = line.removeprefix("### ")
            assert f"A **{kind}**" in (DOCS / "hooks" / f"{hook}.md").read_text(encoding="utf-8")


def test_the_command_reference_has_our_commands_and_those_of_the_shipped_plugins(reference: ModuleType) -> None:
    headings = re.findall(r"^#+ (soc.*)$", reference.commands(), re.MULTILINE)
    assert len(headings) == len(set(headings))
    expected = {
        "soc",
        "soc run",
        "soc incident ack",
        "soc plugins info",
        "soc rules test",
        "soc jira test",
        "soc slack test",
    }
    assert expected <= set(headings)


def test_a_command_is_shown_with_its_usage_its_help_and_its_options(reference: ModuleType) -> None:
    @click.command()
    @click.argument("name")
    @click.option("--loud", is_flag=True, help="As loud as a|b.")
    def greet(name: str, loud: bool) -> None:
        """Say hello.

        Twice, if nobody hears.
        """

    lines = reference._command(greet, "greet", click.Context(click.Group(), info_name="soc"), depth=2)
    assert lines == [
        *("## soc greet", "", "```text", "soc greet [OPTIONS] NAME", "```", ""),
        *("Say hello.\n\nTwice, if nobody hears.", ""),
        *("| option | meaning |", "| --- | --- |", r"| `--loud` | As loud as a\|b. |", ""),
    ]


@attrs.frozen(kw_only=True)
class Door:
    """A door that is watched.

    Args:
        floor, wing: Where it is.
    """

    floor: int = 0
    wing: str = "north"


@attrs.frozen(kw_only=True)
class Watched:
    token: Secret | None = attrs.field(default=None, metadata=setting("Opens the gate", env="GATE_TOKEN"))
    every: timedelta = attrs.field(default=timedelta(minutes=5), metadata=setting("How often"))
    doors: Mapping[str, Door] = attrs.field(factory=dict)
    spare: tuple[Door, ...] = attrs.field(default=(), metadata=setting("Doors without a name"))


def test_a_class_of_settings_becomes_a_table_for_each_table_of_soc_toml(reference: ModuleType) -> None:
    assert "\n".join(reference._tables(Watched, "plugins.gate")) == "\n".join(
        [
            "### `[plugins.gate]`",
            "",
            "| key | type | default | environment | meaning |",
            "| --- | --- | --- | --- | --- |",
            "| `token` | secret |  | `GATE_TOKEN` | Opens the gate |",
            "| `every` | duration | `5m` |  | How often |",
            "",
            "### `[plugins.gate.doors.NAME]`",
            "",
            "A door that is watched.",
            "",
            "| key | type | default | meaning |",
            "| --- | --- | --- | --- |",
            "| `floor` | whole number | `0` | Where it is |",
            "| `wing` | text | `north` | Where it is |",
            "",
            "### `[[plugins.gate.spare]]`",
            "",
            "Doors without a name.",
            "",
            "| key | type | default | meaning |",
            "| --- | --- | --- | --- |",
            "| `floor` | whole number | `0` | Where it is |",
            "| `wing` | text | `north` | Where it is |",
            "",
        ]
    )


def test_the_settings_reference_has_every_setting_that_soc_settings_shows(reference: ModuleType) -> None:
    page = reference.settings()
    for heading in (
        "[delivery]",
        "[people.NAME]",
        "[[rota.shifts]]",
        "[plugins.jira]",
        "[[plugins.escalation.ladder]]",
    ):
        assert f"### `{heading}`\n" in page
    assert "places" not in page


def test_the_environment_reference_has_every_name_of_the_example_file(reference: ModuleType) -> None:
    shown = set(re.findall(r"^\| `(\w+)` \|", reference.environment(), re.MULTILINE))
    example = (DOCS.parent / ".env.example").read_text(encoding="utf-8")
    assert set(re.findall(r"^#? ?([A-Z]+_[A-Z_]+)=", example, re.MULTILINE)) <= shown


@pytest.mark.parametrize("word", ["hooks", "desk", "commands", "settings", "environment"])
def test_a_mark_is_replaced_where_it_stands(reference: ModuleType, word: str) -> None:
    page = reference.filled(f"# Title\n\n<!-- soc: {word} -->\n\nEnd.\n")
    assert page == f"# Title\n\n{reference.WRITERS[word]()}\n\nEnd.\n"


def test_the_desk_shows_every_name_that_plugins_may_import_and_every_field_of_a_value(reference: ModuleType) -> None:
    page = reference.desk()
    assert sorted(re.findall(r"^### (\w+)$", page, re.MULTILINE)) == sorted(soc_core.__all__)
    [finding] = re.findall(r"^### Finding\n(.*?)^###", page, re.MULTILINE | re.DOTALL)
    shown = re.findall(r"^\| `(\w+)` \|", finding, re.MULTILINE)
    fields = [field.name for field in attrs.fields(Finding) if field.init]
    assert shown[: len(fields)] == fields
    assert "soc_core.model" not in page


def test_every_mark_in_the_pages_is_known(reference: ModuleType) -> None:
    for path in DOCS.rglob("*.md"):
        assert "<!-- soc: " not in reference.filled(path.read_text(encoding="utf-8")), path
