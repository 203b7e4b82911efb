"""What people do in JIRA reaches the incident, once, by polls alone or by webhooks."""

import json
import threading
import time
from datetime import UTC, datetime, timedelta

import attrs
import pytest

from soc_core import Change, HttpRequest, Person, Priority, Secret, Status, Update, Verdict
from soc_core.testing.jira import ODD, Project, signature

T0 = datetime(2026, 3, 2, 23, 30, tzinfo=UTC)
FLAVOURS = [("cloud", "", "3"), ("cloud", "", "2"), ("dc-8.20", "/jira", "auto"), ("dc-9.12", "", "auto")]


@pytest.fixture
def joined(plugin_for, make_incident, house, clock):
    """Join a plugin and a house for a site: services by name, and a function that opens incidents."""

    def join(site, **settings):
        plugin = plugin_for(site, **settings)
        services = {service.name: service for service in plugin.register_services(house, house)}

        def opened(**given):
            incident = make_incident(**given)
            return house.add(incident, plugin.create_ticket(incident))

        return plugin, services, opened

    return join


def changes(house):
    return [(update.change, update.new or update.text) for _, update in house.updates]


@pytest.mark.parametrize(("flavour", "context", "api"), FLAVOURS)
def test_one_poll_brings_everything_people_did(jira_site, joined, house, clock, never, flavour, context, api) -> None:
    site = jira_site(flavour=flavour, context=context)
    house.people.append(Person(name="Robert", jira="5b10-bo" if flavour == "cloud" else "bo"))
    _, services, opened = joined(site, api=api)
    incident = opened()
    ana = site.human("ana")
    clock.forward(minutes=1)
    ana.moves("SEC-1", "In Progress")
    clock.forward(minutes=1)
    ana.assigns("SEC-1", "bo")
    ana.sets_priority("SEC-1", "Low")
    ana.comments("SEC-1", "Looks like a scanner")
    clock.forward(minutes=1)
    ana.moves("SEC-1", "Closed", resolution="False Positive")
    clock.forward(minutes=1)
    services["poll"].run(never)
    now = house.incident(incident.id)
    assert (now.status, now.assignee, now.priority) == (Status.CLOSED, "Robert", Priority.LOW)
    assert now.verdict is Verdict.FALSE_POSITIVE
    assert (Change.NOTE, "Looks like a scanner") in changes(house)
    by_change = {update.new: update for _, update in house.updates}
    assert by_change["In Progress"].at == T0 + timedelta(minutes=1)  # clocks count from when it happened
    assert {update.actor for _, update in house.updates} == {"Ana Lee"}
    assert {update.origin for _, update in house.updates} == {"jira"}


def test_a_second_poll_finds_nothing_new_and_reads_no_ticket(jira, joined, house, clock, never) -> None:
    _, services, opened = joined(jira)
    opened()
    jira.human("ana").comments("SEC-1", "hello")
    clock.forward(seconds=5)
    services["poll"].run(never)
    seen = list(house.updates)
    for _ in range(2):
        clock.forward(minutes=1)
        jira.calls.clear()
        services["poll"].run(never)
        assert [(call.method, call.path) for call in jira.calls] == [("POST", "search/jql")]
    assert house.updates == seen


def test_our_own_changes_and_comments_do_not_come_back(jira, joined, house, clock, never, delivery) -> None:
    plugin, services, opened = joined(jira)
    incident = opened()
    moved = house.kept[incident.id]
    for change, given in (
        (Change.STATUS, {"new": "In Progress"}),
        (Change.NOTE, {"text": "from chat"}),
        (Change.ASSIGNEE, {"new": "ana"}),
    ):
        update = Update(change=change, origin="slack", at=clock(), **given)
        moved = attrs.evolve(moved, status=Status.IN_PROGRESS, assignee="ana@example.org")
        plugin.on_incident_updated(moved, update, delivery(change))
    clock.forward(minutes=1)
    services["poll"].run(never)
    assert house.updates == []


