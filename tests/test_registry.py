"""Which plugins are found, in which order, and what is said about those that cannot work."""

import importlib.metadata
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType

import attrs
import pytest

from soc_core import (
    Decision,
    Event,
    Finding,
    NotConfigured,
    PluginError,
    Secret,
    SettingsError,
    hookimpl,
)
from soc_core.registry import PluginState, Registry, build


@attrs.frozen(kw_only=True)
class Choice:
    order: tuple[str, ...] = ()
    disable: tuple[str, ...] = ()
    only: tuple[str, ...] | None = None
    dir: Path | None = None
    on_broken: str = "refuse"


SKIP = Choice(on_broken="skip")


def defaults(name: str, settings: type) -> object:
    return settings()


class Says:
    """A plugin that has an opinion."""

    @hookimpl
    def classify_event(self, event: Event) -> Finding | None:
        return None

    @hookimpl
    def should_create_ticket(self, finding: Finding) -> Decision | None:
        return None


class Distribution(importlib.metadata.Distribution):
    """A distribution as the packaging metadata of an installed wheel describes it."""

    def __init__(self, name: str, version: str, entries: Mapping[str, str]) -> None:
        lines = "\n".join(f"{key} = {value}" for key, value in entries.items())
        self._texts = {
            "METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
            "entry_points.txt": f"[soc_core.plugins]\n{lines}\n",
        }

    def read_text(self, filename: str) -> str | None:
        return self._texts.get(filename)

    def locate_file(self, path: object) -> Path:
        raise FileNotFoundError(path)


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[importlib.metadata.EntryPoint]]:
    """Write a module and answer the entry points of a distribution that has it."""
    monkeypatch.syspath_prepend(tmp_path)

    def write(dist: str, source: str, *, version: str = "1.2", **entries: str) -> list[importlib.metadata.EntryPoint]:
        module = dist.replace("-", "_")
        (tmp_path / f"{module}.py").write_text(source)
        monkeypatch.delitem(sys.modules, module, raising=False)
        return list(Distribution(dist, version, entries).entry_points)

    return write


def sentence(registry: Registry, name: str) -> str:
    [plugin] = [plugin for plugin in registry.plugins if plugin.name == name]
    assert plugin.state is PluginState.BROKEN
    return plugin.sentence


CLASSIFIER = """
from soc_core import hookimpl

class Classifier:
    @hookimpl
    def classify_event(self, event):
        return None
"""


# -- finding and building ----------------------------------------------------------------------------------------------


def test_the_built_in_plugins_are_found_through_their_entry_points() -> None:
    registry = build(Choice(disable=("console", "local", "rules"), on_broken="skip"), defaults)
    mine = {plugin.name: plugin.state for plugin in registry.plugins if plugin.distribution == "soc-core"}
    assert mine == {
        "console": "disabled",
        "local": "disabled",
        "rules": "disabled",
        "syslog": "active",
        "triggers": "active",
    }


def test_a_class_gets_its_settings_and_a_module_of_functions_is_taken_as_it_is(install: Callable[..., list]) -> None:
    source = """
import attrs
from soc_core import hookimpl

class Chatty:
    @attrs.frozen
    class Settings:
        word: str = "vault"

    def __init__(self, settings):
        self.word = settings.word

    @hookimpl
    def classify_event(self, event):
        return None

@hookimpl
def should_create_ticket(finding):
    return None
"""
    entries = install("soc-chatty", source, chatty="soc_chatty:Chatty", functions="soc_chatty")
    registry = build(Choice(), lambda name, settings: settings(word=name), entry_points=entries)
    assert registry.object("chatty").word == "chatty"
    assert isinstance(registry.object("functions"), ModuleType)
    assert [one.plugin for one in registry.implementations("should_create_ticket")] == ["functions"]
    assert registry.plugins[0].hooks == ("classify_event",)
    assert (registry.plugins[0].distribution, registry.plugins[0].version) == ("soc-chatty", "1.2")


def test_a_class_without_settings_is_built_without_any(install: Callable[..., list]) -> None:
    registry = build(Choice(), defaults, entry_points=install("soc-plain", CLASSIFIER, plain="soc_plain:Classifier"))
    assert registry.active("plain")


def test_a_plugin_without_credentials_steps_aside() -> None:
    class Remote:
        def __init__(self) -> None:
            raise NotConfigured("JIRA_API_TOKEN is missing")

    registry = build(Choice(), defaults, entry_points=_entry(Remote))
    [plugin] = registry.plugins
    assert (plugin.state, plugin.cause) == (PluginState.NOT_CONFIGURED, "JIRA_API_TOKEN is missing")
    assert not registry.active("remote")
    assert registry.object("remote") is None
    assert "is not configured: JIRA_API_TOKEN is missing" in plugin.sentence


