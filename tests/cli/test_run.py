"""`soc run`: what is read, what comes of it, and how it ends."""

import gzip
import json
import os
import signal
import threading
import time
from pathlib import Path

import pytest

BREAK_IN = '{{"id": "{0}", "source": "door{0}", "message": "somebody broke in"}}\n'


def test_a_run_says_what_came_of_the_log_in_one_document(soc):
    result = soc("run", "house.log", "--json")
    found = result.document
    assert result.code == 0
    seconds = found.pop("seconds")
    pending = found.pop("pending")
    assert isinstance(seconds, float)
    assert isinstance(pending, int)
    assert found == {
        "schema": 1,
        "read": 3,
        "processed": 3,
        "repeated": 0,
        "quarantined": 0,
        "held": 0,
        "incidents_opened": 2,
        "joined": 0,
        "alerts": 1,
        "tickets": [
            {
                "key": "LOCAL-1",
                "url": None,
                "summary": "[CRITICAL] Security Alert - door (Severity 9)",
                "priority": "Highest",
            }
        ],
    }


def test_events_that_no_plugin_can_judge_are_held_and_told(soc, place):
    (place / "own").mkdir(mode=0o755)
    plugin = place / "own" / "broken.py"
    plugin.write_text(
        "from soc_core import hookimpl\n\n@hookimpl\ndef classify_event(event):\n    return event.model\n"
    )
    plugin.chmod(0o644)
    (place / "soc.toml").write_text('[plugins]\ndisable = ["jira", "slack", "rules"]\n')
    found = soc("--plugins-dir", "own", "run", "house.log", "--json").document
    assert (found["processed"], found["held"], found["incidents_opened"]) == (3, 3, 0)


def test_the_format_that_was_chosen_is_told_on_standard_error(soc):
    assert "house.log: reading as json" in soc("run", "house.log").err


def test_quiet_says_nothing_beside_the_result(soc):
    assert soc("-q", "run", "house.log").err == ""


def test_reading_the_same_file_again_has_no_effect(filled):
    again = filled("run", "house.log").document
    assert (again["read"], again["incidents_opened"], again["joined"], again["tickets"]) == (0, 0, 0, [])


def test_events_that_were_seen_before_have_no_effect_and_are_told(filled, terminal):
    lines = Path("house.log").read_text().splitlines(keepends=True)
    found = filled("run", "-", stdin="".join(lines)).document
    assert (found["processed"], found["repeated"], found["incidents_opened"], found["joined"]) == (3, 2, 0, 0)
    Path("another.log").write_text("".join(reversed(lines)))
    assert "2 (no effect)" in terminal("run", "another.log").partition("Seen before")[2]


def test_new_lines_of_a_known_file_are_read_on(filled):
    with Path("house.log").open("a") as log:
        log.write(BREAK_IN.format(7))
    found = filled("run", "house.log").document
    assert (found["read"], [ticket["key"] for ticket in found["tickets"]]) == (1, ["LOCAL-3"])


def test_the_same_lines_from_standard_input_join_the_open_incidents(filled):
    lines = '{"source": "door", "message": "somebody broke in"}\n' * 3
    found = filled("run", "-", stdin=lines).document
    assert (found["read"], found["incidents_opened"], found["joined"]) == (3, 0, 3)


def test_what_is_piped_in_is_read_where_no_file_is_named(soc):
    assert soc("run", stdin="somebody broke in\n").document["incidents_opened"] == 1


def test_a_dry_run_shows_tickets_and_keeps_nothing(soc, place):
    found = soc("run", "house.log", "--dry-run").document
    assert [(ticket["key"], ticket["summary"]) for ticket in found["tickets"]] == [
        (None, "[CRITICAL] Security Alert - door (Severity 9)")
    ]
    assert not (place / "soc.db").exists()


def test_without_delivery_the_ticket_waits_for_the_next_run(soc):
    first = soc("run", "house.log", "--no-deliver").document
    assert (first["tickets"], first["pending"] > 0) == ([], True)
    second = soc("run", "house.log").document
    assert [ticket["key"] for ticket in second["tickets"]] == ["LOCAL-1"]


def test_a_count_over_several_lines_makes_the_ticket(soc):
    found = soc("run", "-", stdin="somebody knocked\n" * 3).document
    assert [ticket["priority"] for ticket in found["tickets"]] == ["Highest"]


