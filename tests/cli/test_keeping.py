"""`soc init`, `doctor`, `validate`, `plugins`, `settings` and `jobs`: setting up, looking after."""

import re
import sqlite3
from pathlib import Path

from soc_core.settings import load

JOBS_OF_A_DEAD_TRACKER = "UPDATE job SET state = 'dead', last_error = 'refused' WHERE kind = 'create_ticket'"


def kill_the_ticket_job() -> int:
    """Make a dead letter of the ticket's job, as a tracker that refuses would; answers its number."""
    with sqlite3.connect("soc.db") as store:
        store.execute(JOBS_OF_A_DEAD_TRACKER)
        return store.execute("SELECT id FROM job WHERE state = 'dead'").fetchone()[0]


def test_init_writes_an_installation_that_is_valid(soc, place, monkeypatch):
    found = soc("init", "new").document
    assert found["written"] == ["soc.toml", ".env.example", "rules/own.toml", ".gitignore"]
    monkeypatch.chdir("new")
    assert soc("validate").code == 0
    tested = soc("rules", "test").document
    assert (tested["failed"], tested["examples"] > 2) == ([], True)
    assert ".env" in Path(".gitignore").read_text().splitlines()


def test_init_keeps_what_is_there_unless_forced(soc, place):
    Path("soc.toml").write_text("# mine\n")
    assert soc("init").document["kept"] == ["soc.toml"]
    assert Path("soc.toml").read_text() == "# mine\n"
    assert soc("init", "--force").document["kept"] == []
    assert Path("soc.toml").read_text() != "# mine\n"


def test_what_init_comments_out_is_valid_as_well(soc, place):
    soc("init", "new")
    text = re.sub(r"(?m)^#(?=[\[a-z])", "", Path("new/soc.toml").read_text())
    Path("new/soc.toml").write_text(text)
    settings = load(config=Path("new/soc.toml"), env={})
    assert {person.name for person in settings.people} == {"ana", "bo"}
    assert soc("--config", "new/soc.toml", "plugins", "info", "triggers").code == 0


def test_the_example_environment_names_exist(soc, place):
    soc("init", "new")
    names = re.findall(r"(?m)^#([A-Z_]+)=", Path("new/.env.example").read_text())
    Path("soc.toml").write_text("")
    known = {row["name"] for row in soc("settings", "--env").document["environment"]}
    assert set(names) - known == set()


def test_init_into_a_place_that_cannot_be_made_is_told(soc, place):
    Path("taken").write_text("")
    result = soc("init", "taken/new")
    assert (result.code, "cannot be written" in result.err) == (3, True)


def test_a_healthy_installation_passes(filled):
    result = filled("doctor", "--offline")
    found = result.document
    assert (result.code, found["ok"]) == (0, True)
    graded = {check["name"]: check["result"] for check in found["checks"]}
    for name in ("Python", "Settings", "Clock", "Store", "Audit trail", "Deliveries", "Shelves", "Plugin rules"):
        assert graded[name] == "PASS", name
    assert graded["People"] == "WARN"
    assert all(check["cure"] for check in found["checks"] if check["result"] == "WARN")


def test_doctor_names_what_is_missing_for_jira_and_slack(soc, place):
    Path("soc.toml").write_text("")
    checks = {check["name"]: check for check in soc("doctor", "--offline").document["checks"]}
    for name, key in (("Plugin jira", "JIRA_SERVER_URL"), ("Plugin slack", "SLACK_BOT_TOKEN")):
        assert checks[name]["result"] == "WARN"
        assert key in checks[name]["text"] or checks[name]["text"] == "not installed"


def test_doctor_makes_no_store(soc, place):
    checks = {check["name"]: check for check in soc("doctor", "--offline").document["checks"]}
    assert "will be made" in checks["Store"]["text"]
    assert not (place / "soc.db").exists()


def test_doctor_ends_with_1_and_a_cure_where_something_fails(soc, place):
    Path("rules/test.toml").write_text("[[rule]\n")
    result = soc("doctor", "--offline")
    failed = [check["name"] for check in result.document["checks"] if check["result"] == "FAIL"]
    assert (result.code, failed) == (1, ["Plugin rules"])


def test_doctor_survives_wrong_settings_and_a_store_that_is_none(soc, place):
    Path("soc.toml").write_text("[groupin]\n")
    assert soc("doctor", "--offline").code == 1
    Path("soc.toml").write_text("")
    Path("soc.db").write_bytes(b"this is no database, whatever its name says" * 50)
    result = soc("doctor", "--offline")
    failed = [check["name"] for check in result.document["checks"] if check["result"] == "FAIL"]
    assert (result.code, failed) == (1, ["Store"])


def test_doctor_tells_dead_letters(filled):
    kill_the_ticket_job()
    checks = {check["name"]: check for check in filled("doctor", "--offline").document["checks"]}
    assert checks["Deliveries"]["result"] == "WARN"
    assert "refused" in checks["Deliveries"]["text"]


def test_people_read_cures(terminal):
    said = terminal("doctor", "--offline")
    assert "-> add [people.NAME] tables to soc.toml" in said
    assert "0 failed" in said


RUNG = '[plugins.escalation]\nladder = [{ at = "50%", notify = "manger" }]\n'


def test_valid_settings_are_valid_in_every_layer(soc):
    found = soc("validate").document
    assert found["ok"] is True
    assert [layer["layer"] for layer in found["layers"]] == [
        "Settings",
        "Plugins",
        "Tables of plugins",
        "People",
        "Ladder",
    ]


