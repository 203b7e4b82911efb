import enum
import importlib.metadata
import re
import subprocess
import sys
from collections.abc import Mapping
from datetime import date, time, timedelta
from pathlib import Path
from typing import Literal

import attrs
import pytest

from soc_core import NotConfigured, PluginError, Secret, SettingsError, setting
from soc_core.model.people import Person
from soc_core.model.setting import checked_url
from soc_core.settings import (
    Settings,
    check_tables,
    describe,
    environment_names,
    load,
    origins,
    plugin_settings,
    read_dotenv,
    secrets_of,
)

ROOT = Path(__file__).parent.parent
CANARY = "canary-5ecret-value"


class Mood(enum.StrEnum):
    CALM = "Calm"
    CROSS = "Cross"


@attrs.frozen(kw_only=True)
class Rung:
    at: str
    notify: tuple[str, ...] = ()
    wait: timedelta | None = None


@attrs.frozen(kw_only=True)
class Inner:
    zone: str = "UTC"
    size: int = attrs.field(default=1, metadata=setting("How large", env="DEMO_INNER_SIZE"))


@attrs.frozen(kw_only=True)
class Demo:
    """The settings of a plugin with one field of every sort."""

    text: str = attrs.field(default="", metadata=setting("A text", env="DEMO_TEXT"))
    whole: int = attrs.field(default=1, metadata=setting("A whole number", env="DEMO_WHOLE"))
    number: float = attrs.field(default=1.0, metadata=setting("A number", env="DEMO_NUMBER"))
    truth: bool = attrs.field(default=False, metadata=setting("A truth", env="DEMO_TRUTH"))
    wait: timedelta = attrs.field(default=timedelta(seconds=1), metadata=setting("A wait", env="DEMO_WAIT"))
    token: Secret | None = attrs.field(default=None, metadata=setting("A secret", env="DEMO_TOKEN"))
    names: tuple[str, ...] = attrs.field(default=(), metadata=setting("Names", env="DEMO_NAMES"))
    numbers: frozenset[int] = attrs.field(default=frozenset(), metadata=setting("Numbers", env="DEMO_NUMBERS"))
    mood: Mood = attrs.field(default=Mood.CALM, metadata=setting("A mood", env="DEMO_MOOD"))
    api: Literal["2", "3"] = "3"
    folder: Path | None = attrs.field(default=None, metadata=setting("A folder", env="DEMO_FOLDER"))
    words: Mapping[str, str] = attrs.field(factory=dict)
    fields: Mapping[str, object] = attrs.field(factory=dict)
    inner: Inner = attrs.field(factory=Inner)
    calendars: Mapping[str, Inner] = attrs.field(factory=dict)
    ladder: tuple[Rung, ...] = ()
    pair: tuple[int, str] = (1, "a")
    day: date | None = None
    opens: time | None = None
    either: int | str = 0


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "soc.toml"
    path.write_text(text, encoding="utf-8")
    return path


def demo(tmp_path: Path, text: str = "", env: Mapping[str, str] | None = None, **overrides: object) -> Demo:
    env = env or {}
    settings = load(config=written(tmp_path, text), env=env, overrides=overrides)
    return plugin_settings("demo", Demo, settings, env)


def refusal(tmp_path: Path, text: str, env: Mapping[str, str] | None = None) -> str:
    with pytest.raises(SettingsError) as caught:
        demo(tmp_path, text, env)
    return str(caught.value).replace(f"{tmp_path}/", "")


# -- the order ------------------------------------------------------------------------------------------------------


def test_without_anything_there_are_the_defaults() -> None:
    settings = load(config=None, env={})
    assert settings == Settings()
    assert settings.store == "sqlite:///soc.db"
    assert settings.priorities.floors == (9.0, 7.0, 5.0, 3.0)
    assert settings.grouping.reopen_window == timedelta(hours=24)
    assert settings.plugins.on_broken == "refuse"


