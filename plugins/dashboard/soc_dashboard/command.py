"""`soc dashboard`: opens the store once, so that trouble is told here, and becomes the Streamlit server."""

import ipaddress
import os
import socket
import sys
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

import click

from soc_core import SettingsError
from soc_core.app import Soc
from soc_core.settings import CONFIG, Settings, load, read_dotenv

_SCRIPT = Path(__file__).parent / "main.py"
_SETTINGS_FILE = Path("soc.toml")
_STORE, _PLUGINS_DIR = "SOC_STORE", "SOC_PLUGINS_DIR"


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Where to listen; this machine only.")
@click.option("--port", type=click.IntRange(1, 65535), default=8501, show_default=True)
@click.pass_context
def dashboard(ctx: click.Context, host: str, port: int) -> None:
    """Show the dashboard in a browser, until stopped.

    It listens on this machine only and asks nobody for a password: to be reached from outside, put a reverse proxy with
    TLS and a login in front of it.
    """
    _refuse_strangers(host)
    env = environment(ctx.find_root().params)
    settings = load(config=None, env=env)
    Soc.open(settings, env=env).close()  # makes or upgrades the store, and tells of plugins that are broken
    _refuse_taken(host, port)
    click.echo(f"The dashboard is at http://{f'[{host}]' if ':' in host else host}:{port}. Stop with Ctrl-C.", err=True)
    os.execve(sys.executable, command_line(host, port, settings), dict(env))  # noqa: S606 - no shell is wanted


def environment(options: Mapping[str, object]) -> dict[str, str]:
    """The environment in which the pages find the settings that this command line names."""
    env = {**read_dotenv(Path(".env")), **os.environ}
    config = options.get("config") or env.get(CONFIG) or (_SETTINGS_FILE if _SETTINGS_FILE.exists() else None)
    if config:
        env[CONFIG] = str(Path(str(config)).expanduser().resolve())
    if options.get("store"):
        env[_STORE] = str(options["store"])
    if options.get("plugins_dir"):
        env[_PLUGINS_DIR] = str(Path(str(options["plugins_dir"])).absolute())
    return env


def command_line(host: str, port: int, settings: Settings) -> list[str]:
    """The call of Streamlit: on this machine, no telemetry, no hints for developers, nothing loaded from elsewhere."""
    options: dict[str, object] = {
        "server.address": host,
        "server.port": port,
        "server.headless": "true",
        "server.enableCORS": "true",
        "server.enableXsrfProtection": "true",
        "server.enableStaticServing": "false",
        "server.fileWatcherType": "none",
        "browser.gatherUsageStats": "false",
        "client.toolbarMode": "minimal",
        "theme.primaryColor": "#2563eb",
        "client.showErrorDetails": "none",
        "global.developmentMode": "false",
    }
    if settings.dashboard_url is not None:  # where browsers see it, behind a proxy: others may not talk to it
        outside = urlsplit(settings.dashboard_url)
        options["browser.serverAddress"] = outside.hostname
        options["browser.serverPort"] = outside.port or (443 if outside.scheme == "https" else 80)
    flags = [f"--{name}={value}" for name, value in options.items()]
    return [sys.executable, "-m", "streamlit", "run", str(_SCRIPT), *flags]


def _refuse_strangers(host: str) -> None:
    try:
        loopback = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        loopback = False
    if not loopback:
        raise SettingsError(
            f"soc dashboard listens on this machine only, not on {host}, because it asks nobody for a password: put a "
            "reverse proxy with TLS and a login in front of it, and let that one listen outside"
        )


def _refuse_taken(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((host, port))
        except OSError as error:
            raise SettingsError(f"cannot listen on {host}:{port}: {error.strerror}; choose another --port") from error
