"""What tests of plugins ask about most: is there a ticket, was it escalated, did a secret leave?"""

import base64
import json
import urllib.parse
from collections.abc import Iterable

from soc_core.app import Soc
from soc_core.model.incident import Incident
from soc_core.model.setting import Secret

_OF_TICKET = ("key", "tracker", "url")


def assert_ticket(soc: Soc, **facts: object) -> Incident:
    """The one incident with a ticket that fits; deliver first, by `soc.work()`.

    Args:
        soc: The engine.
        facts: What the incident must be like, by attribute, such as `label="Error"`; `key` and `tracker` are
            the ticket's.
    """
    fitting = [incident for incident in _all(soc) if incident.ticket is not None and _fits(incident, facts)]
    if len(fitting) == 1:
        return fitting[0]
    count = "no ticket" if not fitting else f"{len(fitting)} tickets"
    raise AssertionError(f"{count} with {_shown(facts)}; there is {_overview(soc)}")


def assert_no_ticket(soc: Soc, **facts: object) -> None:
    """No incident that fits has a ticket, nor is one on its way."""
    for incident in _all(soc):
        wanted = any(job.kind == "create_ticket" for job in soc.reports.jobs(incident=incident.id))
        if _fits(incident, facts) and (incident.ticket is not None or wanted):
            raise AssertionError(f"{incident.id} has a ticket or gets one: {incident.why or incident.summary}")


def assert_escalated(soc: Soc, incident: Incident | str, rung: str, *, told: Iterable[str] | None = None) -> None:
    """A rung of an incident's ladder has fired; `told` are the roles or people it names."""
    number = incident if isinstance(incident, str) else incident.id
    trail = [entry for entry in soc.reports.timeline(number) if entry.what == "escalation.fired"]
    fired = [json.loads(entry.body) for entry in trail]
    names = ", ".join(str(one["rung"]) for one in fired) or "none"
    found = [one for one in fired if one["rung"] == rung]
    if not found:
        raise AssertionError(f"rung {rung!r} of {number} has not fired by {soc.clock.now()}; fired: {names}")
    if told is not None and {*told} - {*found[-1]["notify"], *found[-1]["told"]}:
        raise AssertionError(f"rung {rung!r} of {number} told {found[-1]['notify']}, not {sorted(told)}")


def assert_no_secret_in(output: object, *secrets: str | Secret) -> None:
    """None of the secrets shows in a text, in bytes or in the `repr` of anything else, in whatever writing."""
    text = output.decode("utf-8", "replace") if isinstance(output, bytes) else None
    text = text if text is not None else output if isinstance(output, str) else repr(output)
    for number, secret in enumerate(secrets, 1):
        for writing, form in _writings(secret.reveal() if isinstance(secret, Secret) else secret):
            at = text.find(form)
            if at >= 0:  # the message must not show it either
                raise AssertionError(f"secret number {number} shows {writing} behind {text[max(0, at - 40) : at]!r}")


def _writings(secret: str) -> Iterable[tuple[str, str]]:
    raw = secret.encode()
    yield "as it is", secret
    yield "quoted for an address", urllib.parse.quote(secret, safe="")
    yield "in hexadecimal", raw.hex()
    for shift in range(3):  # base64 of a text that the secret is somewhere in
        coded = base64.b64encode(b" " * shift + raw).decode()
        yield "in base64", coded[-(-shift * 4 // 3) : (shift + len(raw)) * 4 // 3]


def _all(soc: Soc) -> tuple[Incident, ...]:
    return soc.reports.incidents(active=False)


def _fits(incident: Incident, facts: dict[str, object]) -> bool:
    return all(
        getattr(incident.ticket if name in _OF_TICKET else incident, name, None) == facts[name] for name in facts
    )


def _shown(facts: dict[str, object]) -> str:
    return ", ".join(f"{name}={value!r}" for name, value in facts.items()) or "anything"


def _overview(soc: Soc) -> str:
    rows = []
    for incident in _all(soc):
        jobs = [job for job in soc.reports.jobs(incident=incident.id) if job.kind == "create_ticket"]
        waiting = [f"{job.kind} for {job.dest} is {job.state} {job.last_error}".rstrip() for job in jobs]
        state = incident.ticket.key if incident.ticket else f"no ticket ({'; '.join(waiting) or incident.why})"
        rows.append(f"{incident.id} {incident.summary}: {state}")
    return "\n  ".join(["", *rows]) if rows else "no incident at all"