def test_the_command_line_beats_the_environment_beats_the_file_beats_the_default(tmp_path: Path) -> None:
    path = written(tmp_path, 'store = "sqlite:///file.db"')
    env = {"SOC_STORE": "sqlite:///environment.db"}
    assert load(config=path, env={}).store == "sqlite:///file.db"
    assert load(config=path, env=env).store == "sqlite:///environment.db"
    assert load(config=path, env=env, overrides={"store": "sqlite://"}).store == "sqlite://"


def test_the_order_is_the_same_for_plugins(tmp_path: Path) -> None:
    text = '[plugins.demo]\ntext = "file"'
    assert demo(tmp_path).text == ""
    assert demo(tmp_path, text).text == "file"
    assert demo(tmp_path, text, {"DEMO_TEXT": "environment"}).text == "environment"
    assert demo(tmp_path, text, {"DEMO_TEXT": "environment"}, **{"plugins.demo.text": "command"}).text == "command"


def test_an_empty_environment_variable_counts_as_absent(tmp_path: Path) -> None:
    assert load(config=None, env={"SOC_STORE": "", "SOC_CONFIG": ""}) == Settings()
    assert demo(tmp_path, '[plugins.demo]\ntext = "file"', {"DEMO_TEXT": ""}).text == "file"


def test_the_environment_may_name_the_file_and_the_argument_wins(tmp_path: Path) -> None:
    named = written(tmp_path, "[storm]\nlimit = 7")
    other = tmp_path / "other.toml"
    other.write_text("[storm]\nlimit = 8")
    env = {"SOC_CONFIG": str(named)}
    assert load(config=None, env=env).storm.limit == 7
    assert load(config=other, env=env).storm.limit == 8


def test_nothing_is_read_that_was_not_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written(tmp_path, "[storm]\nlimit = 7")
    (tmp_path / ".env").write_text("SOC_STORE=sqlite:///dotenv.db")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SOC_STORE", "sqlite:///process.db")
    assert load(config=None, env={}) == Settings()


def test_triggers_may_stand_at_the_top() -> None:
    settings = load(config=None, env={}, overrides={"triggers": {"words": ["Fraud"]}})
    assert settings.tables["triggers"] == {"words": ["Fraud"]}


def test_the_table_of_triggers_is_read_from_a_file_with_its_place(tmp_path: Path) -> None:
    path = written(tmp_path, "[triggers]\nticket_from = 8")
    settings = load(config=path, env={})
    assert settings.tables["triggers"] == {"ticket_from": 8}
    assert str(settings.places.of(("plugins", "triggers", "ticket_from"))) == f"{path}:2"


def test_people_teams_and_rota_come_from_their_tables(tmp_path: Path) -> None:
    text = """
    [people.alice]
    roles = "lead"
    email = "alice@example.org"
    [people.bob]
    deputy = "alice"
    teams = ["night"]
    [teams.soc]
    members = ["alice", "bob"]
    lead = "alice"
    [[rota.shifts]]
    people = ["night"]
    hours = ["22:00-06:00"]
    [[rota.leave]]
    person = "bob"
    first = 2026-03-02
    last = 2026-03-04
    """
    settings = load(config=written(tmp_path, text), env={})
    assert settings.people[0] == Person(name="alice", roles=frozenset({"lead"}), email="alice@example.org")
    assert [person.name for person in settings.people] == ["alice", "bob"]
    assert settings.teams[0].members == ("alice", "bob")
    assert settings.rota.shifts[0].hours == ("22:00-06:00",)
    assert settings.rota.leave[0].last == date(2026, 3, 4)


def test_the_rota_may_be_a_file_of_its_own_beside_the_settings(tmp_path: Path) -> None:
    (tmp_path / "rota.toml").write_text('[[leave]]\nperson = "bob"\nfirst = 2026-03-02\nlast = 2026-03-03\n')
    path = written(tmp_path, 'rota_file = "rota.toml"\n[people.bob]\n')
    assert load(config=path, env={}).rota.leave[0].person == "bob"
    (tmp_path / "rota.toml").write_text('[[leave]]\nperson = "rob"\nfirst = 2026-03-02\nlast = 2026-03-03\n')
    with pytest.raises(SettingsError, match=r"rota\.toml:2: rota\.leave\[0\]\.person names 'rob'.*did you mean 'bob'"):
        load(config=path, env={})


