"""The rules classifier on single events: who wins, what is counted, what is stated, which rules are in force."""

import json
import tracemalloc
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from soc_core import Event, Finding, SettingsError
from soc_core.builtin.response import read_response_table
from soc_core.builtin.rule_commands import rules_group
from soc_core.builtin.rule_examples import test_rules
from soc_core.builtin.rule_language import read_rules
from soc_core.builtin.rules import HERE, Classifier, Rules

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def event(message: str, source: str = "app", **known: object) -> Event:
    return Event(source=source, message=message, received=NOW, **known)  # type: ignore[arg-type]


def rule(identity: str, severity: float, body: str, label: str = "Error") -> str:
    return f'[[rule]]\nid = "{identity}"\ntitle = "T"\nlabel = "{label}"\nseverity = {severity}\n{body}\n'


@pytest.fixture
def classify() -> Callable[..., Finding | None]:
    def run(text: str, *args: object, **known: object) -> Finding | None:
        classifier = Classifier(read_rules(text, "f"), read_response_table(HERE / "actions.toml"))
        [found] = classifier.classify([event(*args, **known)])  # type: ignore[arg-type]
        return found

    return run


def test_the_strongest_rule_speaks_by_severity_then_confidence_then_id(classify: Callable[..., Finding | None]) -> None:
    low, high = rule("a-low", 4, 'words = "x"'), rule("z-high", 7, 'words = "x"')
    sure = rule("m-sure", 7, 'words = "x"\nconfidence = 0.95')
    twin = rule("b-sure", 7, 'words = "x"\nconfidence = 0.95')
    for text, winner in ((low + high, "z-high"), (low + high + sure, "m-sure"), (sure + twin + low, "b-sure")):
        found = classify(text, "x")
        assert found is not None
        assert found.rule == winner


def test_a_rule_speaks_of_its_sources_only(classify: Callable[..., Finding | None]) -> None:
    text = rule("r", 7, 'words = "x"\nsource = ["sshd*", "*.auth"]')
    assert classify(text, "x", "SSHD-session") is not None
    assert classify(text, "x", "web.auth") is not None
    assert classify(text, "x", "nginx") is None


def test_sources_are_not_kept_however_many_and_long_they_are() -> None:
    pack = Rules()

    def classify(number: int) -> None:
        pack.classify_event(event("nothing to see", f"{number}"))
        pack.classify_event(event("nothing to see", f"{number}" * 2_000))

    classify(0)
    tracemalloc.start()
    try:
        for number in range(1000, 1500):
            classify(number)
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept < 1_500_000


def test_all_keys_must_hold_and_unless_must_not(classify: Callable[..., Finding | None]) -> None:
    text = rule(
        "r",
        7,
        'words = ["one", "two"]\nevery = ["red", "blue"]\nregex = [\'n\\d+\']\n'
        'any = [{ words = "up" }, { where = { way = "down" } }]\nunless = [{ words = "but" }]',
    )
    good = "two red blue n5 up"
    assert classify(text, good) is not None
    assert classify(text, "one red blue n5", fields={"way": "Down"}) is not None
    for bad in ("two red n5 up", "two red blue up", "red blue n5 up", "two red blue n5", good + " but"):
        assert classify(text, bad) is None, bad


def test_a_count_is_asked_for_and_the_line_alone_is_worth_its_own_severity(
    classify: Callable[..., Finding | None],
) -> None:
    text = rule(
        "r",
        4,
        'words = "x"\n[rule.threshold]\ncount = 5\nwithin = "1m"\nby = ["ip", "user"]\n'
        'severity = 9\nlabel = "Security Alert"',
    )
    found = classify(text, "x", ip="10.0.0.1", user="a|b")
    assert found is not None
    assert (found.severity, found.label) == (4, "Error")
    (count,) = found.thresholds
    assert (count.rule, count.count, count.within) == ("r", 5, timedelta(minutes=1))
    assert (count.severity, count.label, count.key) == (9, "Security Alert", "10.0.0.1|a_b")
    assert "5 or more within 1m" in count.reason
    assert count.actions


