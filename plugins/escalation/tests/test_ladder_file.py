"""The ladder as people write it into `soc.toml`, read as the program reads it."""

from datetime import timedelta
from pathlib import Path

import pytest
from soc_escalation.plugin import Escalation

from soc_core import Priority, SettingsError
from soc_core.settings import load, plugin_settings

README = Path(__file__).parents[1] / "README.md"
PAGE = Path(__file__).parents[3] / "docs" / "plugins" / "escalation.md"
EXAMPLES = [part.split("```")[0] for file in (README, PAGE) for part in file.read_text().split("```toml\n")[1:]]


def read(text: str, tmp_path: Path) -> Escalation.Settings:
    file = tmp_path / "soc.toml"
    file.write_text(text)
    return plugin_settings("escalation", Escalation.Settings, load(config=file, env={}), {})


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_example_of_the_pages_can_be_copied(example: str, tmp_path: Path) -> None:
    Escalation(read(example, tmp_path))


def test_the_example_of_the_readme_is_understood(tmp_path: Path) -> None:
    settings = read(README.read_text().split("```toml\n")[1].split("```")[0], tmp_path)
    Escalation(settings)
    assert [rung.at for rung in settings.ladder] == ["15m", "50%", "-30m", "100%", "+24h"]
    assert settings.ladder[0].repeat == timedelta(minutes=15)
    assert settings.ladder[-1].minimum_priority is Priority.HIGH


def test_whom_to_tell_may_be_one_name_or_several(tmp_path: Path) -> None:
    text = '[plugins.escalation]\nladder = [{ at = "50%", notify = "a" }, { at = "60%", notify = ["a", "b"] }]'
    assert [rung.notify for rung in read(text, tmp_path).ladder] == ["a", ("a", "b")]


@pytest.mark.parametrize(
    ("rung", "told"),
    [
        ('{ att = "50%" }', r"soc\.toml:2: plugins\.escalation\.ladder\[0\]\.att is unknown: did you mean 'at'"),
        ('{ at = "fifty", notify = "lead" }', r"soc\.toml:2: .*ladder\[0\]\.at is wrong: at = 'fifty' is no time"),
        ('{ at = "50%", clock = "resolve", notify = "lead" }', r"ladder\[0\].* 'resolve'"),
        ('{ notify = "lead" }', r"ladder\[0\] needs at"),
        ('{ at = "50%", minimum_priority = "Urgent" }', r"minimum_priority must be one of Highest, High"),
        ('{ at = "50%", repeat = "often" }', r"repeat must be a duration"),
        ('{ at = "50%", notify = 7 }', r"notify must be a list"),
    ],
)
def test_a_slip_of_the_pen_is_told_with_its_line(rung: str, told: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=told):
        read(f"[plugins.escalation]\nladder = [{rung}]", tmp_path)