# -- types ----------------------------------------------------------------------------------------------------------


def test_every_type_is_read_from_toml(tmp_path: Path) -> None:
    text = """
    [plugins.demo]
    text = "a"
    whole = 2
    number = 3
    truth = true
    wait = "1h30m"
    names = ["a", "b"]
    numbers = [1, 2, 2]
    mood = "cross"
    api = "2"
    folder = "rules"
    words = { Highest = "P1" }
    fields = { customfield_1 = { value = "x" }, n = 1 }
    inner = { zone = "Europe/Berlin" }
    calendars.office = { zone = "Asia/Tokyo", size = 3 }
    ladder = [{ at = "50%", notify = "manager" }, { at = "+24h", notify = ["a", "b"], wait = "1w" }]
    pair = [2, "b"]
    day = 2026-12-24
    opens = 09:00:00
    either = "x"
    """
    assert demo(tmp_path, text) == Demo(
        text="a",
        whole=2,
        number=3.0,
        truth=True,
        wait=timedelta(minutes=90),
        names=("a", "b"),
        numbers=frozenset({1, 2}),
        mood=Mood.CROSS,
        api="2",
        folder=tmp_path / "rules",
        words={"Highest": "P1"},
        fields={"customfield_1": {"value": "x"}, "n": 1},
        inner=Inner(zone="Europe/Berlin"),
        calendars={"office": Inner(zone="Asia/Tokyo", size=3)},
        ladder=(
            Rung(at="50%", notify=("manager",)),
            Rung(at="+24h", notify=("a", "b"), wait=timedelta(weeks=1)),
        ),
        pair=(2, "b"),
        day=date(2026, 12, 24),
        opens=time(9),
        either="x",
    )


def test_every_type_is_read_from_the_environment(tmp_path: Path) -> None:
    env = {
        "DEMO_TEXT": "a,b",
        "DEMO_WHOLE": "2",
        "DEMO_NUMBER": "2.5",
        "DEMO_TRUTH": "Yes",
        "DEMO_WAIT": "90s",
        "DEMO_TOKEN": CANARY,
        "DEMO_NAMES": "a, b,,c",
        "DEMO_NUMBERS": "1,2",
        "DEMO_MOOD": "cross",
        "DEMO_FOLDER": "rules",
        "DEMO_INNER_SIZE": "4",
    }
    assert demo(tmp_path, env=env) == Demo(
        text="a,b",
        whole=2,
        number=2.5,
        truth=True,
        wait=timedelta(seconds=90),
        token=Secret(CANARY),
        names=("a", "b", "c"),
        numbers=frozenset({1, 2}),
        mood=Mood.CROSS,
        folder=Path("rules"),
        inner=Inner(size=4),
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("text = 1", "a text, not 1"),
        ("whole = 1.5", "a whole number, not 1.5"),
        ("whole = true", "a whole number, not True"),
        ('whole = "2"', "a whole number, not '2'"),
        ("number = nan", "a number, not nan"),
        ("number = true", "a number, not True"),
        ('truth = "yes"', "true or false, not 'yes'"),
        ("wait = 10", 'a duration such as "90s", "4h" or "1w", not 10'),
        ('wait = "10 parsecs"', 'a duration such as "90s", "4h" or "1w", not \'10 parsecs\''),
        ("names = 1", 'a list such as ["a", "b"], not 1'),
        ('mood = "sad"', "one of Calm, Cross, not 'sad'"),
        ('api = "4"', "one of 2, 3, not '4'"),
        ("words = 1", "a table such as { name = … }, not 1"),
        ("pair = [1]", "a list of 2, not a list"),
        ('day = "soon"', "a date such as 2026-12-24, not 'soon'"),
        ('inner = "x"', "a table such as [plugins.demo.inner], not 'x'"),
    ],
)
def test_a_wrong_type_names_place_key_and_the_expected_form(tmp_path: Path, text: str, expected: str) -> None:
    key = text.split(maxsplit=1)[0]
    assert refusal(tmp_path, f"\n[plugins.demo]\n{text}") == f"soc.toml:3: plugins.demo.{key} must be {expected}"


