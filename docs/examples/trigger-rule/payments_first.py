"""Our trigger rule: payments make tickets early, the lab never does."""

from soc_core import Decision, Finding, hookimpl


@hookimpl
def should_create_ticket(finding: Finding) -> Decision | None:
    if finding.event.source == "lab":
        return Decision.ignore("the lab may burn")
    if finding.event.source == "payments" and finding.severity >= 5:
        return Decision.ticket("payments may not")
    return None  # the built-in rule decides about the rest