def test_the_account_may_be_used_by_a_person_as_well(jira, joined, house, clock, never) -> None:
    _, services, opened = joined(jira)
    incident = opened()
    jira.human("soc-robot").moves("SEC-1", "In Progress")
    jira.human("soc-robot").comments("SEC-1", "typed by hand")
    services["poll"].run(never)
    assert house.incident(incident.id).status is Status.IN_PROGRESS
    assert (Change.NOTE, "typed by hand") in changes(house)


def test_what_people_did_before_our_own_last_change_is_overtaken(jira, joined, house, clock, never, delivery) -> None:
    plugin, services, opened = joined(jira)
    incident = opened()
    jira.human("ana").moves("SEC-1", "In Progress")
    clock.forward(minutes=5)
    closed = attrs.evolve(house.kept[incident.id], status=Status.CLOSED)
    house.kept[incident.id] = closed
    plugin.on_incident_updated(closed, Update(change=Change.STATUS, origin="slack", at=clock()), delivery())
    services["poll"].run(never)
    assert jira.issue("SEC-1").status == "Closed"
    assert [update for _, update in house.updates if update.change is Change.STATUS] == []


def test_a_lagging_search_is_caught_up_with(jira_site, joined, house, clock, never) -> None:
    site = jira_site(lag=timedelta(seconds=100))
    _, services, opened = joined(site)
    incident = opened()
    clock.forward(minutes=5)
    services["poll"].run(never)
    site.human("ana").moves("SEC-1", "In Progress")
    clock.forward(seconds=60)
    services["poll"].run(never)
    assert house.incident(incident.id).status is Status.OPEN
    clock.forward(seconds=60)
    services["poll"].run(never)
    assert house.incident(incident.id).status is Status.IN_PROGRESS


def test_after_a_long_outage_the_window_reaches_back_to_the_last_poll(jira, joined, house, clock, never) -> None:
    _, services, opened = joined(jira)
    incident = opened()
    services["poll"].run(never)
    jira.human("ana").moves("SEC-1", "In Progress")
    clock.forward(days=3)
    services["poll"].run(never)
    assert house.incident(incident.id).status is Status.IN_PROGRESS


def test_trouble_during_a_poll_leaves_the_cursor(jira, joined, house, clock, never) -> None:
    _, services, opened = joined(jira)
    incident = opened()
    services["poll"].run(never)
    kept = dict(house.cursors)
    jira.human("ana").moves("SEC-1", "In Progress")
    jira.login = "revoked"
    clock.forward(minutes=30)
    services["poll"].run(never)
    assert house.cursors == kept
    jira.login = "ok"
    services["poll"].run(never)
    assert house.incident(incident.id).status is Status.IN_PROGRESS


def test_a_change_in_the_very_second_of_our_look_is_not_missed(jira, joined, house, never) -> None:
    _, services, opened = joined(jira)
    incident = opened()
    services["poll"].run(never)
    jira.human("ana").moves("SEC-1", "In Progress")  # the clock stands still
    services["poll"].run(never)
    assert house.incident(incident.id).status is Status.IN_PROGRESS


def test_more_tickets_than_fit_on_a_page_are_all_seen(jira_site, joined, house, clock, never) -> None:
    for flavour in ("cloud", "dc-9.12"):
        site = jira_site(flavour=flavour)
        house.kept.clear()
        _, services, opened = joined(site)
        for number in range(105):
            opened()
            clock.forward(seconds=2)
            site.human("ana").comments(f"SEC-{number + 1}", "seen")
        house.updates.clear()
        services["poll"].run(never)
        assert len({incident for incident, _ in house.updates}) == 105


