"""The settings as people write them into `soc.toml`, read as the program reads them."""

from datetime import timedelta
from pathlib import Path

import pytest
from soc_sla.plugin import Sla

from soc_core import SettingsError
from soc_core.settings import load, plugin_settings

README = Path(__file__).parents[1] / "README.md"
PAGE = Path(__file__).parents[3] / "docs" / "plugins" / "sla.md"
EXAMPLES = [part.split("```")[0] for file in (README, PAGE) for part in file.read_text().split("```toml\n")[1:]]


def read(text: str, tmp_path: Path) -> Sla.Settings:
    file = tmp_path / "soc.toml"
    file.write_text(text)
    return plugin_settings("sla", Sla.Settings, load(config=file, env={}), {})


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_example_of_the_pages_can_be_copied(example: str, tmp_path: Path) -> None:
    Sla(read(example, tmp_path))


def test_the_example_of_the_readme_is_understood(tmp_path: Path) -> None:
    settings = read(README.read_text().split("```toml\n")[1].split("```")[0], tmp_path)
    Sla(settings)
    assert settings.targets.Highest == timedelta(minutes=30)
    assert settings.overrides[0].targets.High == timedelta(hours=1)
    assert settings.calendars["office"].holidays.subdivision == "BE"


def test_dates_may_be_written_with_and_without_quotes(tmp_path: Path) -> None:
    text = '[plugins.sla.calendars.a]\nhours = "Mon"\nholidays = { dates = [2026-12-24, "2026-12-24"] }'
    first, second = read(text, tmp_path).calendars["a"].holidays.dates
    assert first == second


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('[plugins.sla.targets]\nHighets = "1h"', r"soc\.toml:2: .*did you mean 'Highest'"),
        ('[plugins.sla.targets]\nHighest = "soon"', r"soc\.toml:2: plugins\.sla\.targets\.Highest must be a duration"),
        ("[plugins.sla.targets]\nHighest = 60", r"soc\.toml:2: plugins\.sla\.targets\.Highest must be a duration"),
        ('[plugins.sla]\ncalender = "office"', r"soc\.toml:2: .*did you mean 'calendar'"),
    ],
)
def test_a_slip_of_the_pen_is_told_with_its_line(text: str, told: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=told):
        read(text, tmp_path)
