"""A tracker for crash tests: it keeps its tickets in a file of its own, loses answers, and its search lags."""

import sqlite3
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

from soc_core.errors import PermanentError, TemporaryError, UncertainError
from soc_core.hookspecs import hookimpl
from soc_core.model.incident import Incident, Ticket
from soc_core.model.job import Delivery

_TABLES = """
CREATE TABLE IF NOT EXISTS ticket (number INTEGER PRIMARY KEY, marker TEXT, made REAL, closed INTEGER DEFAULT 0);
CREATE TABLE IF NOT EXISTS request (number INTEGER PRIMARY KEY, what TEXT, marker TEXT, at REAL);
"""


class RemoteTracker:
    """Stands for a tracker on the other side of a network; survives the process that talks to it.

    Args:
        path: Where it keeps its tickets.
        now: The time its index goes by.
        lag: How long a new ticket stays invisible to its search.
        fault: Asked before each create with the number of earlier creates for that incident; answers one of
            `""`, `lost before`, `lost after`, `refused`, `busy`, `down`.
        search_lag: How long the core must wait before it believes an empty search.
    """

    def __init__(
        self,
        path: Path,
        *,
        now: Callable[[], datetime],
        lag: timedelta = timedelta(0),
        search_lag: timedelta = timedelta(0),
        fault: Callable[[int], str] = lambda tries: "",
    ) -> None:
        self._path = path
        self._now = now
        self._lag = lag
        self._fault = fault
        self.search_lag = search_lag
        with self._connect() as remote:
            remote.executescript(_TABLES)

    @hookimpl
    def create_ticket(self, incident: Incident, delivery: Delivery) -> Ticket:
        """Make a ticket, unless the fault of the day prevents it."""
        fault = self._fault(self.requests("create", incident.marker))
        self._note("create", incident.marker)
        if fault == "down":
            raise TemporaryError("the tracker cannot be reached", whole_destination=True)
        if fault == "busy":
            raise TemporaryError("the tracker asks us to wait", retry_after=timedelta(seconds=5))
        if fault == "refused":
            raise PermanentError("the tracker refuses the ticket")
        if fault == "lost before":
            raise UncertainError("the connection was reset")
        with self._connect() as remote:
            query = "INSERT INTO ticket (marker, made) VALUES (?, ?)"
            number = remote.execute(query, (incident.marker, self._now().timestamp())).lastrowid
        if fault == "lost after":
            raise UncertainError("the connection was reset")
        return _ticket(number)

    @hookimpl
    def find_ticket(self, incident: Incident, delivery: Delivery) -> Ticket | None:
        """Look by marker among what the index has; of several keep the oldest and close the others."""
        self._note("find", incident.marker)
        seen = (self._now() - self._lag).timestamp()
        with self._connect() as remote:
            query = "SELECT number FROM ticket WHERE marker = ? AND made <= ? AND NOT closed ORDER BY number"
            numbers = [number for (number,) in remote.execute(query, (incident.marker, seen))]
            remote.executemany("UPDATE ticket SET closed = 1 WHERE number = ?", [(number,) for number in numbers[1:]])
        return _ticket(numbers[0], numbers[1:]) if numbers else None

    def open_tickets(self) -> dict[str, int]:
        """How many open tickets each marker has."""
        with self._connect() as remote:
            query = "SELECT marker, count(*) FROM ticket WHERE NOT closed GROUP BY marker"
            return dict(remote.execute(query).fetchall())

    def requests(self, what: str, marker: str) -> int:
        """How often an incident was asked about."""
        with self._connect() as remote:
            query = "SELECT count(*) FROM request WHERE what = ? AND marker = ?"
            return int(remote.execute(query, (what, marker)).fetchone()[0])

    def order(self) -> list[str]:
        """The markers in the order their tickets were made."""
        with self._connect() as remote:
            return [marker for (marker,) in remote.execute("SELECT marker FROM ticket ORDER BY number")]

    def _note(self, what: str, marker: str) -> None:
        with self._connect() as remote:
            query = "INSERT INTO request (what, marker, at) VALUES (?, ?, ?)"
            remote.execute(query, (what, marker, self._now().timestamp()))

    def _connect(self) -> sqlite3.Connection:
        return _Closing(self._path, timeout=30)


class _Closing(sqlite3.Connection):
    """Commits and closes at the end of a `with` block; sqlite3's own only commits."""

    def __exit__(self, *error: object) -> Literal[False]:
        try:
            return super().__exit__(*error)  # type: ignore[arg-type]
        finally:
            self.close()


def _ticket(number: int | None, doubles: list[int] | None = None) -> Ticket:
    return Ticket(tracker="remote", key=f"REM-{number}", retired=tuple(f"REM-{double}" for double in doubles or ()))
