"""Asks JIRA's search, on Cloud and on Data Center; every query that the plugin ever sends is put together here.

Values are quoted whatever they are, so that no name in them can become a query.
"""

from collections.abc import Iterable, Mapping, Sequence

from soc_core import PermanentError
from soc_jira.answers import items
from soc_jira.client import Client
from soc_jira.fields import AUTOMATED
from soc_jira.reading import mapping, text

_HEX = frozenset("0123456789abcdef")
_PAGE = 100


def search(
    client: Client, jql: str, fields: Sequence[str], *, properties: Sequence[str] = (), most: int = 5000
) -> list[Mapping[str, object]]:
    """What a query finds, page by page, never more than `most`; only Cloud gives properties."""
    cloud, found = client.site().cloud, list[Mapping[str, object]]()
    body: dict[str, object] = {"jql": jql, "fields": list(fields), "maxResults": _PAGE}
    if properties:
        body["properties"] = list(properties)
    while len(found) < most:
        page = mapping(client.send("POST", "search/jql" if cloud else "search", body))
        issues = items(page, "issues")
        found += issues
        token = text(page, "nextPageToken")
        if cloud and token in ("", body.get("nextPageToken")):  # the same page again would be the same page for ever
            break
        if not cloud and (not issues or len(found) >= int(text(page, "total") or 0)):
            break
        body |= {"nextPageToken": token} if cloud else {"startAt": len(found)}
    return found[:most]


def present(client: Client, keys: Sequence[str], fields: Sequence[str]) -> Iterable[Mapping[str, object]]:
    """Those of up to a hundred tickets that are there under these keys."""
    if client.site().cloud:
        body: dict[str, object] = {"issueIdsOrKeys": list(keys), "fields": list(fields)}
        return items(client.send("POST", "issue/bulkfetch", body), "issues")
    wanted = ", ".join(quoted(key) for key in keys)
    # Keys that are gone would be an error of the query; asked not to check, JIRA leaves them out.
    body = {"jql": f"key in ({wanted})", "fields": list(fields), "maxResults": _PAGE, "validateQuery": False}
    return items(client.send("POST", "search", body), "issues")


def marked(marker: str, *, by_label: bool) -> str:
    """The query for the tickets that carry a marker, oldest first.

    Args:
        marker: `soc-<hex>`.
        by_label: False where labels are not on the screen: the marker then stands in the description only.
    """
    if not marker.startswith("soc-") or set(marker[4:]) - _HEX:
        raise PermanentError(f"{marker!r} is no marker")
    where = f"labels = {quoted(marker)}" if by_label else f"text ~ {quoted(quoted(marker))}"
    return f"{where} ORDER BY created ASC, key ASC"


def changed(project: str, minutes: int) -> str:
    """The query for what changed lately, in our project or with our label, in the order of the changes.

    The window is written as minutes back from now, which no account's time zone can shift.
    """
    ours = f"(project = {quoted(project)} OR labels = {quoted(AUTOMATED)})"
    return f'{ours} AND updated >= "-{minutes}m" ORDER BY updated ASC, key ASC'


def unfinished(project: str) -> str:
    """The query for our tickets that are not done."""
    ours = f"project = {quoted(project)} AND labels = {quoted(AUTOMATED)}"
    return f"{ours} AND statusCategory != Done ORDER BY created ASC"


def quoted(value: str) -> str:
    """A value as JQL takes it, whatever is in it."""
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
