"""Which path of the pretended JIRA does what."""

import re

from soc_core.testing.jira import about, issues
from soc_core.testing.jira.api import Route
from soc_core.testing.jira.searching import search

_KEY = "([^/]+)"
ROUTES: tuple[Route, ...] = tuple(
    (method, re.compile(path), act)
    for method, path, act in (
        ("GET", "serverInfo", about.server_info),
        ("GET", "myself", about.myself),
        ("GET", "mypermissions", about.permissions),
        ("GET", f"project/{_KEY}", about.project),
        ("GET", f"project/{_KEY}/statuses", about.statuses),
        ("GET", f"issue/createmeta/{_KEY}/issuetypes", about.types),
        ("GET", f"issue/createmeta/{_KEY}/issuetypes/{_KEY}", about.create_fields),
        ("POST", "issue/bulkfetch", issues.bulk_fetch),
        ("POST", "issue", issues.create),
        ("GET", f"issue/{_KEY}", issues.read),
        ("PUT", f"issue/{_KEY}", issues.edit),
        ("GET", f"issue/{_KEY}/transitions", issues.transitions),
        ("POST", f"issue/{_KEY}/transitions", issues.transit),
        ("GET", f"issue/{_KEY}/comment", issues.comments),
        ("POST", f"issue/{_KEY}/comment", issues.comment),
        ("POST", f"issue/{_KEY}/remotelink", issues.remote_link),
        ("POST", f"issue/{_KEY}/attachments", issues.attach),
        ("GET", f"issue/{_KEY}/properties/{_KEY}", issues.kept_property),
        ("PUT", f"issue/{_KEY}/properties/{_KEY}", issues.kept_property),
        ("POST", "issueLink", issues.link),
        ("GET", "search", search),
        ("POST", "search", search),
        ("GET", "search/jql", search),
        ("POST", "search/jql", search),
        ("GET", "user/assignable/search", about.assignable),
    )
)
