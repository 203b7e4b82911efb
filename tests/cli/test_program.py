"""The program itself: quick help, errors as sentences, exit codes, commands of plugins, safe output."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from soc_core.cli import exits
from soc_core.errors import (
    ChangeRefused,
    InputError,
    NotConfigured,
    PermanentError,
    PluginError,
    SettingsError,
    SocError,
    StoreError,
)

HEAVY = ("sqlalchemy", "alembic", "rich", "structlog", "cattrs", "uvicorn", "starlette", "jira", "slack_sdk", "re2")
HOSTILE = (
    "broke in \x1b[2J\x1b]0;owned\x07 \x9b31m \u202egnp.exe \u2066x\u2069 \x7f \u200b [link=http://evil]x[/link] :bomb:"
)


@pytest.mark.parametrize("words", [["--help"], ["--version"], ["run", "--help"], ["incident", "ack", "--help"]])
def test_help_imports_nothing_heavy(place, words):
    code = (
        "import sys\n"
        "from soc_core.__main__ import soc\n"
        f"try: soc({words!r}, prog_name='soc')\n"
        "except SystemExit as end: assert end.code == 0\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules])\n"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.splitlines()[-1] == "[]"


def test_help_lists_every_command_with_a_whole_sentence(soc):
    said = soc("--help").out
    for name in ("init", "run", "serve", "classify", "explain", "incidents", "incident", "sla", "jobs", "audit"):
        assert f"  {name} " in said
    assert "..." not in said.split("Process:")[1]


@pytest.mark.parametrize(
    "words",
    [
        ("incident",),
        ("jobs",),
        ("audit",),
        ("plugins", "info"),
        ("help",),
        ("help", "incident", "ack"),
        ("help", "rules"),
    ],
)
def test_every_group_has_help(soc, words):
    said = soc(*words, *([] if words[0] == "help" else ["--help"]))
    assert (said.code, "Usage: soc" in said.out) == (0, True)


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (("incidnet",), "'incident'"),
        (("rulse",), "'rules'"),
        (("--confg", "x"), "'--config'"),
        (("run", "--folow"), "'--follow'"),
        (("incident", "akc", "1"), "'ack'"),
    ],
)
def test_a_misspelt_word_is_answered_with_the_right_one(soc, words, hint):
    result = soc(*words)
    assert (result.code, hint in result.err) == (2, True), result.err


def test_commands_of_plugins_are_found(soc):
    result = soc("rules", "test")
    assert (result.code, result.document["failed"]) == (0, [])


def test_commands_of_plugins_go_by_the_options_before_them(soc, place):
    elsewhere = place / "elsewhere"
    (elsewhere / "own").mkdir(parents=True, mode=0o755)
    (elsewhere / "soc.toml").write_text('[plugins.rules]\npack = false\npaths = ["one.toml"]\n')
    (elsewhere / "one.toml").write_text(
        '[[rule]]\nid = "one"\ntitle = "One"\nlabel = "Error"\nseverity = 5\nwords = ["one"]\n'
        'example = [{ line = "one" }]\n'
    )
    command = elsewhere / "own" / "hello.py"
    command.write_text(
        "import click\nfrom soc_core import hookimpl\n\n@hookimpl\ndef register_commands(cli):\n"
        "    cli.add_command(click.Command('hello', callback=lambda: click.echo('hello')))\n"
    )
    command.chmod(0o644)
    assert soc("--config", "elsewhere/soc.toml", "rules", "test").document["examples"] == 1
    assert soc("--plugins-dir", "elsewhere/own", "hello").out == "hello\n"


def test_a_command_of_a_plugin_that_is_not_installed_says_what_to_install(soc, monkeypatch):
    monkeypatch.setattr("soc_core.cli.program._APART", {"cockpit": "soc-cockpit"})
    result = soc("cockpit")
    assert (result.code, "pip install soc-cockpit" in result.err) == (2, True)


def test_help_for_all_lists_commands_of_plugins(soc):
    assert "Rules of the rules classifier" in soc("help").out


def test_a_command_of_a_plugin_that_is_not_at_work_says_why(soc):
    result = soc("jira", "test")
    assert result.code == 2
    assert "plugin 'jira'" in result.err
    assert "disable" in result.err


def test_a_command_of_a_plugin_that_is_not_configured_says_what_is_missing_and_what_cures_it(soc, place):
    (place / "soc.toml").write_text("")
    result = soc("slack", "test")
    assert result.code == 2
    assert "is not configured: SLACK_BOT_TOKEN (or" in result.err
    assert "what cures it: soc doctor" in result.err


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (SettingsError, 2),
        (NotConfigured, 2),
        (PluginError, 2),
        (InputError, 3),
        (StoreError, 4),
        (PermanentError, 4),
        (ChangeRefused, 1),
        (SocError, 1),
    ],
)
def test_each_kind_of_error_has_its_exit_code(error, code):
    assert exits.code_of(error("because")) == code


def test_a_misspelt_setting_is_told_with_its_place_and_the_right_name(soc, place):
    Path("soc.toml").write_text("[groupin]\n")
    result = soc("run", "house.log")
    assert result.code == 2
    assert "soc.toml:1" in result.err
    assert "did you mean 'grouping'?" in result.err
    assert "Traceback" not in result.err


def test_a_settings_file_that_is_absent_is_told(soc):
    result = soc("--config", "absent.toml", "incidents")
    assert (result.code, "absent.toml" in result.err) == (2, True)


def test_the_settings_file_can_be_named_in_the_environment_or_in_dotenv(soc, place, monkeypatch):
    Path("other.toml").write_text('store = "sqlite:///other.db"\n')
    Path(".env").write_text("SOC_CONFIG=other.toml\n")
    stores = [row for row in soc("settings").document["settings"] if row["key"] == "store"]
    assert [row["value"] for row in stores] == ["sqlite:///other.db"]
    monkeypatch.setenv("SOC_CONFIG", "absent.toml")
    assert soc("settings").code == 2


def test_the_command_line_beats_the_environment_which_beats_dotenv(soc, place, monkeypatch):
    def store(*words: str) -> list[object]:
        rows = soc(*words, "settings").document["settings"]
        return [(row["value"], row["origin"]) for row in rows if row["key"] == "store"]

    Path(".env").write_text("SOC_STORE=sqlite:///dotenv.db\n")
    assert store() == [("sqlite:///dotenv.db", "SOC_STORE")]
    monkeypatch.setenv("SOC_STORE", "sqlite:///environment.db")
    assert store() == [("sqlite:///environment.db", "SOC_STORE")]
    assert store("--store", "sqlite:///named.db") == [("sqlite:///named.db", "command line")]


def test_a_secret_is_shown_by_no_command(soc, place, monkeypatch):
    Path("soc.toml").write_text("")
    monkeypatch.setenv("JIRA_API_TOKEN", "canary-of-jira")
    monkeypatch.setenv("SLACK_SIGNING_SECRET", "canary-of-slack")
    monkeypatch.setenv("SOC_STORE", "postgresql+psycopg://soc:canary-of-store@127.0.0.1:9/soc")
    for words in (
        ("settings",),
        ("settings", "--env"),
        ("settings", "--origin"),
        ("plugins",),
        ("plugins", "info", "jira"),
        ("doctor", "--offline"),
        ("validate",),
        ("-vv", "incidents"),
        ("-vv", "--log-json", "classify", "house.log"),
    ):
        result = soc(*words)
        assert "canary" not in result.out + result.err, words


@pytest.mark.parametrize(
    "words",
    [
        ("incidents",),
        ("incident", "show", "1"),
        ("explain", "INC-1"),
        ("explain", HOSTILE),
        ("classify", "hostile.log"),
        ("audit", "show"),
        ("sla",),
        ("jobs", "list", "--all"),
        ("metrics",),
        ("incidents", "--json"),
        ("incident", "show", "1", "--json"),
        ("classify", "hostile.log", "--json"),
        ("run", "hostile.log", "--dry-run"),
        ("run", HOSTILE),
    ],
)
def test_no_control_character_of_an_event_reaches_a_terminal(soc, place, terminal, words):
    row = {"source": f"door{HOSTILE}", "host": HOSTILE, "user": HOSTILE, "message": f"somebody {HOSTILE}\nFAIL\tx"}
    Path("hostile.log").write_text(json.dumps(row) + "\n")
    assert soc("run", "hostile.log").document["incidents_opened"] == 1
    soc("incident", "note", "1", HOSTILE)
    # The terminal's own colours, and the progress line that is taken back, are ours.
    said = _without_our_sequences(terminal(*words, codes=(0, 1, 3)))
    bad = [character for character in said if _moves_the_terminal(character)]
    assert not bad, (bad, said)
    assert "evil" not in said or "[link=http://evil]" in said


def _without_our_sequences(said: str) -> str:
    return re.sub(r"\x1b\[(?:\d+(?:;\d+)*)?[mKA]|\x1b\[\?25[lh]|\r", "", said)


def _moves_the_terminal(character: str) -> bool:
    number = ord(character)
    return (
        (number < 0x20 and character != "\n")
        or 0x7F <= number <= 0x9F
        or 0x202A <= number <= 0x202E
        or 0x2066 <= number <= 0x2069
    )


def test_colours_are_left_out_on_request(filled, terminal, monkeypatch):
    colour = re.compile(r"\x1b\[(?:\d+;)*3\dm")
    assert colour.search(terminal("incidents"))
    monkeypatch.setenv("NO_COLOR", "1")
    assert not colour.search(terminal("incidents"))


def test_settings_of_a_plugin_are_readable_on_a_narrow_terminal(place, terminal, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    shown = terminal("plugins", "info", "triggers")
    assert "a ticket; default" in shown


def test_the_id_of_a_rule_is_whole_on_a_narrow_terminal(place, terminal, monkeypatch):
    name = "a-door-that-nobody-opens-was-opened-twice"
    written = place / "rules/test.toml"
    written.write_text(written.read_text().replace('"break-in"', f'"{name}"'))
    monkeypatch.setenv("COLUMNS", "80")
    assert re.search(rf"^{name} +9  Somebody broke in", terminal("rules", "list"), re.MULTILINE)


@pytest.mark.parametrize("width", [80, 120, 200])
def test_tables_fit_the_terminal(filled, terminal, monkeypatch, width):
    monkeypatch.setenv("COLUMNS", str(width))
    for words in (("incidents",), ("sla",), ("jobs", "list", "--all"), ("plugins",), ("settings",), ("audit", "show")):
        for line in _without_our_sequences(terminal(*words)).splitlines():
            assert len(line) <= width, (words, line)


def test_the_module_runs_as_the_program_does(place):
    ran = subprocess.run([sys.executable, "-m", "soc_core", "--version"], capture_output=True, text=True, check=True)
    assert ran.stdout.startswith("soc, version ")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
def test_an_output_that_is_full_is_told_in_a_sentence(place):
    with open("/dev/full", "w") as full:
        command = [sys.executable, "-m", "soc_core", "incidents"]
        ran = subprocess.run(command, check=False, stdout=full, stderr=subprocess.PIPE)
    assert (ran.returncode, b"No space left" in ran.stderr, b"Traceback" in ran.stderr) == (4, True, False)