def test_a_wrong_value_within_a_list_is_named_by_its_number(tmp_path: Path) -> None:
    text = '[plugins.demo]\nladder = [\n  { at = "50%" },\n  { at = "100%", wait = 3 },\n]'
    assert refusal(tmp_path, text).startswith("soc.toml:2: plugins.demo.ladder[1].wait must be a duration")


def test_tables_in_lists_are_named_by_their_own_lines(tmp_path: Path) -> None:
    text = '[[plugins.demo.ladder]]\nat = "50%"\n[[plugins.demo.ladder]]\nat = 7\n'
    assert refusal(tmp_path, text) == "soc.toml:4: plugins.demo.ladder[1].at must be a text, not 7"


def test_a_wrong_value_in_the_environment_names_the_variable(tmp_path: Path) -> None:
    assert refusal(tmp_path, "", {"DEMO_WHOLE": "two"}) == (
        "DEMO_WHOLE: plugins.demo.whole must be a whole number, not 'two'"
    )


def test_a_missing_value_is_named(tmp_path: Path) -> None:
    assert refusal(tmp_path, "[plugins.demo]\nladder = [{}]") == "soc.toml:2: plugins.demo.ladder[0] needs at"


def test_what_a_constructor_refuses_is_named_with_its_place(tmp_path: Path) -> None:
    path = written(tmp_path, "[priorities]\nfloors = [1, 2, 3, 4]\n")
    with pytest.raises(SettingsError, match=r"soc\.toml:2: priorities\.floors is wrong: floors are four severities"):
        load(config=path, env={})


def test_a_plugin_that_is_not_configured_may_say_so_itself() -> None:
    @attrs.frozen(kw_only=True)
    class Shy:
        name: str = ""

        def __attrs_post_init__(self) -> None:
            raise NotConfigured("SHY_NAME is missing")

    with pytest.raises(NotConfigured, match="SHY_NAME"):
        plugin_settings("shy", Shy, Settings(), {})


def test_a_class_that_cannot_be_read_is_the_fault_of_the_plugin() -> None:
    class Plain:
        pass

    @attrs.frozen(kw_only=True)
    class Strange:
        what: complex = 1j

    with pytest.raises(PluginError, match="attrs class"):
        plugin_settings("plain", Plain, Settings(), {})
    with pytest.raises(PluginError, match="complex"):
        plugin_settings("strange", Strange, Settings(tables={"strange": {"what": 1}}), {})


# -- unknown keys ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('stroe = "x"', "soc.toml:1: stroe is unknown: did you mean 'store'?"),
        ("[grouping]\nreopen = '1h'", "soc.toml:2: grouping.reopen is unknown"),
        ("[sla]\nx = 1", "soc.toml:1: sla is unknown: settings of a plugin stand in [plugins.sla]"),
        ("[trigers]\nx = 1", "soc.toml:1: trigers is unknown: did you mean 'triggers'?"),
        ("[groupnig]\nx = 1", "soc.toml:1: groupnig is unknown: did you mean 'grouping'?"),
        ("[plugins]\nordr = []", "soc.toml:2: plugins.ordr is unknown: did you mean 'order'?"),
        ("[plugins.demo]\n\nwaits = 1", "soc.toml:3: plugins.demo.waits is unknown: did you mean 'wait'?"),
        ("[plugins.demo]\ninner = { zon = 1 }", "soc.toml:2: plugins.demo.inner.zon is unknown: did you mean 'zone'?"),
        ('[plugins.demo]\n"inner".zon = 1', "soc.toml:2: plugins.demo.inner.zon is unknown: did you mean 'zone'?"),
        ("[people.bob]\nmail = 'x'", "soc.toml:2: people.bob.mail is unknown: did you mean 'email'?"),
        ("[people.alice]\n[people.bob]\ndeputy = 'alcie'", "soc.toml:3: people.bob.deputy names 'alcie'"),
        (
            "[people.bob]\n[teams.x]\nmembers = ['rob']",
            "soc.toml:3: teams.x.members names 'rob', who is not in [people]",
        ),
        ("tables = {}", "soc.toml:1: tables is unknown"),
    ],
)
def test_an_unknown_name_is_an_error_with_place_and_suggestion(tmp_path: Path, text: str, message: str) -> None:
    assert refusal(tmp_path, text).startswith(message)


