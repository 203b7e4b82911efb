"""Every metric there is, with its labels and what it says; the documentation lists the same."""

import attrs

_PERCENTILE = "percentile"


@attrs.frozen
class Metric:
    """One metric: a number that may rise and fall, for each combination of its labels."""

    name: str
    text: str
    labels: tuple[str, ...] = ()


INCIDENTS = Metric("soc_incidents", "Incidents in the window.", ("status", "priority"))
VERDICTS = Metric("soc_verdicts", "Incidents in the window by what analysts concluded.", ("verdict",))
TICKETS = Metric("soc_tickets", "Tickets made today and yesterday (UTC), and on the mean day.", ("day",))
TO_TICKET = Metric("soc_log_to_ticket_seconds", "Time from detection to the ticket.", (_PERCENTILE,))
TO_TICKET_MEAN = Metric("soc_log_to_ticket_mean_seconds", "Mean time from detection to the ticket.")
CREATIONS = Metric("soc_ticket_creations", "Tickets that were asked for, by what became of them.", ("outcome",))
CREATION_SHARE = Metric("soc_ticket_creation_ratio", "Share of tickets made, of those made or failed.")
CLOCKS = Metric("soc_sla_clocks", "Promises by how they were kept.", ("clock", "priority", "outcome"))
WITHIN = Metric("soc_sla_within_ratio", "Share of promises kept; late and still open is not.", ("clock", "priority"))
ACKNOWLEDGE = Metric("soc_acknowledge_seconds", "Time from detection to acknowledgement.", ("priority", _PERCENTILE))
ACKNOWLEDGE_MEAN = Metric("soc_acknowledge_mean_seconds", "Mean time to acknowledge (MTTA).", ("priority",))
RESOLVE = Metric("soc_resolve_seconds", "Time from detection to resolution.", ("priority", _PERCENTILE))
RESOLVE_MEAN = Metric("soc_resolve_mean_seconds", "Mean time to resolve (MTTR).", ("priority",))
ESCALATIONS = Metric("soc_escalations", "Escalations by the rung that was reached.", ("clock", "rung"))
RULE_EVENTS = Metric("soc_rule_events", "Events that a rule found.", ("rule",))
RULE_INCIDENTS = Metric("soc_rule_incidents", "Incidents that a rule opened.", ("rule",))
RULE_FALSE = Metric("soc_rule_false_positive_ratio", "Share of false positives of those judged.", ("rule",))
QUEUE = Metric("soc_queue", "Active incidents now, by the time left to resolve them.", ("left",))
NEXT_BREACH = Metric("soc_next_breach_seconds", "Time until the next active incident is overdue; absent if none is.")
JOBS = Metric("soc_jobs", "Outgoing work now; `dead` waits for a person.", ("destination", "state"))
TRIES = Metric("soc_delivery_tries", "Tries to deliver, by how they ended.", ("destination", "outcome"))
DELIVERY = Metric("soc_delivery_seconds", "Time one try took.", ("destination", _PERCENTILE))
DELIVERY_MEAN = Metric("soc_delivery_mean_seconds", "Mean time one try took.", ("destination",))
UNCERTAIN = Metric("soc_uncertain_ticket_seconds", "Age of the oldest create with unknown outcome; 0 if none.")
HELD = Metric("soc_held_events", "Events that no plugin could judge.")
QUARANTINED = Metric("soc_quarantined_lines", "Lines that could not be read.")
OCCURRENCES = Metric("soc_occurrences", "What this process counted since its start or last reload.", ("what",))
STARTED = Metric("soc_start_time_seconds", "When soc-core started, in seconds since 1970.")
HEARTBEAT = Metric("soc_heartbeat_time_seconds", "When soc-core last showed that it works, in seconds since 1970.")
COUNTED = Metric("soc_figures_time_seconds", "When these figures were counted, in seconds since 1970.")

METRICS = tuple(value for value in globals().copy().values() if isinstance(value, Metric))
