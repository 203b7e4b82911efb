"""The page that Prometheus reads, as `soc serve` answers it, for a whole month of incidents."""

import contextlib
import json
import shutil
import socket
import subprocess
import threading
from collections import Counter
from datetime import timedelta
from importlib.resources import files

import attrs
import pytest
import requests
import uvicorn
from prometheus_client.parser import text_string_to_metric_families
from soc_metrics.catalogue import METRICS
from soc_metrics.plugin import Metrics

from soc_core import HttpRequest, Secret
from soc_core.app import Soc
from soc_core.store import cursors
from soc_core.testing.clock import HandClock
from soc_core.testing.contract import plugin_contract
from soc_core.testing.month import keep, month
from soc_core.web import site

STORIES = tuple(month(500, HandClock().now()))


class CountingReports:
    """Reports of a real store that remember how often they were asked to count."""

    def __init__(self, reports):
        self._reports = reports
        self.counts = 0

    def now(self):
        return self._reports.now()

    def counted(self):
        return self._reports.counted()

    def figures(self, *, since=None):
        self.counts += 1
        return self._reports.figures(since=since)


@pytest.fixture(scope="module")
def clock():
    return HandClock()


@pytest.fixture(scope="module")
def soc(tmp_path_factory, clock):
    overrides = {
        "store": f"sqlite:///{tmp_path_factory.mktemp('month') / 'soc.db'}",
        "plugins": {"disable": ["rules", "jira", "slack"]},
    }
    with Soc.open(overrides=overrides, env={}, clock=clock) as opened:
        keep(opened.database, STORIES)
        with opened.database.write() as tx:
            cursors.beat(tx, clock.now() - timedelta(minutes=1))
        yield opened


@pytest.fixture(scope="module")
def url(soc):
    app = site(soc.calls, soc.endpoints(), ready=lambda: None)
    server = uvicorn.Server(uvicorn.Config(app, log_config=None))
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/metrics"
        server.should_exit = True
        thread.join()


@pytest.fixture(scope="module")
def scraped(url):
    with requests.Session() as session:
        session.trust_env = False
        answer = session.get(url, timeout=60)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=")
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def value(scraped, name, **labels):
    return scraped[name, tuple(sorted(labels.items()))]


def total(scraped, name, **labels):
    return sum(
        number for (found, pairs), number in scraped.items() if found == name and set(labels.items()) <= set(pairs)
    )


def test_it_shows_the_numbers_that_the_reports_show(scraped, soc, clock):
    figures = soc.reports.figures(since=clock.now() - timedelta(days=30))
    assert total(scraped, "soc_incidents") == len(STORIES)
    assert value(scraped, "soc_ticket_creation_ratio") == figures.creation.share
    assert value(scraped, "soc_log_to_ticket_seconds", percentile="95") == figures.log_to_ticket.p95
    for left, number in figures.queue.items():
        assert value(scraped, "soc_queue", left=left.value) == number
    for (clock_name, priority), kept in figures.kept.items():
        labels = {"clock": clock_name, "priority": priority.value}
        assert value(scraped, "soc_sla_clocks", outcome="met", **labels) == kept.met
        assert value(scraped, "soc_sla_clocks", outcome="overdue", **labels) == kept.overdue
        if kept.share is not None:
            assert value(scraped, "soc_sla_within_ratio", **labels) == kept.share
    for priority, spread in figures.resolve.items():
        assert value(scraped, "soc_resolve_seconds", priority=priority.value, percentile="90") == spread.p90
        assert value(scraped, "soc_resolve_mean_seconds", priority=priority.value) == spread.mean
    for (clock_name, rung), number in figures.escalations.items():
        assert value(scraped, "soc_escalations", clock=clock_name, rung=rung) == number
    for one in figures.rules:
        assert value(scraped, "soc_rule_events", rule=one.rule) == one.events


def test_the_numbers_are_those_of_the_month(scraped, clock):
    now = clock.now()
    made = [story.ticket_at for story in STORIES if story.ticket_at]
    days = Counter(at.date() for at in made)
    assert value(scraped, "soc_tickets", day="yesterday") == days[now.date() - timedelta(days=1)]
    assert value(scraped, "soc_tickets", day="mean") == pytest.approx(len(made) / 30)
    outcomes = Counter(one.outcome for story in STORIES for one in story.tries)
    for outcome, number in outcomes.items():
        assert value(scraped, "soc_delivery_tries", destination="jira", outcome=outcome) == number
    oldest = min(story.unsure_since for story in STORIES if story.unsure_since)
    assert value(scraped, "soc_uncertain_ticket_seconds") == (now - oldest).total_seconds()
    assert value(scraped, "soc_figures_time_seconds") == now.timestamp()
    assert value(scraped, "soc_heartbeat_time_seconds") == now.timestamp() - 60