def test_an_unknown_name_on_the_command_line_is_an_error_too() -> None:
    with pytest.raises(SettingsError, match=r"command line: delivery\.wokers is unknown: did you mean 'workers'"):
        load(config=None, env={}, overrides={"delivery.wokers": 1})


def test_the_table_of_a_plugin_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    path = written(tmp_path, "[plugins.jria]\ntimeout = '1s'")
    settings = load(config=path, env={})
    with pytest.raises(
        SettingsError, match=r"soc\.toml:1: plugins\.jria is of no installed plugin: did you mean 'jira'"
    ):
        check_tables(settings, ["jira", "slack"])
    check_tables(settings, ["jira", "jria"])
    check_tables(load(config=path, env={}, overrides={"plugins.disable": ["jria"]}), ["jira"])


def test_triggers_cannot_be_written_twice(tmp_path: Path) -> None:
    text = "[triggers]\nticket_from = 9\n[plugins.triggers]\nticket_from = 8\n"
    assert refusal(tmp_path, text).startswith("soc.toml:1: [triggers] and [plugins.triggers] are the same table")


# -- files that are broken ------------------------------------------------------------------------------------------


def test_broken_toml_names_the_line(tmp_path: Path) -> None:
    assert refusal(tmp_path, 'store = "x"\nx = = 1').startswith("soc.toml:2: this is no TOML")


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"absent\.toml cannot be read: No such file"):
        load(config=tmp_path / "absent.toml", env={})
    with pytest.raises(SettingsError, match="cannot be read"):
        load(config=tmp_path, env={})
    (tmp_path / "soc.toml").write_bytes(b"store = '\xff'")
    with pytest.raises(SettingsError, match="no UTF-8 text"):
        load(config=tmp_path / "soc.toml", env={})


# -- secrets --------------------------------------------------------------------------------------------------------


def test_a_secret_may_come_from_a_file_or_a_named_variable(tmp_path: Path) -> None:
    (tmp_path / "token").write_text(f"{CANARY}\n")
    assert demo(tmp_path, '[plugins.demo]\ntoken = { file = "token" }').token == Secret(CANARY)
    assert demo(tmp_path, '[plugins.demo]\ntoken = { env = "MINE" }', {"MINE": CANARY}).token == Secret(CANARY)


@pytest.mark.parametrize(
    ("value", "says"),
    [
        (f'"{CANARY}"', "write { file"),
        ('{ file = "absent" }', "absent, which cannot be read: No such file"),
        ('{ env = "ABSENT" }', "ABSENT is not set"),
        (f'{{ value = "{CANARY}" }}', "write { file"),
        ("7", "write { file"),
    ],
)
def test_a_secret_in_the_file_itself_is_refused_and_not_shown(tmp_path: Path, value: str, says: str) -> None:
    message = refusal(tmp_path, f"[plugins.demo]\ntoken = {value}")
    assert message.startswith("soc.toml:2: plugins.demo.token is")
    assert says in message
    assert CANARY not in message


def test_no_secret_shows_in_settings_origins_or_reprs(tmp_path: Path) -> None:
    env = {"DEMO_TOKEN": CANARY, "SOC_STORE": f"postgresql+psycopg://soc:{CANARY}@db/soc"}
    settings = load(config=written(tmp_path, ""), env=env)
    told = [repr(settings), repr(plugin_settings("demo", Demo, settings, env))]
    told += [str(row) for row in origins(settings, {"demo": Demo}, env)]
    assert CANARY not in "".join(told)
    assert secrets_of(plugin_settings("demo", Demo, settings, env)) == (Secret(CANARY),)