def test_without_a_severity_of_its_own_the_count_yields_the_rules_and_the_line_nothing(
    classify: Callable[..., Finding | None],
) -> None:
    pure = rule("pure", 9, 'words = "x"\nthreshold = { count = 5, within = "1m", by = ["ip"] }', "Security Alert")
    alone = classify(pure, "x", ip="10.0.0.1")
    assert alone is not None
    assert alone.severity == 1
    assert alone.thresholds[0].severity == 9
    beside = classify(pure + rule("other", 3, 'words = "x"'), "x", ip="10.0.0.1")
    assert beside is not None
    assert (beside.rule, beside.severity, len(beside.thresholds)) == ("other", 3, 1)


def test_an_event_without_the_values_it_is_counted_by_is_not_counted(classify: Callable[..., Finding | None]) -> None:
    text = rule("r", 4, 'words = "x"\nthreshold = { count = 5, within = "1m", by = ["ip", "site.name"], severity = 9 }')
    none = classify(text, "x")
    assert none is not None
    assert none.thresholds == ()
    one = classify(text, "x", fields={"site": {"name": "berlin"}})
    assert one is not None
    assert one.thresholds[0].key == "-|berlin"


@pytest.mark.parametrize(("stated", "severity"), [(None, 6), (1, 3), (5, 5), (10, 8)])
def test_a_stated_severity_counts_within_the_rules_bounds(
    classify: Callable[..., Finding | None], stated: float | None, severity: float
) -> None:
    found = classify(rule("r", 6, 'words = "x"\nstated = { at_least = 3, at_most = 8 }'), "x", severity=stated)
    assert found is not None
    assert found.severity == severity


def test_a_rules_own_severity_raises_or_lowers_what_the_event_states(classify: Callable[..., Finding | None]) -> None:
    for own, stated in ((2, 7), (8, 1)):
        found = classify(rule("r", own, 'words = "x"'), "x", severity=stated)
        assert found is not None
        assert found.severity == own


def test_escapes_of_json_do_not_hide_words(classify: Callable[..., Finding | None]) -> None:
    assert classify(rule("r", 7, 'words = "mimikatz"'), r'{"c": "mi\u006di\u006Batz"}') is not None


def test_actions_come_from_the_rule_or_else_from_the_table(classify: Callable[..., Finding | None]) -> None:
    own = classify(rule("r", 9, 'words = "x"\nactions = ["Do this."]', "Security Alert"), "x")
    table = classify(rule("r", 9, 'words = "x"', "Security Alert"), "x")
    milder = classify(rule("r", 7, 'words = "x"', "Security Alert"), "x")
    other = classify(rule("r", 7, 'words = "x"', "Anything"), "x")
    assert own is not None
    assert table is not None
    assert milder is not None
    assert other is not None
    assert own.actions == ("Do this.",)
    assert len({table.actions, milder.actions, other.actions}) == 3
    assert all((table.actions, milder.actions, other.actions))


