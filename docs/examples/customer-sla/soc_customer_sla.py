"""Promises each customer what was agreed with them; whose incident it is shows in the name of the machine."""

from collections.abc import Mapping
from datetime import timedelta
from fnmatch import fnmatchcase
from types import MappingProxyType

import attrs

from soc_core import Incident, Priority, Sla, Target, hookimpl, setting


@attrs.frozen(kw_only=True)
class Customer:
    """What was agreed: for which machines, and the times for urgent and for other incidents."""

    hosts: tuple[str, ...] = attrs.field(default=(), converter=tuple)
    response: timedelta = timedelta(minutes=30)
    urgent: timedelta = timedelta(hours=2)
    other: timedelta = timedelta(hours=24)


class CustomerSla:
    """The plugin `customer-sla`."""

    @attrs.frozen(kw_only=True)
    class Settings:
        """The settings of `[plugins.customer-sla]`."""

        customers: Mapping[str, Customer] = attrs.field(
            default=MappingProxyType({}), metadata=setting("Customers by name: hosts, response, urgent, other")
        )

    def __init__(self, settings: Settings) -> None:
        self._customers = settings.customers

    @hookimpl
    def compute_sla(self, incident: Incident) -> Sla | None:
        """Promise what was agreed; the incidents of nobody are left to the next policy."""
        customer = owner(incident, self._customers)
        return None if customer is None else promise(incident, customer)


def owner(incident: Incident, customers: Mapping[str, Customer]) -> Customer | None:
    """The customer whose machine it is: the first whose patterns fit."""
    host = (incident.host or "").casefold()
    fitting = (one for one in customers.values() if any(fnmatchcase(host, pattern) for pattern in one.hosts))
    return next(fitting, None)


def promise(incident: Incident, customer: Customer) -> Sla:
    """The two targets; nobody is promised a response later than the resolution."""
    urgent = incident.priority.rank <= Priority.HIGH.rank
    resolution = customer.urgent if urgent else customer.other
    response = min(customer.response, resolution)
    return Sla(response=Target(duration=response), resolution=Target(duration=resolution))
