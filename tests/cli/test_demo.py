"""`soc demo` shows a whole life of incidents in seconds, without network, and leaves nothing behind."""

import os
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def played(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo")
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("SOC_", "JIRA_", "SLACK_"))}
    # An address where nobody answers: whoever asks for more than loopback fails.
    nowhere = {"HTTP_PROXY": "http://127.0.0.1:1", "HTTPS_PROXY": "http://127.0.0.1:1", "NO_PROXY": "127.0.0.1"}
    program = Path(sys.executable).parent / "soc"
    done = subprocess.run(
        [program, "demo"], capture_output=True, text=True, cwd=folder, env=clean | nowhere, check=False
    )
    return done, list(folder.iterdir())


def test_it_ends_well_and_leaves_nothing(played):
    done, left = played
    assert (done.returncode, left) == (0, []), done.stderr
    assert "Traceback" not in done.stderr


def test_incidents_have_tickets_priorities_and_due_times(played):
    out = played[0].stdout
    assert "Highest" in out
    assert "SEC-1" in out
    assert "Mon 13:00" in out


def test_incidents_say_whom_they_are_about(played):
    table = played[0].stdout.partition("Why INC")[0]
    assert "sshd            root from 203.0.113.66" in table
    assert "access_log      198.51.100.7" in table


def test_it_says_why(played):
    assert "Decided by triggers: severity 9" in played[0].stdout


def test_what_people_do_in_jira_reaches_the_incident(played):
    assert "is now In Progress; its response clock: met" in played[0].stdout


def test_time_runs_out_and_people_are_told(played):
    out = played[0].stdout
    assert "50% of the resolution time; told mira" in out
    assert "100% of the resolution time; told mira" in out


def test_slack_shows_one_message_with_its_thread(played):
    out = played[0].stdout
    assert "In Slack, INC-" in out
    assert "is one message in #security" in out
    assert "> INC-" in out


def test_it_ends_with_what_to_do_next(played):
    assert "soc init" in played[0].stdout.split("Next:")[1]
