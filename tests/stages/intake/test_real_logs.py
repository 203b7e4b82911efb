"""Real logs are read without loss; they lie beside the checkout and are no part of it."""

import gzip
from pathlib import Path

import pytest

from soc_core.stages.intake.reading import Reader

DATA = Path(__file__).resolve().parents[4] / "shared" / "data"
LOGS = {
    "streams/apache_access.log.gz": "plain",
    "streams/auth.log.gz": "syslog",
    "streams/kafka.log.gz": "plain",
    "streams/ossec_levels.jsonl.gz": "json",
    "events_dev_permissive.jsonl": "json",
    "events_dev_gpl2.jsonl": "json",
}


@pytest.mark.parametrize("name", LOGS)
def test_every_line_of_a_real_log_is_accounted_for(name, clock):
    path = DATA / name
    if not path.exists():
        pytest.skip(f"{name} is not there: the sample logs lie beside the checkout, in ../shared/data")
    content = (gzip.decompress if path.suffix == ".gz" else bytes)(path.read_bytes())
    reader = Reader([str(path)], clock=clock)
    lines = processed = quarantined = events = 0
    for batch in reader:
        lines += batch.lines
        processed += batch.processed
        quarantined += len(batch.quarantined)
        events += len(batch.events)
    assert reader.format_chosen(str(path)) == LOGS[name]
    assert lines == content.count(b"\n") + (not content.endswith(b"\n"))
    assert (processed, quarantined) == (lines, 0)
    assert events == sum(1 for line in content.split(b"\n") if line.strip())