# -- lists ----------------------------------------------------------------------------------------------------------


def test_origins_tell_where_each_value_comes_from(tmp_path: Path) -> None:
    path = written(tmp_path, "[storm]\nlimit = 7\n[plugins.demo]\nwait = '2m'\ninner = { zone = 'X' }\n[people.bob]\n")
    env = {"DEMO_TOKEN": CANARY, "SOC_STORE": "sqlite://"}
    settings = load(config=path, env=env, overrides={"delivery": {"workers": 2}})
    rows = {
        row.key: (row.value, row.where.removeprefix(f"{tmp_path}/")) for row in origins(settings, {"demo": Demo}, env)
    }
    assert rows["storm.limit"] == ("7", "soc.toml:2")
    assert rows["plugins.demo.wait"] == ("2m", "soc.toml:4")
    assert rows["plugins.demo.inner.zone"] == ("X", "soc.toml:5")
    assert rows["plugins.demo.token"] == ("***", "DEMO_TOKEN")
    assert rows["plugins.demo.text"] == ("", "default")
    assert rows["store"] == ("sqlite://", "SOC_STORE")
    assert rows["delivery.workers"] == ("2", "command line")
    assert rows["delivery.lease"] == ("1m", "default")
    assert rows["people.bob.roles"] == ('["analyst"]', "default")
    assert rows["plugins.on_broken"] == ("refuse", "default")


def test_a_class_describes_itself_for_reference_pages() -> None:
    rows = {row.key: row for row in describe(Demo, "plugins.demo")}
    wait = rows["plugins.demo.wait"]
    assert (wait.kind, wait.default, wait.help, wait.env) == ("duration", "1s", "A wait", "DEMO_WAIT")
    assert rows["plugins.demo.token"].secret
    assert rows["plugins.demo.inner.size"].env == "DEMO_INNER_SIZE"
    names = [row.env for row in environment_names({"demo": Demo})]
    assert names[:2] == ["SOC_CONFIG", "SOC_STORE"]
    assert names.index("DEMO_TEXT") > max(number for number, name in enumerate(names) if str(name).startswith("SOC_"))


def test_every_setting_of_the_house_has_help() -> None:
    tables = ("people", "teams", "rota")
    assert [row.key for row in describe(Settings) if not row.help and not row.key.startswith(tables)] == []


# -- the examples in the repository ---------------------------------------------------------------------------------


def settings_classes() -> dict[str, type]:
    found = {}
    for entry in importlib.metadata.entry_points(group="soc_core.plugins"):
        declared = getattr(entry.load(), "Settings", None)
        if declared is not None:
            found[entry.name] = declared
    return found


