"""Plugins that are one file each: every `*.py` in a folder that nobody else can write to.

What lies in the folder is run, so a folder or file that another user could change is refused, as `ssh` does with keys.
"""

import importlib.util
import inspect
import os
import stat
import sys
from pathlib import Path

from soc_core.errors import SettingsError
from soc_core.registry.checks import HOOKS, Refusal

_MODULES = "soc_plugin_files"
_OTHERS = stat.S_IWGRP | stat.S_IWOTH


def files_in(folder: Path) -> tuple[Path, ...]:
    """The plugins of a folder by name; a file that begins with `_` is none.

    Raises:
        SettingsError: The folder cannot be read, or others can write to it.
    """
    try:
        trouble = _why_unsafe(folder)
        found = sorted(file for file in folder.glob("*.py") if not file.name.startswith("_"))
        if not folder.is_dir():
            raise NotADirectoryError(20, "it is no folder")
    except OSError as error:
        raise SettingsError(f"[plugins] dir: {folder} cannot be read: {error.strerror}") from error
    if trouble:
        raise SettingsError(f"[plugins] dir: {folder} {trouble}")
    return tuple(found)


def loaded(file: Path) -> object:
    """What a file defines: its one class with hooks, or the module itself.

    Raises:
        Refusal: Others can write to it, or it has several such classes.
    """
    trouble = _why_unsafe(file)
    if trouble:
        raise Refusal(f"is not run: the file {trouble}", cure="then start again")
    name = f"{_MODULES}.{file.stem}"
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise Refusal("is no Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # where the types of its settings are looked up
    spec.loader.exec_module(module)
    classes = [one for one in vars(module).values() if inspect.isclass(one) and one.__module__ == name and _hooked(one)]
    if len(classes) > 1:
        names = " and ".join(one.__name__ for one in classes)
        raise Refusal(f"defines {names}: one file is one plugin", cure="put each into a file of its own")
    return classes[0] if classes else module


def _hooked(cls: type) -> bool:
    return any(hasattr(getattr(cls, hook, None), "soc_core_impl") for hook in HOOKS)


def _why_unsafe(path: Path) -> str:
    """Why somebody else could decide what is run, with the cure; empty if nobody can."""
    found = path.stat()
    if found.st_uid not in (0, os.geteuid()):
        return f"belongs to another user, who could change what is run: chown {os.geteuid()} {path}"
    if found.st_mode & _OTHERS:
        return f"can be changed by others than its owner: chmod go-w {path}"
    return ""