def test_a_disabled_plugin_is_not_even_imported(install: Callable[..., list]) -> None:
    entries = install("soc-trap", "raise SystemExit('imported')", trap="soc_trap:Trap")
    [plugin] = build(Choice(disable=("trap",)), defaults, entry_points=entries).plugins
    assert plugin.state is PluginState.DISABLED
    assert "soc_trap" not in sys.modules


def test_an_implementation_names_only_the_arguments_it_takes() -> None:
    class Quiet:
        @hookimpl
        def plan_escalation(self, sla: object) -> tuple[()]:
            return ()

        @hookimpl
        def classify_event(self) -> None:
            return None

    registry = build(Choice(), defaults, extra=[("quiet", Quiet())], entry_points=[])
    assert registry.implementations("plan_escalation")[0].arguments == ("sla",)
    assert registry.implementations("classify_event")[0].arguments == ()
    assert registry.implementations("on_escalation") == ()


def test_two_registries_in_one_process_do_not_know_each_other() -> None:
    one = build(Choice(), defaults, extra=[("mine", Says())], entry_points=[])
    two = build(Choice(), defaults, extra=[("mine", Says()), ("yours", Says())], entry_points=[])
    assert len(one.implementations("classify_event")) == 1
    assert len(two.implementations("classify_event")) == 2


# -- order -------------------------------------------------------------------------------------------------------------


def _asked(registry: Registry, hook: str = "classify_event") -> list[str]:
    return [one.plugin for one in registry.implementations(hook)]


def test_the_order_is_that_of_the_settings_then_the_alphabet_and_the_built_ins_come_last() -> None:
    installed = list(importlib.metadata.entry_points(group="soc_core.plugins", name="triggers"))
    names = ["zeta", "beta", "alpha"]
    for extra in (names, names[::-1]):
        plugins = [(name, Says()) for name in extra]
        registry = build(Choice(order=("zeta",)), defaults, extra=plugins, entry_points=installed)
        assert _asked(registry, "should_create_ticket") == ["zeta", "alpha", "beta", "triggers"]
        assert [plugin.name for plugin in registry.plugins] == ["zeta", "alpha", "beta", "triggers"]


def test_the_settings_may_put_a_built_in_first() -> None:
    installed = importlib.metadata.entry_points(group="soc_core.plugins", name="triggers")
    registry = build(Choice(order=("triggers",)), defaults, extra=[("alpha", Says())], entry_points=installed)
    assert _asked(registry, "should_create_ticket") == ["triggers", "alpha"]


def test_tryfirst_and_trylast_are_kept() -> None:
    class First:
        @hookimpl(tryfirst=True)
        def classify_event(self, event: Event) -> None:
            return None

    class Last:
        @hookimpl(trylast=True)
        def classify_event(self, event: Event) -> None:
            return None

    plugins = [("alpha", Last()), ("beta", Says()), ("gamma", First())]
    assert _asked(build(Choice(), defaults, extra=plugins, entry_points=[])) == ["gamma", "beta", "alpha"]


def test_a_misspelt_name_in_order_or_disable_is_a_mistake_but_an_absent_plugin_is_not() -> None:
    plugins = [("slack", Says())]
    with pytest.raises(SettingsError, match=r"\[plugins\] disable names 'slak'.*did you mean 'slack'"):
        build(Choice(disable=("slak",)), defaults, extra=plugins, entry_points=[])
    with pytest.raises(SettingsError, match=r"\[plugins\] order names 'slacks'.*did you mean 'slack'"):
        build(Choice(order=("slacks",)), defaults, extra=plugins, entry_points=[])
    for absent in ("jira", "sla"):
        assert build(Choice(order=(absent,)), defaults, extra=plugins, entry_points=[]).active("slack")


# -- broken plugins ----------------------------------------------------------------------------------------------------


def test_a_broken_plugin_keeps_soc_core_from_starting_and_the_line_says_which_why_and_what_to_do(
    install: Callable[..., list],
) -> None:
    entries = install("soc-acme", "import acme_client_that_is_not_there", version="0.3", acme="soc_acme:Acme")
    with pytest.raises(PluginError) as caught:
        build(Choice(), defaults, extra=[("fine", Says())], entry_points=entries)
    text = str(caught.value)
    assert "\n" not in text
    for part in ("'acme'", "soc-acme 0.3", "soc_acme:Acme", "cannot be imported", "acme_client_that_is_not_there"):
        assert part in text
    assert '[plugins] disable = ["acme"]' in text


