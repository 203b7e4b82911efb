"""The pages of the worked examples: what they tell to type and to set is understood by the examples themselves."""

import importlib.util
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from soc_core.settings import load, plugin_settings

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PLACES = sorted(path.parent for path in EXAMPLES.glob("*/pyproject.toml"))


def blocks(place: Path) -> list[tuple[str, str]]:
    return BLOCK.findall((place / "README.md").read_text(encoding="utf-8"))


def plugin(place: Path) -> tuple[str, type]:
    """The name and class of an example's plugin, as its distribution declares them."""
    [(name, target)] = tomllib.loads((place / "pyproject.toml").read_text())["project"]["entry-points"][
        "soc_core.plugins"
    ].items()
    module_name, _, attribute = target.partition(":")
    spec = importlib.util.spec_from_file_location(module_name, place / f"{module_name.split('.')[0]}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[module_name] = module
    spec.loader.exec_module(module)
    return name, getattr(module, attribute) if attribute else module


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.name)
def test_a_page_shows_commands_and_settings_only(place: Path) -> None:
    assert {language for language, _ in blocks(place)} <= {"sh", "toml"}


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.name)
def test_its_commands_can_be_read_by_a_shell(place: Path) -> None:
    for language, text in blocks(place):
        if language == "sh":
            subprocess.run(["bash", "-n"], input=text, text=True, check=True)


@pytest.mark.parametrize(
    "place", [p for p in PLACES if "```toml" in (p / "README.md").read_text()], ids=lambda p: p.name
)
def test_its_settings_are_understood(place: Path, tmp_path: Path) -> None:
    name, cls = plugin(place)
    for language, text in blocks(place):
        if language == "toml":
            config = tmp_path / "soc.toml"
            config.write_text(text)
            plugin_settings(name, cls.Settings, load(config=config, env={}), {})
            assert set(tomllib.loads(text)["plugins"]) == {name}
