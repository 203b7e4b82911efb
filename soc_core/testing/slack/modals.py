"""The windows that the pretended Slack opens on a trigger."""

import json
from datetime import timedelta

from soc_core.testing.slack import limits
from soc_core.testing.slack.api import Api
from soc_core.testing.slack.workspace import Json, Refusal

_TRIGGER_LIFE = timedelta(seconds=3)


def open_view(api: Api, args: Json) -> Json:
    """Open a modal, with a trigger that is three seconds old at most."""
    trigger = str(args.get("trigger_id"))
    given = api.triggers.pop(trigger, None)
    if given is None:
        raise Refusal("exchanged_trigger_id")
    if api.workspace.now().timestamp() - given > _TRIGGER_LIFE.total_seconds():
        raise Refusal("expired_trigger_id")
    view = _checked_view(args)
    view["id"] = api.workspace.fresh("V")
    view["hash"] = api.workspace.stamp()
    api.workspace.views[str(view["id"])] = view
    return {"view": view}


def update_view(api: Api, args: Json) -> Json:
    """Change one that is open."""
    key = str(args.get("view_id"))
    if key not in api.workspace.views:
        raise Refusal("not_found")
    view = {**_checked_view(args), "id": key, "hash": api.workspace.stamp()}
    api.workspace.views[key] = view
    return {"view": view}


def _checked_view(args: Json) -> Json:
    view = args.get("view")
    if isinstance(view, str):
        view = json.loads(view)
    found = limits.faults_in_view(view)
    if found or not isinstance(view, dict):
        messages = [f"[ERROR] {fault}" for fault in found]
        raise Refusal("invalid_arguments", response_metadata={"messages": messages})
    return dict(view)
