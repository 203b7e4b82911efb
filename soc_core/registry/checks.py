"""May this be registered? Every hook of a plugin is checked before it is asked for the first time.

pluggy itself finds an unknown argument, but neither a misspelt hook nor a coroutine; and what a plugin's author reads
must name the mistake and the cure.
"""

import difflib
import inspect
from collections.abc import Callable, Mapping
from types import MappingProxyType

import pluggy

from soc_core import hookspecs

HOOKS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        name: tuple(inspect.signature(function).parameters)
        for name, function in vars(hookspecs).items()
        if hasattr(function, "soc_core_spec")
    }
)
"""Every hook and the arguments it hands over."""


class Refusal(Exception):
    """Why a plugin cannot be used, and what to do about it if that is not obvious."""

    def __init__(self, cause: str, *, cure: str = "") -> None:
        super().__init__(cause)
        self.cure = cure


def checked(manager: pluggy.PluginManager, obj: object) -> tuple[str, ...]:
    """The hooks a plugin implements, each of them in a way that can be called."""
    hooks = []
    for name in dir(obj):
        options = manager.parse_hookimpl_opts(obj, name)
        if options is None:
            continue
        if options.get("specname"):
            raise Refusal(f"uses specname= at {name}(): call the function {options['specname']!r} instead")
        if name not in HOOKS:
            if options.get("optionalhook"):
                continue
            near = difflib.get_close_matches(name, HOOKS, n=1)
            raise Refusal(f"implements {name}(), which is no hook" + (f": did you mean {near[0]}()?" if near else ""))
        if options.get("wrapper") or options.get("hookwrapper"):
            raise Refusal(f"wraps {name}(): nobody could be named for an answer that another plugin may change")
        _check_arguments(name, getattr(obj, name))
        hooks.append(name)
    if not hooks:
        hint = next((f": put @hookimpl on {name}()" for name in HOOKS if hasattr(obj, name)), "")
        raise Refusal("implements no hook" + hint)
    return tuple(sorted(hooks, key=tuple(HOOKS).index))


def age(obj: object) -> str:
    """A warning if a plugin says by its `HOOK_API_VERSION` that it was written for other hooks than ours."""
    ours, theirs = hookspecs.HOOK_API_VERSION, getattr(obj, "HOOK_API_VERSION", hookspecs.HOOK_API_VERSION)
    if not isinstance(theirs, int):
        raise Refusal(f"states HOOK_API_VERSION = {theirs!r}, which is no whole number")
    if theirs > ours:
        return f"written for version {theirs} of the hooks, this soc-core has {ours}: upgrade soc-core"
    if theirs < ours:
        return f"written for version {theirs} of the hooks, this soc-core has {ours}: look for a newer release of it"
    return ""


def _check_arguments(hook: str, function: Callable[..., object]) -> None:
    if inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
        raise Refusal(f"declares {hook}() with `async def`: hooks are plain functions")
    if inspect.isgeneratorfunction(function):
        raise Refusal(f"uses `yield` in {hook}(): hooks return their answer")
    for parameter in inspect.signature(function).parameters.values():
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            raise Refusal(f"declares {hook}() with {parameter}: name the arguments it needs, {_signature(hook)}")
        if parameter.name in HOOKS[hook]:
            if parameter.kind is parameter.KEYWORD_ONLY or parameter.default is not parameter.empty:
                raise Refusal(f"declares {parameter} of {hook}() with a star or a default: it is a plain argument")
        elif parameter.default is parameter.empty:
            near = difflib.get_close_matches(parameter.name, HOOKS[hook], n=1)
            said = f"did you mean {near[0]!r}?" if near else f"it is {_signature(hook)}"
            raise Refusal(f"declares {hook}() with the unknown argument {parameter.name!r}: {said}")


def _signature(hook: str) -> str:
    return f"{hook}({', '.join(HOOKS[hook])})"