def test_an_alert_that_gets_worse_is_among_the_tickets_of_the_run(soc, place):
    rules = Path("rules/test.toml").read_text()
    # The same rule, so the same incident: smoke is an alert until the event itself says that it is a fire.
    stated = 'id = "smoke"\nstated = { at_least = 6.5, at_most = 10 }'
    Path("rules/test.toml").write_text(rules.replace('id = "smoke"', stated))
    row = '{"source": "hall", "message": "smoke in room 4", "severity": %s}\n'
    assert soc("run", "-", stdin=row % 6.5).document["alerts"] == 1
    found = soc("run", "-", stdin=row % 10).document
    assert (found["incidents_opened"], [one["key"] for one in found["tickets"]]) == (0, ["LOCAL-1"])
    assert soc("run", "-", stdin=row % 10).document["tickets"] == []


def test_the_source_of_all_lines_can_be_named(soc):
    found = soc("run", "-", "--source", "gate", stdin="somebody broke in\n").document
    assert found["tickets"][0]["summary"] == "[CRITICAL] Security Alert - gate (Severity 9)"


def test_a_compressed_log_is_read_as_it_is(soc, place):
    with gzip.open("old.log.gz", "wt") as log:
        log.write(BREAK_IN.format(1) * 2)
    assert soc("run", "old.log.gz").document["read"] == 2


def test_a_broken_line_is_set_aside_and_told_with_its_number(soc, place):
    lines = [BREAK_IN.format(number) for number in range(1, 11)]
    lines[6] = '{"id": "7", "source": \n'
    Path("ten.log").write_text("".join(lines))
    result = soc("run", "ten.log", "--no-deliver")
    assert result.code == 0
    assert (result.document["processed"], result.document["quarantined"]) == (9, 1)
    assert "ten.log, line 7: " in result.err


@pytest.mark.parametrize(
    ("name", "words", "content"),
    [
        ("absent.log", "absent.log does not exist", None),
        ("folder", "folder is a directory", "dir"),
        ("core.bin", "binary file", bytes(range(256)) * 64),
        ("rows.db", "an SQLite database", b"SQLite format 3\0" + bytes(200)),
    ],
)
def test_what_is_no_log_is_refused_with_3(soc, place, name, words, content):
    if content == "dir":
        Path(name).mkdir()
    elif content is not None:
        Path(name).write_bytes(content)
    result = soc("run", name)
    assert (result.code, words in result.err) == (3, True)
    assert "Traceback" not in result.err


def test_a_refused_input_leaves_no_store_behind(soc, place):
    soc("run", "absent.log")
    assert not (place / "soc.db").exists()


def test_a_second_input_that_breaks_off_ends_in_partly_done(soc, place):
    Path("core.bin").write_bytes(bytes(range(256)) * 64)
    result = soc("run", "house.log", "core.bin")
    assert (result.code, result.document["read"]) == (5, 3)


@pytest.mark.parametrize("words", [(), ("--workers", "2")])
def test_inputs_that_are_no_logs_keep_no_other_from_being_read(soc, place, words):
    for name in ("btmp", "core.bin"):
        Path(name).write_bytes(bytes(range(256)) * 64)
    result = soc("run", *words, "btmp", "house.log", "core.bin")
    assert (result.code, result.document["read"], result.document["incidents_opened"]) == (5, 3, 2)
    assert [line for line in result.err.splitlines() if line.startswith("Error: ")] == [
        "Error: btmp is a binary file, no log of text lines: give the log itself",
        "Error: core.bin is a binary file, no log of text lines: give the log itself",
    ]


def test_what_cannot_be_read_is_not_called_read_before(terminal, place):
    Path("core.bin").write_bytes(bytes(range(256)) * 64)
    said = terminal("run", "core.bin", codes=(3,))
    assert ("Nothing new" in said, "Done" in said, "core.bin is a binary file" in said) == (False, False, True)


def test_an_empty_file_is_no_error(soc, place):
    Path("empty.log").write_text("")
    result = soc("run", "empty.log")
    assert (result.code, result.document["read"]) == (0, 0)


def test_an_unknown_format_is_refused_with_the_nearest(soc):
    result = soc("run", "--format", "sylog", "house.log")
    assert (result.code, "did you mean 'syslog'?" in result.err) == (2, True)


def test_a_wrong_duration_is_refused_with_the_right_form(soc):
    result = soc("run", "house.log", "--settle", "soon")
    assert (result.code, "90s" in result.err) == (2, True)


def test_a_ticket_that_cannot_be_made_ends_in_partly_done(soc, place):
    # Without any tracker the ticket that was decided stays undone.
    Path("soc.toml").write_text(
        '[plugins]\ndisable = ["jira", "slack", "local"]\n[plugins.rules]\npack = false\npaths = ["rules"]\n'
    )
    result = soc("run", "house.log")
    assert (result.code, result.document["tickets"]) == (5, [])


