"""`soc explain` says of any event what `soc run` then does with it."""

import json
from datetime import timedelta

from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from soc_core.app import Soc
from soc_core.cli.program import soc as program

PLUGINS = {"plugins": {"disable": ["jira", "slack", "console"]}}
SOURCES = st.sampled_from(["sshd", "useradd", "nginx", "app", "kernel", "sudo"])
ADDRESSES = st.sampled_from(["203.0.113.9", "10.0.0.7", "2001:db8::1"])
USERS = st.sampled_from(["root", "anna", "svc$", "x'; --"])
LINES = st.one_of(
    st.builds("Failed password for {} from {} port 22 ssh2".format, USERS, ADDRESSES),
    st.builds("Accepted password for {} from {} port 22 ssh2".format, USERS, ADDRESSES),
    st.builds("new user: name={}, UID=0, GID=0, home=/root, shell=/bin/bash".format, USERS),
    st.builds('{} - - [02/Mar/2026:11:59:01 +0000] "GET /?q=../../etc/passwd HTTP/1.1" 200 1'.format, ADDRESSES),
    st.builds(
        lambda level, text: json.dumps({"level": level, "message": text}),
        st.sampled_from(["critical", "info"]),
        st.text(max_size=30),
    ),
    st.text(min_size=1, max_size=80).filter(str.strip),
)


@given(st.lists(st.tuples(SOURCES, LINES), min_size=1, max_size=5))
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_explained_is_what_happens(tmp_path_factory, pairs):
    folder = tmp_path_factory.mktemp("explain")
    rows = [{"id": str(number), "source": source, "message": line} for number, (source, line) in enumerate(pairs)]
    config = folder / "soc.toml"
    config.write_text('[plugins]\ndisable = ["jira", "slack", "console"]\n')
    text = "".join(json.dumps(row) + "\n" for row in rows)
    done = CliRunner().invoke(
        program, ["--config", str(config), "--store", "sqlite://", "explain", "-", "--json"], input=text
    )
    assert done.exit_code == 0, done.output
    for row, said in zip(rows, map(json.loads, done.stdout.splitlines()), strict=True):
        with Soc.open(overrides={"store": "sqlite://", **PLUGINS}, env={}) as soc:
            outcome = soc.submit([row])
            found = [soc.reports.incident(incident.id) for incident in outcome.opened]
        if said["decision"] == "ignore":
            assert found == []
            continue
        (incident,) = found
        assert incident.kind == said["decision"]
        assert incident.why == said["why"]
        assert incident.decided_by == said["decided_by"]
        assert (incident.label, incident.severity, incident.rule) == (said["label"], said["severity"], said["rule"])
        assert incident.priority == said["priority"]
        assert incident.fingerprint == said["fingerprint"]
        assert incident.summary == said["summary"]
        promised = {name: clock.target.duration for name, clock in incident.clocks.items()}
        assert {name: timedelta(seconds=facts["seconds"]) for name, facts in (said["sla"] or {}).items()} == promised
