"""What goes wrong between a program and the pretended Slack: before or after the message is stored."""

import attrs

from soc_core.testing import faults

KINDS = (
    "close-before",  # the connection ends before anything is done
    "reset-before",
    "close-after",  # done, but the connection ends without an answer
    "reset-after",
    "slow",  # done, but the answer comes too late
    "truncated",  # done, but the answer is cut
    "html",  # a proxy answers with a page, nothing is done
    "429",
    "500-before",
    "500-after",
    "503-after",
)
_DONE = frozenset({"close-after", "reset-after", "slow", "truncated", "500-after", "503-after"})


@attrs.define(kw_only=True)
class Fault(faults.Fault):
    """One thing that goes wrong.

    Args:
        kind: One of `KINDS`, or Slack's own word for an error such as `invalid_auth`.
        method: The Web API method it meets; `webhook` for incoming webhooks, `*` for everything.
        channel: Only calls about this channel, by id.
        share: The part of those calls it meets; 1 is all.
        times: How often it may happen; None is for ever.
        retry_after: What a `429` asks for, in seconds.
        seconds: How long `slow` takes.
    """

    method: str = "chat.postMessage"
    channel: str | None = None
    retry_after: int = 1

    @property
    def after_commit(self) -> bool:
        """Whether what was asked for is done all the same."""
        return self.kind in _DONE

    def meets(self, method: str, channel: str | None) -> bool:
        """Whether it is about this call."""
        return self.method in ("*", method) and self.channel in (None, channel)
