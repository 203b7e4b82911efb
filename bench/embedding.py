"""How long an asyncio loop waits while soc-core works beside it in threads; whether every event of 8 threads counts.

    python bench/embedding.py [--batches 100] [--lines 500] [--goal 50]

The shipped rules, a store on disk, deliveries in the background; one line in a hundred is a finding. A heartbeat in the
loop measures how much later than due it comes. `idle` is what the machine itself does to it, `in the loop` is what
happens without threads.

The goal is about what we do to the loop, which is so much of each delay as this process worked meanwhile: on a machine
that is busy with other things a loop is late all by itself.
"""

import argparse
import asyncio
import gc
import json
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from soc_core.app import Soc

OUT = Path(__file__).parent / "out"
PAUSE = 0.001
BORING = "Connection closed by 192.0.2.{} port 5061 [preauth]"
FINDING = "Accepted password for root from 203.0.113.{} port 22 ssh2"
Work = Callable[[Soc, Sequence[tuple[str, str]]], Awaitable[None]]


def batch(number: int, lines: int) -> list[tuple[str, str]]:
    """The events of one batch."""
    return [("sshd", (FINDING if at % 100 == 0 else BORING).format((number + at) % 250)) for at in range(lines)]


async def in_threads(soc: Soc, events: Sequence[tuple[str, str]]) -> None:
    """As the guide says."""
    await asyncio.to_thread(soc.submit, events)


async def unfrozen(soc: Soc, events: Sequence[tuple[str, str]]) -> None:
    """The same, while Python looks through all of the rules and libraries for garbage now and then."""
    await in_threads(soc, events)


async def as_a_block(soc: Soc, events: Sequence[tuple[str, str]]) -> None:
    """The same as bytes, which are scanned before anything is made of them."""
    data = "".join(f"{source}: {message}\n" for source, message in events).encode()
    await asyncio.to_thread(soc.process_block, data)


async def four_at_a_time(soc: Soc, events: Sequence[tuple[str, str]]) -> None:
    """Four requests side by side."""
    await asyncio.gather(*(asyncio.to_thread(soc.submit, events[part::4]) for part in range(4)))


async def in_the_loop(soc: Soc, events: Sequence[tuple[str, str]]) -> None:
    """As nobody should."""
    soc.submit(events)


async def idle(soc: Soc, events: Sequence[tuple[str, str]]) -> None:
    """Nothing at all, for as long as a batch may take."""
    await asyncio.sleep(0.05)


async def measured(soc: Soc, work: Work, *, batches: int, lines: int) -> dict[str, float]:
    """Do the work with a heartbeat beside it."""
    late: list[float] = []
    ours: list[float] = []
    done = asyncio.Event()

    async def heartbeat() -> None:
        while not done.is_set():
            began, worked = time.perf_counter(), time.process_time()
            await asyncio.sleep(PAUSE)
            late.append(time.perf_counter() - began - PAUSE)
            ours.append(min(late[-1], time.process_time() - worked))

    beating = asyncio.create_task(heartbeat())
    await asyncio.sleep(0)
    began = time.perf_counter()
    for number in range(batches):
        await work(soc, batch(number, lines))
        await asyncio.sleep(0)
    seconds = time.perf_counter() - began
    done.set()
    await beating
    late.sort()
    return {
        "ours_max_ms": max(ours) * 1e3,
        "max_ms": late[-1] * 1e3,
        "p99_ms": late[int(len(late) * 0.99)] * 1e3,
        "median_ms": statistics.median(late) * 1e3,
        "lines_per_second": batches * lines / seconds,
    }


def counted(folder: Path, *, threads: int, batches: int, lines: int) -> dict[str, float]:
    """Two houses in one process, several threads for each: how many events arrived in either."""
    houses = [_house(folder / f"{name}.db") for name in ("one", "other")]
    took = [0, 0]
    lock = threading.Lock()

    def send(at: int, start: int) -> None:
        for number in range(batches):
            outcome = houses[at].submit(batch(start + number, lines))
            with lock:
                took[at] += outcome.processed

    began = time.perf_counter()
    senders = [threading.Thread(target=send, args=(at, n * batches)) for at in (0, 1) for n in range(threads)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    seconds = time.perf_counter() - began
    kept = [sum(one.count for one in house.reports.incidents()) for house in houses]
    for house in houses:
        house.close()
    due = threads * batches * lines
    return {
        "due": due,
        "one": took[0],
        "other": took[1],
        "findings_due": threads * batches * -(-lines // 100),
        "findings_one": kept[0],
        "findings_other": kept[1],
        "lines_per_second": 2 * due / seconds,
    }


def _house(store: Path) -> Soc:
    return Soc.open(
        env={}, overrides={"store": f"sqlite:///{store}", "plugins": {"disable": ["jira", "slack", "console"]}}
    )


def main() -> int:
    """Measure all, print, and keep it as JSON; 1 if the loop was late or an event is missing."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--batches", type=int, default=100)
    parser.add_argument("--lines", type=int, default=500, help="In each batch.")
    parser.add_argument("--goal", type=float, default=50, help="Milliseconds that a loop may wait.")
    chosen = parser.parse_args()
    rows: dict[str, dict[str, float]] = {}
    print(f"heartbeat every {PAUSE * 1e3:g} ms in the loop, {chosen.batches} batches of {chosen.lines} lines")
    for work in (idle, in_threads, four_at_a_time, as_a_block, unfrozen, in_the_loop):
        with tempfile.TemporaryDirectory() as folder, _house(Path(folder) / "soc.db") as soc:
            soc.submit(batch(0, 10))  # what is made once is made before
            soc.process_block(b"nothing\n")
            soc.start()
            if work is not unfrozen:
                gc.collect()
                gc.freeze()
            name = work.__name__.replace("_", " ")
            row = rows[name] = asyncio.run(measured(soc, work, batches=chosen.batches, lines=chosen.lines))
            gc.unfreeze()
        print(
            f"  {name:<16} at most {row['max_ms']:>7.1f} ms late, {row['ours_max_ms']:>7.1f} ms of it ours,"
            f" 99 % within {row['p99_ms']:>6.1f} ms"
            f" {row['lines_per_second']:>9,.0f} lines/s"
        )
    with tempfile.TemporaryDirectory() as folder:
        count = counted(Path(folder), threads=8, batches=max(1, chosen.batches // 10), lines=chosen.lines)
    print(f"8 threads into each of 2 houses: {count['one']:,} and {count['other']:,} of {count['due']:,} events each,")
    print(f"  findings {count['findings_one']:,} and {count['findings_other']:,} of {count['findings_due']:,}")
    OUT.mkdir(exist_ok=True)
    (OUT / "embedding.json").write_text(json.dumps({"schema": 1, "rows": rows, "count": count}, indent=2) + "\n")
    worst = max(rows[name]["ours_max_ms"] for name in ("in threads", "four at a time", "as a block"))
    exact = {count["one"], count["other"]} == {count["due"]} and (
        {count["findings_one"], count["findings_other"]} == {count["findings_due"]}
    )
    held = worst <= chosen.goal
    print(f"the loop waited {worst:.1f} ms for us at most: goal <= {chosen.goal:g} ms {'held' if held else 'MISSED'}")
    print(f"{rows['in the loop']['ours_max_ms'] / worst:.1f} times as long without threads")
    print("every event counted" if exact else "EVENTS ARE MISSING")
    return 0 if held and exact else 1


if __name__ == "__main__":
    sys.exit(main())
