import io
import json
import logging
import subprocess
import sys
from collections.abc import Callable

import pytest
import structlog

from soc_core import Secret
from soc_core.logs import CHANNEL, KnownSecrets, get_logger, set_up

CANARY = "canary-5ecret-value"
NEWLINES = (
    "a\nb",
    "a\r\nb",
    "a\rb",
    "a\x0bb",
    "a\x0cb",
    "a\x1cb",
    "a\x85b",
    "a\u2028b",
    "a\u2029b",
    "\x1b[2Jx",
    "\n\n",
)


def heard(say: Callable[[], object], *, as_json: bool, secrets: KnownSecrets | None = None) -> str:
    stream = io.StringIO()
    set_up(stream=stream, as_json=as_json, level=logging.INFO, secrets=secrets)
    say()
    return stream.getvalue()


def fail(error: Exception) -> None:
    raise error


def test_a_fact_is_one_json_object_with_time_level_and_its_values() -> None:
    told = json.loads(heard(lambda: get_logger().info("ticket.created", ticket="SEC-7", attempts=2), as_json=True))
    assert told.pop("time").endswith("+00:00")
    assert told == {"level": "info", "logger": CHANNEL, "event": "ticket.created", "ticket": "SEC-7", "attempts": 2}


def test_a_fact_is_one_line_for_people() -> None:
    told = heard(lambda: get_logger().warning("job.late", job=7, dest="jira", why="slow site"), as_json=False)
    assert told.split(" ", 1)[1] == 'warning job.late job=7 dest=jira why="slow site"\n'


def test_facts_may_have_any_name() -> None:
    told = heard(lambda: get_logger().info("x", name="a", args=[1], message="m", level="l", time="t"), as_json=True)
    assert json.loads(told)["level"] == "info"
    assert json.loads(told)["name"] == "a"


@pytest.mark.parametrize("as_json", [True, False])
def test_n_facts_give_n_lines_whatever_they_hold(as_json: bool) -> None:
    def say() -> None:
        for text in NEWLINES:
            get_logger().warning("line.read", text=text, inner={"text": [text]})
            get_logger().warning(text)
            logging.getLogger("library").warning("read %s", text)

    told = heard(say, as_json=as_json)
    assert len(told.splitlines()) == told.count("\n") == 3 * len(NEWLINES)
    assert "\x1b" not in told


@pytest.mark.parametrize("as_json", [True, False])
def test_secrets_never_show(as_json: bool) -> None:
    known = KnownSecrets()
    known.add(Secret(CANARY))

    def say() -> None:
        log = get_logger()
        log.warning("by.value", text=f"sent {CANARY} away", deep={"a": [f"x{CANARY}y"]})
        log.warning(f"in.event {CANARY}")
        log.warning("by.name", api_token="a-name-says-it", deep={"password": "a-name-says-it"})
        log.warning("by.type", value=Secret("a-type-says-it"), more=[Secret("a-type-says-it")])
        log.warning("by.shape", text="postgres://soc:a-shape-says-it@db/soc")
        logging.getLogger("library").warning("posting %s with password=a-shape-says-it", CANARY)
        structlog.get_logger("plugin").warning("plugin.fact", token="a-name-says-it")
        variable = "a-variable-" + "holds-it"
        try:
            fail(ValueError(f"{CANARY} was refused: Authorization: Bearer a-shape-says-it-1"))
        except ValueError:
            log.exception("request.failed", length=len(variable))
            logging.getLogger("library").exception("it failed")

    told = heard(say, as_json=as_json, secrets=known)
    assert "request.failed" in told
    assert "ValueError" in told
    for secret in (CANARY, "a-name-says-it", "a-type-says-it", "a-shape-says-it", "a-variable-holds-it"):
        assert secret not in told


def test_a_very_short_secret_does_not_riddle_the_lines() -> None:
    known = KnownSecrets()
    known.add(Secret("a"), Secret(""))
    assert known.hide("an apple") == "an apple"


def test_a_trace_is_part_of_its_json_line() -> None:
    def say() -> None:
        try:
            fail(OSError("disk\nfull"))
        except OSError:
            get_logger().exception("store.failed")

    told = heard(say, as_json=True)
    assert told.count("\n") == 1
    assert json.loads(told)["exception"].startswith("Traceback")


def test_facts_of_plugins_and_warnings_of_libraries_come_along_but_not_their_chatter() -> None:
    def say() -> None:
        structlog.get_logger("soc_slack").info("slack.posted", channel="C1")
        logging.getLogger("urllib3").info("chatter")
        logging.getLogger("urllib3").warning("retrying")

    told = [json.loads(line)["event"] for line in heard(say, as_json=True).splitlines()]
    assert told == ["slack.posted", "retrying"]


def test_setting_up_twice_does_not_say_things_twice() -> None:
    first, second = io.StringIO(), io.StringIO()
    set_up(stream=first, as_json=True)
    set_up(stream=second, as_json=True)
    get_logger().warning("once")
    assert (first.getvalue(), second.getvalue().count("\n")) == ("", 1)


def test_levels_are_coloured_only_if_asked_for() -> None:
    stream = io.StringIO()
    set_up(stream=stream, as_json=False, colours=True)
    get_logger().error("x")
    assert "\x1b[31merror\x1b[0m x" in stream.getvalue()


def test_an_embedding_program_hears_facts_through_the_standard_library(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, CHANNEL):
        get_logger().info("ticket.created", ticket="SEC-7", password="hunter2")
    assert [record.getMessage() for record in caplog.records] == ['ticket.created ticket=SEC-7 password="***"']


def in_a_fresh_process(code: str) -> tuple[str, str]:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout, done.stderr


def test_the_library_is_quiet_and_sets_nothing_up() -> None:
    code = (
        "import logging, sys\n"
        "import soc_core, soc_core.logs\n"
        "assert 'structlog' not in sys.modules\n"
        "assert not logging.getLogger('soc_core').handlers\n"
        "soc_core.logs.get_logger().error('quiet', a=1)\n"
        "import structlog\n"
        "assert not structlog.is_configured()\n"
        "assert not logging.getLogger().handlers\n"
    )
    assert in_a_fresh_process(code) == ("", "")


def test_what_the_embedding_program_has_set_up_is_used() -> None:
    code = (
        "import logging\n"
        "logging.basicConfig(format='%(name)s|%(message)s', level=logging.INFO)\n"
        "from soc_core.logs import get_logger\n"
        "get_logger().info('ticket.created', ticket='SEC-7')\n"
        "get_logger().debug('not asked for')\n"
    )
    assert in_a_fresh_process(code) == ("", "soc_core|ticket.created ticket=SEC-7\n")