def test_words_of_an_odd_workflow_are_understood_by_category_and_by_settings(jira_site, joined, house, never) -> None:
    site = jira_site(projects=[Project(key="ODD", name="O", workflow=ODD)])
    _, services, opened = joined(site, statuses={"Done": "Resolved"})
    incident = opened()
    site.human("ana").moves("ODD-1", "Triage")
    services["poll"].run(never)
    assert house.incident(incident.id).status is Status.IN_PROGRESS
    site.human("ana").moves("ODD-1", "Contained")
    site.human("ana").moves("ODD-1", "Done")
    services["poll"].run(never)
    assert house.incident(incident.id).status is Status.RESOLVED
    told = [(update.new, update.word) for _, update in house.updates if update.change is Change.STATUS]
    assert told == [("In Progress", "Triage"), ("In Progress", "Contained"), ("Resolved", "Done")]


def test_a_ticket_moved_to_another_project_is_followed(jira_site, joined, house, clock, never) -> None:
    projects = [Project(key="SEC", name="S"), Project(key="OPS", name="O", id="10001")]
    for flavour in ("cloud", "dc-9.12"):
        site = jira_site(flavour=flavour, projects=projects)
        house.kept.clear()
        house.cursors.clear()
        house.updates.clear()
        _, services, opened = joined(site)
        incident = opened()
        site.human("ana").moves_to_project("SEC-1", "OPS")
        services["poll"].run(never)
        ticket = house.incident(incident.id).ticket
        assert (ticket.key, ticket.url) == ("OPS-1", f"{site.url}/browse/OPS-1")
        site.human("ana").moves("OPS-1", "In Progress")
        clock.forward(minutes=1)
        services["poll"].run(never)
        assert house.incident(incident.id).status is Status.IN_PROGRESS


def test_a_deleted_ticket_is_noticed_by_the_sweep_but_not_by_a_stranger(jira_site, joined, house, never) -> None:
    for flavour in ("cloud", "dc-9.12"):
        site = jira_site(flavour=flavour)
        house.kept.clear()
        house.gone.clear()
        _, services, opened = joined(site)
        gone, stays = opened(), opened()
        site.human("ana").deletes(gone.ticket.key)
        site.login = "ignored"
        services["sweep"].run(never)
        assert house.gone == []
        site.login = "ok"
        services["sweep"].run(never)
        assert house.gone == [gone.id]
        assert house.incident(stays.id).ticket is not None


def test_the_sweep_looks_at_every_ticket_however_many_alerts_are_open(
    jira, joined, house, make_incident, never
) -> None:
    _, services, opened = joined(jira)
    for _ in range(1000):
        alert = make_incident()
        house.kept[alert.id] = alert
    gone = opened()
    jira.human("ana").deletes(gone.ticket.key)
    services["sweep"].run(never)
    assert house.gone == [gone.id]


def test_whom_jira_cannot_assign_is_hinted_so_that_others_get_the_next(jira, joined, house) -> None:
    _, _, opened = joined(jira)
    opened(assignee="ana@example.org")
    assert house.hints == []
    opened(assignee="guest@example.org")
    assert house.hints == [("guest@example.org", False, "not assignable in SEC", timedelta(hours=1))]


def test_a_ticket_without_its_labels_is_still_followed(jira, joined, house, clock, never) -> None:
    _, services, opened = joined(jira)
    incident = opened()
    for label in ("soc-automated", incident.marker):
        jira.human("ana").unlabels("SEC-1", label)
    jira.human("ana").moves("SEC-1", "In Progress")
    services["poll"].run(never)
    assert house.incident(incident.id).status is Status.IN_PROGRESS


def test_tickets_of_another_installation_are_read_once(jira, joined, plugin_for, make_incident, clock, never) -> None:
    _, services, _ = joined(jira)
    plugin_for(jira).create_ticket(make_incident())
    clock.forward(minutes=1)
    services["poll"].run(never)
    jira.calls.clear()
    services["poll"].run(never)
    assert [call.path for call in jira.calls] == ["search/jql"]


# -- webhooks --------------------------------------------------------------------------------------------------------


