"""The scan by hyperscan (or Vectorscan): every need at once over whole blocks of bytes."""

import platform
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from importlib.metadata import version

import hyperscan

from soc_core.scan.engine import Unloadable, by_line
from soc_core.scan.needs import Need
from soc_core.scan.tree import ANYTHING, Byte, choice, rendered, sequence

_ROOM = 1000
_BYTES_A_MATCH = 4
"""A block in which more is reported than one match for so many bytes is scanned line by line."""


class Hyperscan:
    """The library hyperscan."""

    name = "hyperscan"

    @property
    def version(self) -> str:
        """The versions of binding and library, and the processor's features it compiles for."""
        about = _compiled([Need(b"a", ignore_case=False)]).info()
        return f"{version('hyperscan')} {about!r} {platform.machine()}"

    def compile(self, needs: Sequence[Need]) -> bytes:
        """The database in hyperscan's own form."""
        return bytes(hyperscan.dumpb(_compiled(needs)))

    def load(self, compiled: bytes) -> "HyperscanNeeds":
        """Ready to scan, with scratch space of its own."""
        return HyperscanNeeds(compiled)


class HyperscanNeeds:
    """A loaded database."""

    def __init__(self, compiled: bytes) -> None:
        try:
            self._database = hyperscan.loadb(compiled, hyperscan.HS_MODE_BLOCK)
            self._database.scratch = hyperscan.Scratch(self._database)  # a loaded database has none
        except (hyperscan.error, ValueError) as error:
            raise Unloadable(f"hyperscan cannot load this database: {error}") from error
        self._lock = threading.Lock()  # the scratch space serves one scan at a time
        self._loud: Counter[int] = Counter()

    def scan(self, data: bytes) -> Mapping[int, set[int]]:
        """Lines in which the database finds something."""
        matches: list[tuple[int, int]] = []
        room = _ROOM + len(data) // _BYTES_A_MATCH

        def note(number: int, _start: int, end: int, _flags: int, _context: object) -> bool:
            matches.append((number, end))
            return len(matches) >= room

        with self._lock:
            try:
                self._database.scan(data, match_event_handler=note)
            except hyperscan.ScanTerminated:
                self._loud[Counter(number for number, _ in matches).most_common(1)[0][0]] += 1
                return self._scan_lines(data)
        return by_line(data, matches)

    def loud(self) -> Mapping[int, int]:
        """How often a need's matches made up most of a block that was full of them."""
        return self._loud

    def _scan_lines(self, data: bytes) -> dict[int, set[int]]:
        """Keep of each line only which needs it meets, however often: what a loud need costs is time, not memory."""
        found: dict[int, set[int]] = {}
        here: set[int] = set()

        def note(number: int, *_: object) -> None:
            here.add(number)

        start = 0
        for line in data.split(b"\n"):
            self._database.scan(line, match_event_handler=note)
            if here:
                found[start] = set(here)
                here.clear()
            start += len(line) + 1
        return found


def _compiled(needs: Sequence[Need]) -> hyperscan.Database:
    needs = needs or [Need(rendered(ANYTHING.part), ignore_case=False)]  # the library refuses to compile nothing
    try:
        return _database(needs)
    except hyperscan.error:
        return _database([need if _compiles(need) else _simpler(need) for need in needs])


def _database(needs: Sequence[Need]) -> hyperscan.Database:
    database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    database.compile(
        expressions=[need.expression for need in needs],
        ids=list(range(len(needs))),
        elements=len(needs),
        flags=[hyperscan.HS_FLAG_CASELESS if need.ignore_case else 0 for need in needs],
    )
    return database


def _compiles(need: Need) -> bool:
    try:
        _database([need])
    except hyperscan.error:
        return False
    return True


def _simpler(need: Need) -> Need:
    """One of a need's literals instead of an expression that is too large for the library; without any, every line."""
    literals = [sequence([Byte(1 << byte) for byte in literal]) for literal in need.literals]
    return Need(rendered(choice(literals)) if literals else rendered(ANYTHING.part), need.ignore_case)