def test_validation_says_who_is_told_instead_of_a_role_that_nobody_has(soc):
    Path("soc.toml").write_text('[people.bo]\nroles = ["lead", "manager"]\n')
    (ladder,) = [row for row in soc("validate").document["layers"] if row["layer"] == "Ladder"]
    assert ladder == {
        "layer": "Ladder",
        "ok": True,
        "text": "3 rungs; nobody is tier2, executive: lead is told instead",
    }


def test_validation_stops_at_the_first_layer_that_is_wrong(soc, place):
    for text, layer, words in (
        ("[storm]\nlimt = 5\n", "Settings", "did you mean 'limit'?"),
        ("[plugins.rules]\npths = []\n", "Plugins", "did you mean 'paths'?"),
        ("[plugins.rulse]\npack = true\n", "Tables of plugins", "did you mean 'rules'?"),
        ('[people.bo]\n[[rota.shifts]]\npeople = ["bob"]\nhours = "Mon"\n', "Settings", "did you mean 'bo'?"),
        ('[people.bo]\nroles = ["manager"]\n' + RUNG, "Ladder", "a rung tells 'manger', whom nobody is"),
    ):
        Path("soc.toml").write_text(text)
        result = soc("validate")
        wrong = [row for row in result.document["layers"] if not row["ok"]]
        assert (result.code, [row["layer"] for row in wrong]) == (2, [layer])
        assert words in wrong[0]["text"]


def test_plugins_are_listed_with_state_and_hooks(soc):
    found = {plugin["name"]: plugin for plugin in soc("plugins").document["plugins"]}
    assert (found["rules"]["state"], found["rules"]["distribution"]) == ("active", "soc-core")
    assert "classify_event" in found["rules"]["hooks"]
    assert found["jira"]["state"] == "disabled"


def test_plugins_that_are_asked_about_every_event_stand_out(soc):
    found = {plugin["name"]: plugin["patterns"] for plugin in soc("plugins").document["plugins"]}
    assert (found["rules"], found["triggers"]) == (True, None)


def test_a_file_in_the_folder_of_plugins_is_at_work(soc, place):
    folder = place / "own"
    folder.mkdir(mode=0o755)
    (folder / "doors.py").write_text(
        "from soc_core import Finding, hookimpl\nHOOK_API_VERSION = 2\n\n@hookimpl\ndef classify_event(event):\n"
        "    return Finding(event=event, label='Security Alert', severity=9, rule='doors')\n"
    )
    (folder / "doors.py").chmod(0o644)
    shown = soc("--plugins-dir", "own", "plugins", "info", "doors").document["plugin"]
    assert (shown["state"], shown["patterns"], shown["entry_point"]) == ("active", False, str(folder / "doors.py"))
    assert "upgrade soc-core" in shown["warning"]
    [doctor] = [
        row for row in soc("--plugins-dir", "own", "doctor", "--offline").document["checks"] if "doors" in row["name"]
    ]
    assert (doctor["result"], doctor["cure"]) == ("WARN", shown["warning"])
    answer = soc("--plugins-dir", "own", "classify", "-", stdin='{"id": "1", "source": "gate", "message": "hello"}')
    assert [row["rule"] for row in answer.rows] == ["doors"]


def test_the_environment_says_which_installed_plugins_are_used(soc, monkeypatch):
    monkeypatch.setenv("SOC_PLUGINS", "sla")
    found = {plugin["name"]: plugin["state"] for plugin in soc("plugins").document["plugins"]}
    assert (found["sla"], found["escalation"], found["rules"]) == ("active", "disabled", "active")


def test_a_plugins_settings_are_described(soc):
    keys = [row["key"] for row in soc("plugins", "info", "triggers").document["plugin"]["settings"]]
    assert keys == ["ticket_from", "word_ticket_from", "words", "alert_from"]
    result = soc("plugins", "info", "trigers")
    assert (result.code, "did you mean 'triggers'?" in result.err) == (2, True)


def test_settings_tell_where_each_value_was_written(soc, place):
    Path("soc.toml").write_text("[storm]\nlimit = 7\n")
    found = {row["key"]: row for row in soc("settings", "--origin").document["settings"]}
    assert (found["storm.limit"]["value"], found["storm.limit"]["origin"]) == ("7", "soc.toml:2")
    assert "store" not in found


def test_a_dead_letter_is_listed_retried_and_delivered(filled):
    filled("incident", "create-ticket", "2", "--no-deliver")
    number = kill_the_ticket_job()
    listed = filled("jobs", "list").document["jobs"]
    assert ("dead", "refused") in {(job["state"], job["last_error"]) for job in listed}
    assert number in filled("jobs", "retry", "--all").document["retried"]
    filled("run", "-")
    assert filled("incident", "show", "2").document["incident"]["ticket"]["key"] == "LOCAL-2"


def test_a_dead_letter_can_be_discarded(filled):
    number = kill_the_ticket_job()
    assert filled("jobs", "discard", str(number)).document["discarded"] == [number]
    assert "dead" not in {job["state"] for job in filled("jobs", "list", "--all").document["jobs"]}
    entries = filled("audit", "show").document["entries"]
    assert entries[-1]["what"] == "job.discarded"
    assert filled("audit", "verify").code == 0


def test_a_job_that_is_no_dead_letter_is_told(filled):
    result = filled("jobs", "retry", "4711")
    assert (result.code, result.document["unknown"]) == (1, [4711])
    assert filled("jobs", "retry").code == 2