def test_the_example_of_the_environment_names_what_the_code_knows() -> None:
    classes = settings_classes()
    if not {"jira", "slack"} <= set(classes):
        pytest.skip("the plugins jira and slack are not installed")
    names = re.findall(r"^#?([A-Z][A-Z0-9_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE)
    chosen = {name: cls for name, cls in classes.items() if name in ("jira", "slack")}
    assert set(names) == {row.env for row in environment_names(chosen)}


def test_the_example_of_the_environment_can_be_filled_in(tmp_path: Path) -> None:
    text = (ROOT / ".env.example").read_text()
    assert read_dotenv(written(tmp_path, text)) == {}
    filled = read_dotenv(written(tmp_path, re.sub(r"^#([A-Z])", r"\1", text, flags=re.MULTILINE)))
    assert filled["SLACK_SECURITY_CHANNEL"] == "#soc-security"
    assert filled["JIRA_API_TOKEN"] == ""
    settings = load(config=None, env=filled)
    for name, cls in settings_classes().items():
        plugin_settings(name, cls, settings, filled)


@pytest.mark.parametrize("uncommented", [False, True])
def test_the_example_of_settings_is_valid_as_it_is_and_uncommented(tmp_path: Path, uncommented: bool) -> None:
    text = (ROOT / "soc.example.toml").read_text()
    if uncommented:
        text = re.sub(r"^#(?=\[|[a-z_]+ = )", "", text, flags=re.MULTILINE)
    settings = load(config=written(tmp_path, text), env={})
    for name, cls in settings_classes().items():
        plugin_settings(name, cls, settings, {})
    assert bool(settings.people) is uncommented


# -- .env -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("NAME=plain", "plain"),
        ("export NAME=plain", "plain"),
        ("  NAME = spaced value  ", "spaced value"),
        ("NAME=value # comment", "value"),
        ("NAME=#channel", "#channel"),
        ("NAME=a#b", "a#b"),
        ("NAME= # nothing", ""),
        ("NAME=", ""),
        ("NAME='single # $HOME \\n'", "single # $HOME \\n"),
        ('NAME="double \\"quoted\\" \\\\ \\n end" # comment', 'double "quoted" \\ \n end'),
        ("NAME=it's", "it's"),
        ("NAME=a=b==", "a=b=="),
        ("NAME=${OTHER}", "${OTHER}"),
    ],
)
def test_dotenv_lines_are_read_as_people_write_them(tmp_path: Path, line: str, value: str) -> None:
    path = tmp_path / ".env"
    path.write_text(f"\ufeff# head\n\n{line}\r\nLAST=1\n", encoding="utf-8")
    assert read_dotenv(path) == {"NAME": value, "LAST": "1"}


@pytest.mark.parametrize("line", [f"{CANARY}", f'NAME="{CANARY}', f"NAME='{CANARY}' more", f"1NAME={CANARY}"])
def test_a_dotenv_line_that_cannot_be_understood_is_named_and_not_shown(tmp_path: Path, line: str) -> None:
    path = tmp_path / ".env"
    path.write_text(f"A=1\n{line}\n")
    with pytest.raises(SettingsError, match=r"\.env:2: ") as caught:
        read_dotenv(path)
    assert CANARY not in str(caught.value)


def test_without_a_dotenv_file_there_is_nothing(tmp_path: Path) -> None:
    assert read_dotenv(tmp_path / ".env") == {}


# -- addresses ------------------------------------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class WithAddress:
    project_key: str
    server_url: str | None = attrs.field(default=None, converter=attrs.converters.optional(checked_url))


@pytest.mark.parametrize(
    ("url", "checked"),
    [
        ("https://jira.example.org/", "https://jira.example.org"),
        (" https://example.org/jira ", "https://example.org/jira"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("http://127.9.9.9", "http://127.9.9.9"),
        ("http://[::1]:80/x", "http://[::1]:80/x"),
        ("http://localhost:1", "http://localhost:1"),
    ],
)
def test_an_address_that_may_be_called_is_cleaned(url: str, checked: str) -> None:
    assert checked_url(url) == checked


@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.org",
        "http://example.org",
        "http://10.0.0.1",
        "http://localhost.example.org",
        "ftp://example.org",
        "file:///etc/passwd",
        "https://",
        f"https://bob:{CANARY}@example.org",
        f"http://[{CANARY}",
        f"https://example.org:{CANARY}",
    ],
)
def test_other_addresses_are_refused_and_not_shown(url: str) -> None:
    with pytest.raises(SettingsError) as caught:
        checked_url(url)
    assert CANARY not in str(caught.value)


def test_an_address_that_is_refused_is_named_among_others(tmp_path: Path) -> None:
    file = tmp_path / "soc.toml"
    file.write_text('[plugins.jira]\nproject_key = "SEC"\nserver_url = "ftp://x"\n')
    with pytest.raises(SettingsError, match=r"soc.toml:3: plugins.jira.server_url is wrong: an address begins with"):
        plugin_settings("jira", WithAddress, load(config=file, env={}), {})


def test_importing_the_settings_stays_light() -> None:
    code = "import sys, soc_core.settings, soc_core.logs, soc_core.clock; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"cattrs", "structlog", "sqlalchemy", "re2", "click"} & set(loaded)
