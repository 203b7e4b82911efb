"""Where trackers and notifiers are tried: one call at a time, through a bad network, in a thread that may hang."""

import threading
from collections import Counter
from collections.abc import Mapping

import attrs

from soc_core.calls import Calls
from soc_core.model.batch import BatchSummary
from soc_core.model.incident import Change, Incident, Ticket, Update
from soc_core.model.job import Delivery
from soc_core.model.sla import EscalationStep
from soc_core.testing.clauses import Outside
from soc_core.testing.ears import Ears
from soc_core.testing.questions import calls_to
from soc_core.testing.relay import Relay
from soc_core.testing.samples import NOON

CREATE, FIND = "create_ticket", "find_ticket"
NOTICES = ("on_incident_opened", "on_ticket_created", "on_escalation", "on_incident_updated", "on_batch_processed")


@attrs.define
class Did:
    """How one call ended: an answer, an error, or not at all."""

    answer: object = None
    error: BaseException | None = None
    hung: bool = False

    def __str__(self) -> str:
        if self.hung:
            return "was still waiting"
        return f"answered {self.answer!r}" if self.error is None else f"raised {self.error!r}"


class Bench:
    """Where plugins are tried."""

    def __init__(self, *, outside: Outside, relay: Relay, ears: Ears) -> None:
        self.outside: Outside = outside
        self.relay: Relay = relay
        self.ears: Ears = ears
        calls = self.calls()
        self.tracker: bool = bool(calls.trackers())
        self.hook: str = CREATE if self.tracker else next((hook for hook in NOTICES if calls.listeners(hook)), "")

    def calls(self, url: str | None = None) -> Calls:
        """The way to a new plugin that talks through the bad network, or to another address."""
        obj = self.outside.plugin(url or self.relay.url)
        self.ears.note(repr(obj), str(obj))
        return calls_to(self.outside.name, obj, [])

    def send(self, calls: Calls, incident: Incident, delivery: Delivery | None = None) -> Did:
        """Have the ticket made, or the first notice told."""
        return self.do(calls, self.hook, incident, delivery)

    def do(self, calls: Calls, hook: str, incident: Incident, delivery: Delivery | None = None) -> Did:
        """Call a hook in a thread that may hang."""
        given = delivery or Delivery(key=f"{incident.id}:{hook}")
        did = Did()

        def call() -> None:
            try:
                did.answer = self._called(calls, hook, incident, given)
            except BaseException as error:  # noqa: BLE001 - whatever a plugin raises is what we want to know
                did.error = error

        thread = threading.Thread(target=call, daemon=True, name="plugin under contract")
        thread.start()
        thread.join(self.outside.patience.total_seconds())
        did = Did(hung=True) if thread.is_alive() else did
        if did.hung:
            self.relay.let_go()
            thread.join(self.outside.patience.total_seconds())
        if did.error is not None:
            self.ears.note(str(did.error), repr(did.error))
        return did

    def new(self, before: Counter[str]) -> list[str]:
        """The texts that came to stand on the other side."""
        return list((Counter(self.outside.texts()) - before).elements())

    def standing(self) -> Counter[str]:
        """The texts that stand there."""
        return Counter(self.outside.texts())

    def _called(self, calls: Calls, hook: str, incident: Incident, delivery: Delivery) -> object:
        name = self.outside.name
        if hook == CREATE:
            return calls.create_ticket(name, incident, delivery)
        if hook == FIND:
            return calls.find_ticket(name, incident, delivery)
        more: Mapping[str, Mapping[str, object]] = {
            "on_ticket_created": {"ticket": Ticket(tracker="desk", key="T-1")},
            "on_escalation": {"step": EscalationStep(rung="half", share=0.5, notify=("manager",))},
            "on_incident_updated": {"update": Update(change=Change.NOTE, origin="soc", at=NOON, text="seen", id="n")},
            "on_batch_processed": {"batch": BatchSummary(id=incident.id, processed=1, incidents=(incident,))},
        }
        return calls.notify(name, hook, incident=incident, delivery=delivery, **more.get(hook, {}))