def event(key: str = "SEC-1") -> bytes:
    return json.dumps({"webhookEvent": "jira:issue_updated", "issue": {"key": key}}).encode()


def signed(body: bytes, secret: str = "s3cret") -> HttpRequest:
    return HttpRequest(
        method="POST", path="/jira/webhook", headers={"x-hub-signature": signature(secret, body)}, body=body
    )


@pytest.fixture
def hooked(jira, joined):
    plugin, services, opened = joined(jira, webhook_secret=Secret("s3cret"), webhook_secret_previous=Secret("older"))
    (endpoint,) = plugin.register_endpoints()
    return endpoint, services, opened


def test_without_a_secret_there_is_no_endpoint(jira, joined) -> None:
    plugin, services, _ = joined(jira)
    assert plugin.register_endpoints() == []
    assert "webhook" not in services


def test_a_webhook_is_only_a_hint_and_the_ticket_is_read_again(jira, hooked, house) -> None:
    endpoint, services, opened = hooked
    incident = opened()
    jira.human("ana").moves("SEC-1", "In Progress")
    lie = json.dumps({"issue": {"key": "SEC-1", "fields": {"status": {"name": "Closed"}}}}).encode()
    assert endpoint.handler(signed(lie)).status == 202
    _follow_until(services["webhook"], lambda: house.updates)
    assert house.incident(incident.id).status is Status.IN_PROGRESS


@pytest.mark.parametrize(
    "request_",
    [
        HttpRequest(method="POST", path="/", body=event()),
        HttpRequest(method="POST", path="/", body=event(), headers={"x-hub-signature": ""}),
        HttpRequest(method="POST", path="/", body=event(), headers={"x-hub-signature": "sha256="}),
        HttpRequest(method="POST", path="/", body=event(), headers={"x-hub-signature": "sha256=ü"}),
        HttpRequest(method="POST", path="/", body=event(), headers={"x-hub-signature": signature("wrong", event())}),
        HttpRequest(
            method="POST", path="/", body=event("SEC-2"), headers={"x-hub-signature": signature("s3cret", event())}
        ),
        HttpRequest(
            method="POST", path="/", body=event() + b" ", headers={"x-hub-signature": signature("s3cret", event())}
        ),
    ],
)
def test_a_forged_webhook_is_refused_without_a_word(hooked, request_: HttpRequest) -> None:
    answer = hooked[0].handler(request_)
    assert (answer.status, answer.body) == (401, b"")


def test_both_secrets_are_taken_while_one_is_being_replaced(hooked) -> None:
    assert hooked[0].handler(signed(event(), "s3cret")).status == 202
    assert hooked[0].handler(signed(event(), "older")).status == 202


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"[]", 202),
        (b"[" * 100_000, 400),
        (b'{"issue": {"key": "../../x"}}', 202),
        (b"\xff", 400),
    ],
)
def test_a_signed_body_of_any_shape_does_no_harm(hooked, jira, body: bytes, status: int) -> None:
    jira.calls.clear()
    assert hooked[0].handler(signed(body)).status == status
    assert jira.calls == []


def test_many_hints_about_one_ticket_are_one_look(jira, hooked, house) -> None:
    endpoint, services, opened = hooked
    opened()
    jira.human("ana").moves("SEC-1", "In Progress")
    jira.calls.clear()
    for _ in range(50):
        endpoint.handler(signed(event()))
    _follow_until(services["webhook"], lambda: house.updates)
    assert len(jira.asked("GET", "issue/SEC-1")) == 1


def _follow_until(service, done) -> None:
    stop = threading.Event()
    thread = threading.Thread(target=service.run, args=(stop,))
    thread.start()
    deadline = time.monotonic() + 60
    while not done() and time.monotonic() < deadline:
        stop.wait(0.01)
    stop.set()
    thread.join(60)
    assert not thread.is_alive()
    assert done()
