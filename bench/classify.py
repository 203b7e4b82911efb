"""How quick `soc classify` is, which judges every event in full and answers each: `python -m bench.classify`.

The processor time of the whole program counts, without what it takes to start: that of a run on one line.
"""

import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

from bench import corpus


def measure(log: Path, one: Path) -> dict[str, float]:
    """The best of three runs over a log; `one` is a log of one line."""
    began, whole = (min(_spent(path) for _ in range(3)) for path in (one, log))
    lines = log.read_bytes().count(b"\n") - 1
    return {"lines": lines, "matched": 0, "cpu": whole - began, "start": began}


def _spent(log: Path) -> float:
    """Processor seconds of one run."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, "-m", "soc_core", "-q", "classify", str(log)]
    here = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=log.parent, env=here)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> int:
    """Each stream by itself, then all of them mixed; 2 if there is nothing to measure on."""
    if not corpus.STREAMS.is_dir():
        print(f"bench: the lines come from {corpus.STREAMS}, which is not there", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory(prefix="soc-bench-") as folder:
        one = Path(folder, "one")
        corpus.shipped(one, 1)
        for names in (*((name,) for name in corpus.TEXTS), corpus.TEXTS):
            log = Path(folder, "log")
            corpus.shipped(log, 40_000, names)
            found = measure(log, one)
            rate = found["lines"] / found["cpu"]
            print(f"  {' + '.join(name.partition('.')[0] for name in names):<32} {rate:>10,.0f} lines/s", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