def test_a_reader_that_leaves_early_is_no_error(start, place):
    Path("long.log").write_text("".join(BREAK_IN.format(number) for number in range(20_000)))
    process = start("classify", "long.log")
    assert process.stdout.readline().startswith(b"{")
    process.stdout.close()
    assert process.wait(timeout=60) == 0
    assert b"Broken pipe" not in process.stderr.read()


def test_ctrl_c_finishes_the_block_and_the_next_run_goes_on(start, soc, place):
    Path("tail.log").write_text("".join(BREAK_IN.format(number) for number in range(3)))
    process = start("run", "tail.log", "--follow", "--no-deliver")
    assert any(b"reading as json" in line for line in process.stderr)  # it is told once the first block was stored
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert b"Interrupted" in err
    assert json.loads(out)["read"] == 3
    assert soc("run", "tail.log").document["read"] == 0


def test_a_followed_log_gives_its_new_lines(start, soc, place):
    Path("tail.log").write_text(BREAK_IN.format(1))
    process = start("-v", "run", "tail.log", "--follow", "--no-deliver")
    assert any(b"reading as json" in line for line in process.stderr)
    with Path("tail.log").open("a") as log:
        log.write(BREAK_IN.format(2))
    wait_until(lambda: len(soc("incidents").document["incidents"]) == 2)
    process.terminate()
    out, _ = process.communicate(timeout=60)
    assert (process.returncode, json.loads(out)["read"]) == (130, 2)


def test_two_runs_and_an_acknowledgement_share_one_store(start, soc, place):
    assert soc("run", "house.log").code == 0
    for half in ("a", "b"):
        rows = (BREAK_IN.format(number) for number in range(30))
        Path(f"{half}.log").write_text("".join(rows))
    processes = [
        start("run", "a.log", "--settle", "60s"),
        start("run", "b.log", "--settle", "60s"),
        start("incident", "ack", "INC-1", "--settle", "60s"),
    ]
    ended = [(process.communicate(timeout=100), process.returncode) for process in processes]
    assert [code for _, code in ended] == [0, 0, 0], [err for (_, err), _ in ended]
    found = soc("incidents", "--all").document["incidents"]
    doors = [one for one in found if one["source"].startswith("door") and one["source"] != "door"]
    # Both logs tell of the same thirty doors with the same ids: each has one incident, one ticket and one event.
    assert sorted(one["source"] for one in doors) == sorted(f"door{number}" for number in range(30))
    assert [one["count"] for one in doors] == [1] * 30
    tickets = [one["ticket"]["key"] for one in found if one["ticket"]]
    assert (len(tickets), len(set(tickets))) == (31, 31)
    assert soc("incident", "show", "INC-1").document["incident"]["acknowledged_by"] == "ana"
    assert soc("audit", "verify").code == 0


def test_a_read_only_store_is_refused_with_4(filled, place):
    if os.geteuid() == 0:
        # For root no file is read-only; a store that is no store ends the same way.
        for name in place.glob("soc.db*"):
            name.unlink()
        Path("soc.db").write_bytes(b"this is no database, whatever its name says" * 50)
        words = "no SQLite database"
    else:
        Path("soc.db").chmod(0o444)
        place.chmod(0o555)
        words = "read-only"
    result = filled("run", "-", stdin="somebody broke in\n")
    place.chmod(0o755)
    assert (result.code, words in result.err) == (4, True), result.err


def test_a_store_in_a_directory_that_does_not_exist_is_told(soc):
    result = soc("--store", "sqlite:///nowhere/soc.db", "run", "house.log")
    assert (result.code, "directory that does not exist" in result.err) == (4, True)


def wait_until(condition) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, "it did not happen within a minute"
        threading.Event().wait(0.1)


def test_people_see_a_summary_and_what_to_do_next(terminal, place):
    said = terminal("run", "house.log")
    for words in ("3 lines of house.log", "2 opened", "LOCAL-1", "break-in", "soc explain INC-1"):
        assert words in said


def test_people_are_told_that_there_is_nothing_new(filled, terminal):
    assert "Nothing new since the last run" in terminal("run", "house.log")


def test_people_see_what_a_dry_run_would_do(terminal, place):
    said = terminal("run", "house.log", "--dry-run")
    for words in ("nothing was kept", "Tickets that would be made", "[CRITICAL] Security Alert - door (Severity 9)"):
        assert words in said


def test_nothing_to_read_is_told_at_the_keyboard(place, monkeypatch, soc, terminal):
    class Keyboard:
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr("sys.stdin", Keyboard())
    assert "Name a log file" in terminal("run", codes=(2,))
