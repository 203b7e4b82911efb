"""`soc dashboard`: this machine only, nothing sent anywhere, the settings of the command line found by the pages."""

import os
from pathlib import Path

import pytest
from click.testing import CliRunner
from soc_dashboard.command import command_line, environment

from soc_core.cli.program import soc as program
from soc_core.settings import load


def run(*words):
    return CliRunner().invoke(program, words, catch_exceptions=False, prog_name="soc")


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "::", "example.org"])
def test_no_stranger_is_let_in(env, host):
    result = run("--config", env["SOC_CONFIG"], "dashboard", "--host", host)
    assert result.exit_code == 2
    assert "asks nobody for a password" in result.stderr
    assert "reverse proxy with TLS and a login" in result.stderr


def test_a_port_that_is_taken_is_told(env, monkeypatch):
    import socket  # noqa: PLC0415 - only here

    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = str(other.getsockname()[1])
        result = run("--config", env["SOC_CONFIG"], "--store", env["SOC_STORE"], "dashboard", "--port", port)
    assert result.exit_code == 2
    assert f"cannot listen on 127.0.0.1:{port}" in result.stderr


def test_it_becomes_streamlit_with_an_open_store(env, monkeypatch):
    became = []
    monkeypatch.setattr(os, "execve", lambda *call: became.append(call))
    result = run("--store", env["SOC_STORE"], "dashboard", "--port", "18501")
    assert result.exit_code == 0
    [(_, words, environ)] = became
    assert environ["SOC_STORE"] == env["SOC_STORE"]
    assert environ["SOC_CONFIG"] == env["SOC_CONFIG"]  # soc.toml of this directory
    assert words[1:4] == ["-m", "streamlit", "run"]
    assert Path("soc.db").exists()


def test_nothing_is_sent_anywhere_and_no_other_site_may_talk_to_it():
    words = command_line("127.0.0.1", 8501, load(config=None, env={}))
    for flag in (
        "server.address=127.0.0.1",
        "browser.gatherUsageStats=false",
        "server.enableXsrfProtection=true",
        "server.enableCORS=true",
        "client.showErrorDetails=none",
    ):
        assert f"--{flag}" in words


def test_behind_a_proxy_its_address_is_the_one_that_may_talk_to_it():
    settings = load(config=None, env={}, overrides={"dashboard_url": "https://soc.example.org/"})
    words = command_line("127.0.0.1", 8501, settings)
    assert "--browser.serverAddress=soc.example.org" in words
    assert "--browser.serverPort=443" in words


def test_the_pages_find_what_the_command_line_and_dotenv_name(env, monkeypatch):
    Path(".env").write_text("SOC_USER=ana\n")
    found = environment({"config": "other.toml", "store": "sqlite:///other.db", "plugins_dir": "own"})
    assert found["SOC_CONFIG"] == str(Path("other.toml").resolve())
    assert found["SOC_PLUGINS_DIR"] == str(Path("own").absolute())
    assert (found["SOC_STORE"], found["SOC_USER"]) == ("sqlite:///other.db", "ana")
