"""How long a line takes until what follows from it is durable, while lines come at a steady rate.

`python -m bench.latency feed RATE SECONDS` writes real lines, each hundredth with a hit and the time it was written.
"""

import re
import subprocess
import sys
import time
from itertools import islice

from bench import corpus
from bench.ours import Task, opened
from soc_core.stages.intake.reading import Reader

_STAMP = re.compile(r"t=(\d+)$")
_EVERY = 100


def measure(store: str, *, rate: int, seconds: int) -> dict[str, float]:
    """Milliseconds from the writing of a line to the end of the transaction that stored what it led to."""
    waits: list[float] = []
    lines = 0
    with opened(Task(log="", store=store)) as soc:
        command = [sys.executable, "-m", "bench.latency", "feed", str(rate), str(seconds)]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as feed:
            for batch in Reader(["-"], clock=soc.clock, stdin=feed.stdout, select=soc.candidates):
                soc.take(batch)
                now = time.monotonic_ns()
                lines += batch.lines
                stamps = [found for event in batch.events if (found := _STAMP.search(event.message))]
                waits += [(now - int(stamp[1])) / 1e6 for stamp in stamps]
    waits = sorted(waits[len(waits) // 10 :])  # the first tenth warms up
    return {
        "lines": lines,
        "matched": len(waits),
        "median_ms": waits[len(waits) // 2],
        "p99_ms": waits[len(waits) * 99 // 100],
    }


def _feed(rate: int, seconds: int) -> None:
    rules = corpus.rules(200)
    began = time.monotonic()
    source = corpus.lines()
    for tick in range(seconds * 100):  # a hundred times a second what is due by then
        time.sleep(max(0.0, began + tick / 100 - time.monotonic()))
        for n, line in enumerate(islice(source, rate // 100)):
            hit = b""
            if n % _EVERY == 0:
                hit = b" %s from 203.0.113.%d t=%d" % (rules[1].text.encode(), tick % 250, time.monotonic_ns())
            sys.stdout.buffer.write(line + hit + b"\n")
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    _feed(int(sys.argv[2]), int(sys.argv[3]))
