"""A secret that is set somewhere is told nowhere: by no command, log, answer or failure, and the store has none."""

import re
import signal
import socket
from importlib.metadata import entry_points

import click
import pytest
import requests

from soc_core.cli.program import soc as program
from soc_core.cli.session import Session
from soc_core.settings import environment_names

SETTINGS = """
[plugins.jira]
timeout = "2s"

[serve.writers]
ana = { file = "writer" }
"""
ARGUMENTS = {"id": "INC-1", "other": "INC-2", "person": "ana", "text": "hm", "verdict": "benign", "what": "INC-1"}
WORDS = {"settle": ["--settle", "1s"]}
ARGUMENTS |= {"name": "jira", "logs": "house.log", "channel": "C1", "path": "house.log"}
LASTING = {("serve",): "has a test of its own below", ("dashboard",): "has tests of its own in the plugin"}


def commands():
    """Every command that there is, those of plugins too, with what it must be given."""

    def leaves(group, ctx, path):
        for name in group.list_commands(ctx):
            command = group.get_command(ctx, name)
            if isinstance(command, click.Group):
                yield from leaves(command, ctx, (*path, name))
            if not isinstance(command, click.Group) or command.invoke_without_command:
                yield (*path, name), [one.name for one in command.params if one.required or one.name == "settle"]

    with click.Context(program, obj=Session()) as ctx:
        program.ask_plugins(ctx)
        return [(path, wanted) for path, wanted in leaves(program, ctx, ()) if path not in LASTING]


def secret_names():
    kinds = {one.name: getattr(one.load(), "Settings", None) for one in entry_points(group="soc_core.plugins")}
    rows = environment_names({name: kind for name, kind in kinds.items() if isinstance(kind, type)})
    return sorted(row.env for row in rows if row.secret)


def closed():
    """A port where nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


@pytest.fixture
def canaries(filled, place, monkeypatch):
    """Every secret that can be set, set to something that can be found again; nobody listens where they would go.

    There are incidents that others have to be told of, so that deliveries are tried and fail.
    """
    port = closed()
    values = {name: f"canary-{name.lower().replace('_', '-')}-4f1d" for name in secret_names()}
    values |= {
        name: f"{start}-{values[name]}" for name, start in (("SLACK_BOT_TOKEN", "xoxb"), ("SLACK_APP_TOKEN", "xapp"))
    }
    values["SLACK_WEBHOOK_URL"] = f"http://127.0.0.1:{port}/services/{values['SLACK_WEBHOOK_URL']}"
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("JIRA_PERSONAL_ACCESS_TOKEN")  # one way in at a time
    monkeypatch.setenv("JIRA_SERVER_URL", f"http://127.0.0.1:{port}")
    monkeypatch.setenv("JIRA_USERNAME", "soc@example.org")
    monkeypatch.setenv("JIRA_PROJECT_KEY", "SEC")
    monkeypatch.setenv("SLACK_API_URL", f"http://127.0.0.1:{port}/api/")
    monkeypatch.setenv("SLACK_SECURITY_CHANNEL", "C1")
    (place / "writer").write_text("canary-writer-4f1d\n")
    (place / "soc.toml").write_text(SETTINGS)
    return values


def silent(*outputs):
    for output in outputs:
        text = output if isinstance(output, str) else output.decode("utf-8", "replace")
        assert not re.search(r"canary-[a-z-]+-4f1d", text), text


def kept(place):
    """Everything that was written to the disk, but the secrets' own file."""
    return [path.read_bytes() for path in place.rglob("*") if path.is_file() and path.name != "writer"]


def test_every_secret_is_looked_for():
    assert {"SOC_API_TOKEN", "JIRA_API_TOKEN", "SLACK_BOT_TOKEN", "SLACK_SIGNING_SECRET", "SLACK_WEBHOOK_URL"} <= set(
        secret_names()
    )
    assert all(re.search(r"TOKEN|SECRET|PASSWORD|WEBHOOK_URL", name) for name in secret_names())


