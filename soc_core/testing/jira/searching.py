"""How the pretended JIRA is searched, on Cloud and on Data Center."""

from collections.abc import Mapping

from soc_core.testing.jira.api import Answer, Api, Asked
from soc_core.testing.jira.screens import mapping
from soc_core.testing.jira.site import Refusal

_SEARCH_ON_DATA_CENTER = frozenset({"jql", "startAt", "maxResults", "fields", "expand", "validateQuery"})


def search(api: Api, asked: Asked) -> Answer:
    """What a query finds, page by page, in the form of Cloud or of Data Center."""
    if asked.path == "search" and api.tracker.cloud:
        raise Refusal(410, "The requested API has been removed. Please migrate to the /rest/api/3/search/jql API.")
    if asked.path == "search/jql" and not api.tracker.cloud:
        raise Refusal(404, "No such path")
    given: Mapping[str, object] = mapping(asked.body) or asked.query
    if not api.tracker.cloud and (extra := set(given) - _SEARCH_ON_DATA_CENTER):
        raise Refusal(400, f'Unrecognized field "{min(extra)}"')
    found = [issue for issue in api.tracker.search(str(given.get("jql", ""))) if issue.key not in api.hidden]
    size = int(str(given.get("maxResults", 50)))
    if asked.path == "search":
        start = int(str(given.get("startAt", 0)))
        page = [api.shown(asked, issue) for issue in found[start : start + size]]
        return Answer(body={"startAt": start, "maxResults": size, "total": len(found), "issues": page})
    start = int(str(given.get("nextPageToken", "page-0")).removeprefix("page-"))
    page = [api.shown(asked, issue) for issue in found[start : start + size]]
    if start + size < len(found):
        return Answer(body={"issues": page, "nextPageToken": f"page-{start + size}", "isLast": False})
    return Answer(body={"issues": page, "isLast": True})
