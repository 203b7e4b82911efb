"""What goes wrong on the way to the pretended JIRA and back: resets, slowness, cut answers, refusals."""

import re

import attrs

from soc_core.testing import faults

KINDS = (
    "reset-before",  # the connection dies before anything is done
    "reset-after",  # the connection dies after it was done
    "truncated",  # done, but the answer is cut
    "slow",  # done, but the answer comes too late
    "html",  # done, but a proxy answers with a page
    "500-before",
    "500-after",
    "503",
    "401",
    "anonymous",  # the login is silently ignored
    "429",
    "409",
)
_DONE = frozenset({"reset-after", "truncated", "slow", "html", "500-after"})


@attrs.define(kw_only=True)
class Fault(faults.Fault):
    """One thing that goes wrong.

    Args:
        kind: One of `KINDS`.
        method, path: Which requests it meets; `path` is a regular expression looked for in the path
            behind `/rest/api/N/`.
        share: The part of those requests it meets; 1 is all.
        times: How often it may happen; None is for ever.
        retry_after: The header's value for `429` and `503`.
        seconds: How long `slow` takes.
    """

    kind: str = attrs.field(validator=attrs.validators.in_(KINDS))
    method: str = "POST"
    path: str = "^issue$"
    retry_after: str | None = None

    @property
    def after_commit(self) -> bool:
        """Whether what was asked for is done all the same."""
        return self.kind in _DONE

    def meets(self, method: str, path: str) -> bool:
        """Whether it is about this request."""
        return self.method in ("*", method) and re.search(self.path, path) is not None