def test_a_team_adds_rules_and_switches_some_off(tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text(rule("vault-sealed", 9, 'words = "vault sealed"', "Security Alert"))
    rules = Rules(Rules.Settings(paths=(tmp_path,), disable=("sshd-failed-login", "login-failed-in-words")))
    found = rules.classify_event(event("vault sealed by operator"))
    assert found is not None
    assert (found.rule, found.severity) == ("vault-sealed", 9)
    ssh = rules.classify_event(event("Failed password for root from 203.0.113.7 port 22 ssh2", "sshd"))
    assert ssh is None or ssh.rule != "sshd-failed-login"


def test_a_rule_of_a_teams_own_takes_the_place_of_the_shipped_one_with_its_id(tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text(rule("vault-sealed", 9, 'words = "the safe is shut"', "Security Alert"))
    rules = Rules(Rules.Settings(paths=(tmp_path,)))
    assert [one.title for one in rules.rules if one.id == "vault-sealed"] != [
        one.title for one in Rules().rules if one.id == "vault-sealed"
    ]
    found = rules.classify_event(event("the safe is shut"))
    assert found is not None
    assert (found.rule, found.severity) == ("vault-sealed", 9)


def test_the_reason_names_what_decided_and_not_what_must_be_absent(classify: Callable[..., Finding | None]) -> None:
    body = """where = { code = { not = { gt = 0 } }, org = "acme" }
any = [{ where = { op = ["log.stop", "log.drop"] } }, { words = "audit is off" }]"""
    by_field = classify(rule("r", 8, body), "m", fields={"op": "log.stop", "org": "acme", "code": 0})
    by_words = classify(rule("r", 8, body), "audit is off", fields={"org": "acme"})
    assert by_field is not None
    assert by_words is not None
    assert by_field.reason == "T (rule r: org = acme; op = log.stop)"
    assert by_words.reason == "T (rule r: org = acme)"


def test_a_rule_that_does_not_exist_cannot_be_switched_off() -> None:
    with pytest.raises(SettingsError, match="no rule 'sshd-failed-logn', did you mean 'sshd-failed-login'"):
        Rules(Rules.Settings(disable=("sshd-failed-logn",)))


def test_a_team_brings_its_own_table_of_actions(tmp_path: Path) -> None:
    table = tmp_path / "actions.toml"
    table.write_text('[[response]]\nlabel = "*"\nsteps = ["Call Anna."]\n')
    found = Rules(Rules.Settings(actions=table)).classify_event(event("Kernel panic - not syncing", "kernel"))
    assert found is not None
    assert found.actions == ("Call Anna.",)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("x", "cannot be read"),
        ("[[answer]]", "consists of"),
        ('[[response]]\nlabel = "*"\nsteps = []', "list of sentences"),
        ('[[response]]\nlabel = 3\nsteps = ["x"]', "`label` is a text"),
        ('[[response]]\nlabel = "*"\nstep = ["x"]', "nothing else"),
    ],
)
def test_a_table_of_actions_that_is_not_understood_is_refused(tmp_path: Path, text: str, complaint: str) -> None:
    table = tmp_path / "actions.toml"
    table.write_text(text)
    with pytest.raises(SettingsError, match=complaint):
        read_response_table(table)


def test_examples_that_do_not_hold_are_named() -> None:
    text = rule(
        "r",
        7,
        'words = "x"\nexample = [{ line = "x" }, { line = "y" }, { line = "x", match = false },'
        '{ line = "x", severity = 3 }, { line = "x", label = "L" }]',
    )
    results = test_rules(read_rules(text, "f"))
    assert [bool(result.problem) for result in results] == [False, True, True, True, True]
    assert "should match and does not" in results[1].problem
    assert "should not match" in results[2].problem
    assert "should be 3 and is 7" in results[3].problem
    assert "'L'" in results[4].problem


def test_the_commands_list_rules_and_try_their_examples() -> None:
    good = read_rules(rule("r", 7, 'words = "x"\nexample = [{ line = "x" }]'), "f")
    bad = read_rules(rule("r", 7, 'words = "x"\nexample = [{ line = "y" }]'), "f")
    listed = CliRunner().invoke(rules_group(good), ["list", "--json"])
    document = json.loads(listed.output)
    assert (document["schema"], document["rules"][0]["id"]) == (1, "r")
    both = (*good, *read_rules(rule("door-forced", 7, 'words = "y"'), "rules/doors.toml"))
    some = json.loads(CliRunner().invoke(rules_group(both), ["list", "--json", "FORCED", "doors"]).output)
    assert [one["id"] for one in some["rules"]] == ["door-forced"]
    none = CliRunner().invoke(rules_group(both), ["list", "gate"])
    assert "No rule has 'gate' in its id, title or file." in none.output
    passed = CliRunner().invoke(rules_group(good), ["test", "--json"])
    assert (passed.exit_code, json.loads(passed.output)) == (0, {"schema": 1, "examples": 1, "failed": []})
    failed = CliRunner().invoke(rules_group(bad), ["test", "--json"])
    assert failed.exit_code == 1
    assert json.loads(failed.output)["failed"][0]["rule"] == "r"