def test_all_broken_plugins_are_named_at_once(install: Callable[..., list]) -> None:
    entries = [
        *install("soc-one", "1/0", one="soc_one:One"),
        *install("soc-two", "import nowhere_to_be_found", two="soc_two:Two"),
    ]
    with pytest.raises(PluginError) as caught:
        build(Choice(), defaults, entry_points=entries)
    assert ["'one'" in line or "'two'" in line for line in str(caught.value).splitlines()] == [True, True]


@pytest.mark.parametrize(
    ("source", "cause"),
    [
        (
            "import nowhere_to_be_found",
            "cannot be imported: ModuleNotFoundError: No module named 'nowhere_to_be_found'",
        ),
        ("raise SystemExit(3)", "cannot be imported: SystemExit: 3"),
        ("raise GeneratorExit", "cannot be imported: GeneratorExit"),
        ("class Bad(: pass", "cannot be imported: SyntaxError"),
        ("x = 1", "cannot be imported: AttributeError"),
    ],
)
def test_a_plugin_that_cannot_be_imported_harms_nobody_else(
    install: Callable[..., list], source: str, cause: str
) -> None:
    entries = [
        *install("soc-bad", source, bad="soc_bad:Bad"),
        *install("soc-good", CLASSIFIER, good="soc_good:Classifier"),
    ]
    registry = build(SKIP, defaults, entry_points=entries)
    assert cause in sentence(registry, "bad")
    assert _asked(registry) == ["good"]


def test_ctrl_c_while_plugins_are_imported_ends_the_start(install: Callable[..., list]) -> None:
    with pytest.raises(KeyboardInterrupt):
        build(SKIP, defaults, entry_points=install("soc-slow", "raise KeyboardInterrupt", slow="soc_slow:Slow"))


def _entry(plugin: type, name: str = "remote") -> list[importlib.metadata.EntryPoint]:
    """An entry point that leads to a class of this file."""
    module = ModuleType("soc_remote_for_tests")
    module.Plugin = plugin
    sys.modules[module.__name__] = module
    return list(Distribution("soc-remote", "2.0", {name: f"{module.__name__}:Plugin"}).entry_points)


@pytest.mark.parametrize("error", [ValueError("no such port"), SystemExit("no such port")])
def test_a_constructor_that_raises_is_named(error: BaseException) -> None:
    class Fragile:
        def __init__(self) -> None:
            raise error

    registry = build(SKIP, defaults, entry_points=_entry(Fragile), extra=[("fine", Says())])
    assert f"cannot be built: {type(error).__name__}: no such port" in sentence(registry, "remote")
    assert _asked(registry) == ["fine"]


def test_no_secret_of_the_settings_shows_in_an_error() -> None:
    class Leaky:
        @attrs.frozen
        class Settings:
            token: Secret = attrs.field(factory=lambda: Secret("xoxb-canary-1234"))

        def __init__(self, settings: Settings) -> None:
            raise ValueError(f"the server refused {settings.token.reveal()}")

    registry = build(SKIP, defaults, entry_points=_entry(Leaky))
    assert "the server refused ***" in sentence(registry, "remote")
    assert "canary" not in repr(registry)
    assert "canary" not in registry.told(RuntimeError("xoxb-canary-1234"))


def test_wrong_settings_of_a_plugin_end_the_start_as_such() -> None:
    def wrong(name: str, settings: type) -> object:
        raise SettingsError("soc.toml: [plugins.remote] tiemout: did you mean 'timeout'?")

    class Remote(Says):
        Settings = object

    with pytest.raises(SettingsError, match="tiemout"):
        build(Choice(), wrong, entry_points=_entry(Remote))
    assert "has wrong settings: soc.toml: [plugins.remote] tiemout" in sentence(
        build(SKIP, wrong, entry_points=_entry(Remote)), "remote"
    )


class UnknownArgument:
    @hookimpl
    def classify_event(self, evnt: Event) -> None: ...


class ForeignArgument:
    @hookimpl
    def classify_event(self, event: Event, database: object) -> None: ...


class UnknownHook:
    @hookimpl
    def clasify_event(self, event: Event) -> None: ...


class Coroutine:
    @hookimpl
    async def classify_event(self, event: Event) -> None: ...


class Generator:
    @hookimpl
    def classify_event(self, event: Event) -> object:
        yield None


class Renamed:
    @hookimpl(specname="classify_event")
    def my_rule(self, event: Event) -> None: ...


