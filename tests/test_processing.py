"""The drop-in log processor: its parameters, its answers in order, its summary."""

import inspect

import pytest

from soc_core.processing import HighPerformanceLogProcessor

LOGS = [
    ("app", "user anna opened the report"),
    ("useradd", "new user: name=svc2, UID=0, GID=0, home=/root, shell=/bin/bash, from=/dev/pts/1"),
    ("cron", "session opened for user root"),
]
KEYS = [
    "source",
    "message",
    "classification",
    "confidence_score",
    "severity_score",
    "method",
    "incident_id",
    "ticket_id",
    "ticket_url",
]


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("SOC_STORE", "SOC_CONFIG", "JIRA_SERVER_URL", "SLACK_BOT_TOKEN", "SLACK_WEBHOOK_URL"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def test_it_has_the_parameters_and_defaults_it_promises():
    defaults = {name: p.default for name, p in inspect.signature(HighPerformanceLogProcessor).parameters.items()}
    assert defaults == {
        "max_workers": None,
        "batch_size": 100,
        "use_database": True,
        "enable_slack": True,
        "enable_jira": True,
    }
    call = inspect.signature(HighPerformanceLogProcessor.process_large_dataset)
    assert list(call.parameters)[1:] == ["logs", "store_in_db", "progress_callback"]


def test_one_dict_for_each_log_in_order_after_deliveries(capsys):
    progress = []
    with HighPerformanceLogProcessor(batch_size=2, use_database=False) as processor:
        answers = processor.process_large_dataset(LOGS, progress_callback=lambda done, of: progress.append((done, of)))
    assert [list(answer) for answer in answers] == [KEYS] * 3
    assert [(answer["source"], answer["message"]) for answer in answers] == LOGS
    assert [answer["ticket_id"] for answer in answers] == [None, "LOCAL-1", None]
    assert answers[1]["severity_score"] >= 9
    assert progress == [(2, 3), (3, 3)]
    told = capsys.readouterr().out
    assert "Processed 3 logs" in told
    assert "Incidents created: 1" in told
    assert "LOCAL-1" in told


def test_in_memory_nothing_is_left_behind(elsewhere):
    with HighPerformanceLogProcessor(use_database=False) as processor:
        processor.process_large_dataset(LOGS)
    assert list(elsewhere.iterdir()) == []


def test_with_a_database_the_same_trouble_joins_the_open_incident(elsewhere):
    for _ in range(2):
        with HighPerformanceLogProcessor() as processor:
            answers = processor.process_large_dataset(LOGS)
    assert answers[1]["incident_id"] == "INC-1"
    assert (elsewhere / "soc.db").exists()


def test_store_in_db_false_leaves_the_database_as_it_is():
    with HighPerformanceLogProcessor() as processor:
        processor.process_large_dataset(LOGS, store_in_db=False)
        [_, answer, _] = processor.process_large_dataset(LOGS)
    assert answer["incident_id"] == "INC-1"


def test_a_batch_of_nothing_is_refused():
    with pytest.raises(ValueError, match="at least 1"):
        HighPerformanceLogProcessor(batch_size=0)


def test_no_logs_no_answers():
    with HighPerformanceLogProcessor(use_database=False) as processor:
        assert processor.process_large_dataset([]) == []