def test_every_metric_of_the_catalogue_is_shown_and_no_other(scraped):
    names = {name for name, _ in scraped}
    assert {name for name in names if not name.startswith("process_")} == {metric.name for metric in METRICS}
    labels = {metric.name: set(metric.labels) for metric in METRICS}
    assert all({label for label, _ in pairs} == labels[name] for name, pairs in scraped if name in labels)


def page(reports, **settings):
    [endpoint] = Metrics(Metrics.Settings(**settings)).register_endpoints(reports)
    assert (endpoint.path, endpoint.methods) == ("/metrics", {"GET"})
    return endpoint.handler


def ask(handler, **headers):
    return handler(HttpRequest(method="GET", path="/metrics", headers=headers))


def test_scrapes_that_follow_at_once_share_one_count(soc):
    clock = HandClock()
    reports = CountingReports(attrs.evolve(soc.reports, clock=clock))
    handler = page(reports, fresh=timedelta(seconds=15))
    first = ask(handler)
    assert ask(handler).body == first.body
    assert reports.counts == 1
    clock.advance(timedelta(seconds=15))
    assert ask(handler).body != first.body
    assert reports.counts == 2


def test_with_a_token_strangers_learn_nothing(soc):
    reports = CountingReports(soc.reports)
    handler = page(reports, token=Secret("geheim-7"))
    for headers in (
        {},
        {"authorization": "Bearer wrong"},
        {"authorization": "geheim-7"},
        {"authorization": "Bearer é"},
    ):
        answer = ask(handler, **headers)
        assert (answer.status, answer.headers["www-authenticate"]) == (401, "Bearer")
        assert b"soc_" not in answer.body
        assert b"geheim" not in answer.body
    assert reports.counts == 0
    assert ask(handler, authorization="Bearer geheim-7").status == 200


def test_the_token_never_shows():
    assert "geheim-7" not in repr(Metrics.Settings(token=Secret("geheim-7")))


@pytest.mark.parametrize("wrong", [{"window": timedelta(0)}, {"fresh": timedelta(0)}, {"most": 0}])
def test_settings_that_make_no_sense_are_refused(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Metrics.Settings(**wrong)


def test_it_keeps_the_contract_of_plugins():
    plugin_contract(Metrics)


def test_an_empty_store_has_a_page(tmp_path, clock):
    overrides = {"store": "sqlite://", "plugins": {"disable": ["rules", "jira", "slack"]}}
    with Soc.open(overrides=overrides, env={}, clock=clock) as opened:
        answer = ask(page(opened.reports))
    assert b'soc_tickets{day="today"} 0.0\n' in answer.body
    assert b"soc_next_breach_seconds" not in answer.body
    assert attrs.asdict(answer)["status"] == 200


def test_a_real_prometheus_scrapes_it_and_knows_the_alerts(url, tmp_path):
    program = shutil.which("prometheus")
    if program is None:
        pytest.skip("prometheus is not installed (Debian: prometheus)")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        place = f"127.0.0.1:{free.getsockname()[1]}"
    rules = tmp_path / "alerts.yml"
    rules.write_text((files("soc_metrics") / "alerts.yml").read_text())
    targets = [{"targets": [url.split("/")[2]]}]
    config = {
        "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
        "rule_files": [str(rules)],
        "scrape_configs": [{"job_name": "soc-core", "static_configs": targets}],
    }
    (tmp_path / "prometheus.yml").write_text(json.dumps(config))  # JSON is YAML
    words = ["--config.file=prometheus.yml", "--storage.tsdb.path=data", f"--web.listen-address={place}"]
    with (tmp_path / "log").open("w") as log, requests.Session() as session:
        session.trust_env = False
        process = subprocess.Popen([program, *words], cwd=tmp_path, stdout=log, stderr=log)
        try:
            found = _until(lambda: _asked(session, place, 'soc_tickets{day="mean"}'), process)
            alerts = _until(lambda: _asked(session, place, 'ALERTS{alertname="SocTicketUncertain"}'), process)
        finally:
            process.terminate()
            process.wait(60)
    made = sum(story.ticket_at is not None for story in STORIES)
    assert float(found[0]["value"][1]) == pytest.approx(made / 30, rel=0.01)
    assert alerts[0]["metric"]["alertstate"] == "firing"


def _asked(session, place, query):
    try:
        answer = session.get(f"http://{place}/api/v1/query", params={"query": query}, timeout=5)
    except requests.RequestException:
        return []
    return answer.json()["data"]["result"] if answer.ok else []


def _until(ask, process):
    """What is there at last; a pause between two looks is the process's own business, so it is waited for briefly."""
    for _ in range(1000):
        found = ask()
        if found:
            return found
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(0.1)
            break
    raise AssertionError("prometheus ended, or never saw it")