class Wrapper:
    @hookimpl(wrapper=True)
    def classify_event(self, event: Event) -> object:
        return (yield)


class Greedy:
    @hookimpl
    def classify_event(self, **arguments: object) -> None: ...


class Optional:
    @hookimpl
    def classify_event(self, event: Event | None = None) -> None: ...


class Unmarked:
    def classify_event(self, event: Event) -> None: ...


@pytest.mark.parametrize(
    ("plugin", "cause"),
    [
        (UnknownArgument(), "declares classify_event() with the unknown argument 'evnt': did you mean 'event'?"),
        (ForeignArgument(), "with the unknown argument 'database': it is classify_event(event)"),
        (UnknownHook(), "implements clasify_event(), which is no hook: did you mean classify_event()?"),
        (Coroutine(), "declares classify_event() with `async def`: hooks are plain functions"),
        (Generator(), "uses `yield` in classify_event(): hooks return their answer"),
        (Renamed(), "uses specname= at my_rule(): call the function 'classify_event' instead"),
        (Wrapper(), "wraps classify_event()"),
        (Greedy(), "name the arguments it needs, classify_event(event)"),
        (Optional(), "with a star or a default: it is a plain argument"),
        (Unmarked(), "implements no hook: put @hookimpl on classify_event()"),
        (Says, "is the class Says: hooks need an instance, such as Says(settings)"),
    ],
    ids=lambda value: None if isinstance(value, str) else getattr(value, "__name__", type(value).__name__),
)
def test_a_hook_that_could_not_be_called_is_refused_with_a_sentence(plugin: object, cause: str) -> None:
    registry = build(SKIP, defaults, extra=[("bad", plugin), ("fine", Says())], entry_points=[])
    assert cause in sentence(registry, "bad")
    assert _asked(registry) == ["fine"]
    with pytest.raises(PluginError, match="plugin 'bad'"):
        build(Choice(), defaults, extra=[("bad", plugin)], entry_points=[])


def test_a_plugin_may_offer_a_hook_of_a_later_version() -> None:
    class Modern(Says):
        @hookimpl(optionalhook=True)
        def on_full_moon(self, night: object) -> None: ...

    [plugin] = build(Choice(), defaults, extra=[("modern", Modern())], entry_points=[]).plugins
    assert plugin.hooks == ("classify_event", "should_create_ticket")


def test_of_two_plugins_of_one_name_neither_is_used(install: Callable[..., list]) -> None:
    entries = [
        *install("soc-one", CLASSIFIER, twin="soc_one:Classifier"),
        *install("soc-two", CLASSIFIER, twin="soc_two:Classifier"),
    ]
    with pytest.raises(
        PluginError, match=r"same name as the one of soc-two 1.2 \(soc_two:Classifier\); uninstall one of them"
    ):
        build(Choice(), defaults, entry_points=entries)
    assert _asked(build(SKIP, defaults, entry_points=entries)) == []


def test_a_built_in_plugin_keeps_its_name(install: Callable[..., list]) -> None:
    entries = [
        *install("soc-usurper", CLASSIFIER, triggers="soc_usurper:Classifier"),
        *importlib.metadata.entry_points(group="soc_core.plugins", name="triggers"),
    ]
    registry = build(SKIP, defaults, entry_points=entries)
    states = {plugin.distribution: plugin.state for plugin in registry.plugins}
    assert states == {"soc-usurper": PluginState.BROKEN, "soc-core": PluginState.ACTIVE}
    assert _asked(registry, "should_create_ticket") == ["triggers"]
    assert registry.active("triggers")


def test_one_object_cannot_be_two_plugins() -> None:
    plugin = Says()
    registry = build(SKIP, defaults, extra=[("one", plugin), ("two", plugin)], entry_points=[])
    assert len(_asked(registry)) == 1
    assert sum(one.state is PluginState.BROKEN for one in registry.plugins) == 1


def test_importing_the_registry_loads_no_plugin_and_no_heavy_library() -> None:
    code = (
        "import sys, soc_core.registry, soc_core.calls; "
        "print([m for m in ('sqlalchemy', 'click', 'rich', 'structlog', 'soc_core.builtin') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("[]\n", "")


def test_a_decider_found_through_the_registry_decides() -> None:
    class Decider:
        @hookimpl
        def should_create_ticket(self, finding: Finding) -> Decision:
            return Decision.ticket("always")

    [one] = build(Choice(), defaults, extra=[("eager", Decider())], entry_points=[]).implementations(
        "should_create_ticket"
    )
    assert one.plugin == "eager"
    assert one.function("any finding") == Decision.ticket("always")