@pytest.mark.parametrize(("path", "wanted"), commands(), ids=" ".join)
def test_no_command_tells_a_secret(soc, canaries, place, path, wanted):
    unknown = [name for name in wanted if name not in {**ARGUMENTS, **WORDS}]
    assert not unknown, f"say in ARGUMENTS what {path} is to be given for {unknown}"
    words = [*path, *(word for name in wanted for word in WORDS.get(name) or [ARGUMENTS[name]])]
    result = soc("-vv", "--log-json", *words)
    silent(result.out, result.err, *kept(place))


@pytest.mark.parametrize(
    "words",
    [
        ["settings", "--origin"],
        ["run", "house.log", "--settle", "1s"],
        ["run", "house.log", "--dry-run"],
        ["doctor", "--json"],
        ["validate", "--online"],
    ],
    ids=" ".join,
)
def test_no_way_to_call_it_tells_a_secret(soc, canaries, place, words):
    result = soc("-vv", *words)
    silent(result.out, result.err, *kept(place))


@pytest.mark.parametrize(
    "words", [["run", "house.log"], ["incidents"], ["doctor"], ["settings"], ["serve"]], ids=" ".join
)
@pytest.mark.parametrize(
    "store",
    [
        "postgresql+psycopg://soc:canary-store-4f1d@127.0.0.1:{port}/soc",
        "postgresql+psycopg://soc:canary-store-4f1d@127.0.0.1:port/soc",
        "postgresql+nothing://soc:canary-store-4f1d@127.0.0.1/soc",
        "soc:canary-store-4f1d@127.0.0.1/soc",
        "postgresql+psycopg://127.0.0.1:{port}/soc?user=soc&password=canary-store-4f1d",
    ],
    ids=["refused", "port", "driver", "no address", "query"],
)
def test_no_store_that_cannot_be_used_tells_its_password(soc, canaries, monkeypatch, words, store):
    monkeypatch.setenv("SOC_STORE", store.format(port=closed()) if "{port}" in store else store)
    result = soc("-vv", *words)
    silent(result.out, result.err)
    assert words[0] in ("doctor", "settings") or result.code != 0


@pytest.mark.parametrize(
    "settings",
    [
        '[serve]\napi_token = "canary-plain-4f1d"\n',
        '[serve.writers]\nana = "canary-plain-4f1d"\n',
        '[plugins.jira]\napi_token = "canary-plain-4f1d"\n',
        '[plugins.jira]\napi_tokn = "canary-plain-4f1d"\n',
        '[plugins.slack]\nbot_token = { valu = "canary-plain-4f1d" }\n',
        '[serve]\napi_token = "canary-plain-4f1d\n',
        'store = ["canary-plain-4f1d"]\n',
    ],
)
def test_a_secret_in_the_wrong_place_is_not_repeated(soc, place, settings):
    (place / "soc.toml").write_text(settings)
    result = soc("-vv", "validate")
    assert result.code != 0
    silent(result.out, result.err)


def test_the_service_tells_no_secret_whatever_it_is_asked(start, canaries, place):
    process = start("-vv", "serve", "--port", "0")
    address = None
    lines = []
    while address is None:
        lines.append(process.stderr.readline())
        address = re.search(rb"http://127\.0\.0\.1:\d+", lines[-1] if b"Listening" in lines[-1] else b"")
    url = address[0].decode()
    tokens = ["", "wrong", *(value for name, value in canaries.items() if "TOKEN" in name), "canary-writer-4f1d"]
    with requests.Session() as session:
        session.trust_env = False
        paths = session.get(f"{url}/openapi.json", timeout=60).json()["paths"]
        for path, methods in paths.items():
            for method in methods:
                for token in tokens:
                    answer = session.request(
                        method,
                        url + path.replace("{key}", "INC-1"),
                        data=b"somebody broke in",
                        headers={"authorization": f"Bearer {token}"},
                        timeout=60,
                    )
                    silent(answer.text, str(answer.headers))
                    assert answer.status_code != 500
    process.send_signal(signal.SIGHUP)
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=60)
    silent(out, err, *lines, *kept(place))
