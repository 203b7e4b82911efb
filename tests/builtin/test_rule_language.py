"""Rule files: what they may say, and the sentence for what they may not."""

from datetime import timedelta
from pathlib import Path

import pytest

from soc_core import SettingsError
from soc_core.builtin.rule_language import read_rule_files, read_rules

RULE = """
[[rule]]
id = "r1"
title = "Something happened"
label = "Security Alert"
severity = 6.5
"""


def test_a_rule_says_everything_about_itself() -> None:
    (rule,) = read_rules(
        RULE
        + """
confidence = 0.9
source = ["sshd", "auth*"]
words = ["bad thing"]
where = { status = { gt = 3 } }
threshold = { count = 10, within = "2m", by = ["ip", "user"], severity = 9, label = "Critical Error" }
actions = ["Look.", "Act."]
attack = ["T1110"]
references = ["CVE-1"]
example = [{ line = "bad thing", match = false }]
""",
        "mine.toml",
    )
    assert (rule.id, rule.severity, rule.confidence, rule.security) == ("r1", 6.5, 0.9, True)
    assert rule.threshold is not None
    assert rule.threshold.within == timedelta(minutes=2)
    assert (rule.threshold.count, rule.threshold.by, rule.threshold.severity) == (10, ("ip", "user"), 9.0)
    assert rule.threshold.label == "Critical Error"
    assert rule.threshold.own
    assert rule.actions == ("Look.", "Act.")
    assert rule.attack == ("T1110",)
    assert "status" in rule.reason
    assert "r1" in rule.reason


def test_a_threshold_without_a_severity_takes_the_rules_own() -> None:
    (rule,) = read_rules(RULE + 'words = "x"\nthreshold = { count = 3, within = "90s" }', "f")
    assert rule.threshold is not None
    assert not rule.threshold.own
    assert rule.threshold.severity == 6.5
    assert rule.threshold.by == ("source",)


def test_a_label_without_the_word_security_is_no_security_unless_it_says_so() -> None:
    plain = RULE.replace("Security Alert", "User Action") + 'words = "x"\n'
    assert not read_rules(plain, "f")[0].security
    assert read_rules(plain + "security = true", "f")[0].security


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (RULE + 'words = "x"\nseverty = 3', "f: rule 'r1': 'severty' is no key here, did you mean 'severity'"),
        (RULE + 'wrods = "x"', "did you mean 'words'"),
        (RULE + 'words = "x"\n[[rules]]\nid = "x"', "f: 'rules' is no key here, did you mean 'rule'"),
        (RULE + 'where = { a = { containz = "x" } }', "did you mean 'contains'"),
        (RULE + "regex = ['(a+)+']", "f: rule 'r1': `regex`: '(a+)+' repeats a repeat"),
        (RULE + 'where = { a = { regex = "(" } }', "f: rule 'r1': `where.a`: '(' is no regular expression"),
        (RULE, "asks for nothing"),
        (RULE + "words = []", "asks for nothing"),
        (RULE + "words = 3", "`words` is a text or a list of texts"),
        (RULE + 'any = [{}]\nwords = "x"', "an empty group"),
        (RULE + 'any = [{ wrods = "x" }]', "did you mean 'words'"),
        (RULE.replace("6.5", "11") + 'words = "x"', "`severity` is a number from 0 to 10, not 11"),
        (RULE.replace("6.5", "true") + 'words = "x"', "`severity` is a number"),
        (RULE.replace("6.5", "nan") + 'words = "x"', "`severity` is a number"),
        (RULE.replace('title = "Something happened"', "") + 'words = "x"', "`title` is missing"),
        (RULE.replace('"r1"', '"R 1"') + 'words = "x"', "f: rule 1: `id` is missing or not in lower-case"),
        (RULE + 'words = "x"\nthreshold = { count = 2, within = "2 min" }', "`within` is a duration such as"),
        (RULE + 'words = "x"\nthreshold = { count = 2.5, within = "2m" }', "`count` is a whole number"),
        (RULE + 'words = "x"\nthreshold = { count = 2, within = "2m", of = "ip" }', "'of' is no key here"),
        (RULE + 'words = "x"\nstated = { at_least = 9, at_most = 3 }', "above"),
        (RULE + 'words = "x"\nexample = [{ line = "x", event = { a = 1 } }]', "either `line` or `event`"),
        (RULE + 'words = "x"\nexample = [{ lines = "x" }]', "did you mean 'line'"),
        ('rule = "x"', "written as [[rule]]"),
        ("[[rule", "f: this is no TOML"),
    ],
)
def test_what_cannot_be_understood_is_told_with_file_rule_and_key(text: str, complaint: str) -> None:
    with pytest.raises(SettingsError) as told:
        read_rules(text, "f")
    assert complaint in str(told.value)


def test_files_of_a_folder_are_read_in_order_and_ids_are_unique(tmp_path: Path) -> None:
    (tmp_path / "b.toml").write_text(RULE.replace("r1", "r2") + 'words = "x"')
    (tmp_path / "a.toml").write_text(RULE + 'words = "x"')
    (tmp_path / "notes.txt").write_text("no rule")
    assert [rule.id for rule in read_rule_files([tmp_path])] == ["r1", "r2"]
    (tmp_path / "c.toml").write_text(RULE + 'words = "y"')
    with pytest.raises(SettingsError, match=r"c\.toml: rule 'r1': the id is taken by .*a\.toml"):
        read_rule_files([tmp_path])


def test_a_missing_folder_and_a_file_that_is_no_text_are_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="nowhere: there is no such"):
        read_rule_files([tmp_path / "nowhere"])
    (tmp_path / "x.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SettingsError, match=r"x\.toml: cannot be read"):
        read_rule_files([tmp_path])
