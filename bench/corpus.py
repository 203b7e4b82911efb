"""Makes the lines and rules that everything is measured on: real log lines repeated with other numbers, and known hits.

The lines come from the shared streams at bench time and go to a temporary folder; nothing of them is kept.

Rules and lines were chosen once, by what rules of log watchers look like, and are not to be changed to suit a program:
plain words, words around a gap (`[^ ]+`), an alternative with an optional part, a program with its process number; all
end in an address, which fail2ban insists on and which keeps every engine busy to the end of the match. Their words are
made up, so that how many lines match is known and whoever counts otherwise is wrong. Case is ignored, as most rules do.
"""

import gzip
import itertools
import json
import random
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import attrs

STREAMS = Path(__file__).resolve().parents[2] / "shared" / "data" / "streams"
TEXTS = ("auth.log.gz", "kafka.log.gz", "apache_access.log.gz")
_PID = re.compile(rb"\[\d+\]")
_START = datetime(2026, 1, 1, tzinfo=UTC)


_ADDRESS = r"[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+"


@attrs.frozen
class Rule:
    """Words that occur in no real line, in one of the shapes that rules of log watchers have.

    Args:
        before: An expression up to the address that every program understands alike.
        text: What it matches.
        word: What is in every line that matches.
    """

    before: str
    text: str
    word: str

    @property
    def expression(self) -> str:
        """The whole expression."""
        return f"{self.before} from {_ADDRESS}"


def rules(number: int) -> tuple[Rule, ...]:
    """So many rules, the same ones each time; the first of many are those of few."""
    chance = random.Random(7)
    syllables = [a + b for a in "bdfgklmnprstvz" for b in "aeiou"]

    def word() -> str:
        return "".join(chance.choices(syllables, k=3))

    made: dict[str, Rule] = {}
    while len(made) < number:
        one, two, three, shape = word(), word(), word(), len(made) % 4
        if shape == 0:
            rule = Rule(f"{one} {two} for {three}", f"{one} {two} for {three}", f"{one} {two} for {three}")
        elif shape == 1:
            rule = Rule(f"{one} {two} for [^ ]+", f"{one} {two} for {three}", f"{one} {two} for")
        elif shape == 2:
            rule = Rule(f"({one}|{two}) {three}( of [^ ]+)?", f"{two} {three} of root", three)
        else:
            rule = Rule(f"{one}\\[[0-9]+\\]: [^ ]+ {two}", f"{one}[{len(made)}]: {three} {two}", f" {two}")
        made.setdefault(rule.before, rule)
    return tuple(made.values())


def write(path: Path, number: int, *, share: float, rules: tuple[Rule, ...], as_json: bool = False) -> int:
    """Write so many lines, of which a share matches one rule each; answers how many match."""
    planted = 0
    every = round(1 / share)
    with path.open("wb") as out:
        for n, line in enumerate(itertools.islice(lines(), number)):
            text = line
            if n % every == 0:
                which = planted % len(rules)
                text += b" %s from 203.0.113.%d" % (rules[which].text.encode(), which % 250)
                planted += 1
            out.write((_event(text, n) if as_json else text) + b"\n")
    return planted


def shipped(path: Path, number: int, names: Sequence[str] = TEXTS) -> None:
    """Write so many lines as they are, for the rules that are shipped."""
    with path.open("wb") as out:
        out.writelines(line + b"\n" for line in itertools.islice(lines(names), number))


def lines(names: Sequence[str] = TEXTS) -> Iterator[bytes]:
    """Real lines for ever, each time with other process numbers."""
    streams = [gzip.decompress((STREAMS / name).read_bytes()).splitlines() for name in names]
    for n in itertools.count():
        stream = streams[n % len(streams)]
        yield _PID.sub(b"[%d]" % (1000 + n % 30_000), stream[n // len(streams) % len(stream)], count=1)


def _event(text: bytes, n: int) -> bytes:
    event = {
        "timestamp": (_START + timedelta(milliseconds=n)).isoformat(),
        "host": {"name": f"web-{n % 7}"},
        "service": "app",
        "message": text.decode("utf-8", "replace"),
        "trace": f"{n:016x}",
    }
    return json.dumps(event, ensure_ascii=False).encode()
