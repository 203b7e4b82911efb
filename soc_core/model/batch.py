"""What a batch of log events came to: the few numbers that are told when somebody has had a whole file read."""

from collections.abc import Mapping

import attrs

from soc_core.model.incident import Incident


@attrs.frozen(kw_only=True)
class BatchSummary:
    """The end of a batch.

    Args:
        id: Unique for this batch; a good idempotency key.
        processed: How many events were read, those that nobody had an opinion of included.
        by_severity: How many events of each whole severity became or joined an incident.
        alerts: How many incidents were opened without a ticket.
        incidents: The incidents that were opened with one, as they stand now; most urgent first.
    """

    id: str
    processed: int
    by_severity: Mapping[int, int] = attrs.field(factory=dict)
    alerts: int = 0
    incidents: tuple[Incident, ...] = ()

    @property
    def worth_telling(self) -> bool:
        """100 events, or 5 of severity 6 or 7, or any of severity 8 and more."""
        middling = self.by_severity.get(6, 0) + self.by_severity.get(7, 0)
        critical = sum(count for severity, count in self.by_severity.items() if severity >= 8)
        return self.processed >= 100 or middling >= 5 or critical > 0
