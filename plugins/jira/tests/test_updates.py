"""Changes of incidents on their way to existing tickets."""

from datetime import UTC, datetime, timedelta

import attrs
import pytest
from soc_jira.comments import is_ours

from soc_core import (
    Change,
    EscalationStep,
    Move,
    PermanentError,
    Person,
    Priority,
    Status,
    TemporaryError,
    Tick,
    Ticket,
    UncertainError,
    Update,
    Verdict,
)
from soc_core.testing.jira import CLASSIC, ODD, ROBOT, Fault, Project, Transition

T0 = datetime(2026, 3, 2, 23, 30, tzinfo=UTC)


def update(change, **given):
    return Update(change=change, **({"origin": "slack", "at": T0 + timedelta(minutes=5), "actor": "Ana Lee"} | given))


@pytest.fixture
def opened(jira, plugin_for, make_incident):
    """A plugin, and an incident with its ticket."""
    plugin = plugin_for(jira)
    incident = make_incident()
    ticket = plugin.create_ticket(incident)
    jira.calls.clear()
    return plugin, attrs.evolve(incident, ticket=ticket)


@pytest.mark.parametrize(("flavour", "api"), [("cloud", "3"), ("cloud", "2"), ("dc-9.12", "auto")])
def test_a_note_becomes_one_comment_that_names_its_author(
    jira_site, plugin_for, make_incident, delivery, flavour, api
) -> None:
    jira = jira_site(flavour=flavour)
    plugin, incident = plugin_for(jira, api=api), make_incident()
    incident = attrs.evolve(incident, ticket=plugin.create_ticket(incident))
    plugin.on_incident_updated(incident, update(Change.NOTE, text="looked at [~bo]\n{code}x{code}"), delivery("a"))
    (comment,) = jira.issue("SEC-1").comments
    text = jira.text(comment["body"])
    assert "Ana Lee" in text
    assert "looked at [~bo]" in text
    assert is_ours(text)


def test_a_note_whose_answer_was_lost_is_not_written_twice(jira, opened, delivery) -> None:
    plugin, incident = opened
    jira.faults.add(Fault(kind="reset-after", path="comment", times=1))
    with pytest.raises(UncertainError):
        plugin.on_incident_updated(incident, update(Change.NOTE, text="hello"), delivery("a"))
    plugin.on_incident_updated(incident, update(Change.NOTE, text="hello"), delivery("a", attempt=2))
    assert len(jira.issue("SEC-1").comments) == 1


def test_a_note_that_did_not_arrive_is_written_by_the_repeat(jira, opened, delivery) -> None:
    plugin, incident = opened
    jira.faults.add(Fault(kind="reset-before", path="comment", times=1))
    with pytest.raises(UncertainError):
        plugin.on_incident_updated(incident, update(Change.NOTE, text="hello"), delivery("a"))
    plugin.on_incident_updated(incident, update(Change.NOTE, text="hello"), delivery("a", attempt=2))
    assert len(jira.issue("SEC-1").comments) == 1


@pytest.mark.parametrize(
    ("status", "expected"),
    [(Status.IN_PROGRESS, "In Progress"), (Status.RESOLVED, "Resolved"), (Status.CLOSED, "Closed")],
)
def test_a_status_moves_the_ticket(jira, opened, delivery, status: Status, expected: str) -> None:
    plugin, incident = opened
    for _ in range(2):  # being there already is success
        plugin.on_incident_updated(
            attrs.evolve(incident, status=status), update(Change.STATUS, new=status.value), delivery()
        )
    issue = jira.issue("SEC-1")
    assert issue.status == expected
    assert len(jira.asked("POST", "issue/SEC-1/transitions")) == 1
    assert issue.resolution == (None if status is Status.IN_PROGRESS else "Done")


def test_a_verdict_chooses_the_resolution(jira_site, plugin_for, make_incident, delivery) -> None:
    site = jira_site()
    plugin = plugin_for(site, resolutions={"false positive": "False Positive"})
    incident = make_incident(status=Status.CLOSED, verdict=Verdict.FALSE_POSITIVE)
    incident = attrs.evolve(incident, ticket=plugin.create_ticket(incident))
    plugin.on_incident_updated(incident, update(Change.STATUS, new="Closed"), delivery())
    assert site.issue("SEC-1").resolution == "False Positive"


@pytest.mark.parametrize(("flavour", "context"), [("cloud", ""), ("dc-8.20", "/jira")])
def test_a_path_through_an_unknown_workflow_is_found_and_learnt(
    jira_site, plugin_for, make_incident, delivery, flavour, context
) -> None:
    site = jira_site(flavour=flavour, context=context, projects=[Project(key="ODD", name="O", workflow=ODD)])
    plugin = plugin_for(site)
    for number in (1, 2):
        incident = make_incident(status=Status.RESOLVED)
        incident = attrs.evolve(incident, ticket=plugin.create_ticket(incident))
        plugin.on_incident_updated(incident, update(Change.STATUS, new="Resolved"), delivery())
        assert site.issue(f"ODD-{number}").status == "Done"
        back = attrs.evolve(incident, status=Status.IN_PROGRESS)
        plugin.on_incident_updated(back, update(Change.STATUS, new="In Progress"), delivery())
        assert site.issue(f"ODD-{number}").status == "Triage"


def test_from_one_end_to_the_other_the_way_leads_over_a_reopening(jira, plugin_for, make_incident, delivery) -> None:
    plugin = plugin_for(jira)
    incident = make_incident(status=Status.RESOLVED)
    incident = attrs.evolve(incident, ticket=plugin.create_ticket(incident))
    jira.human("ana").moves("SEC-1", "Closed")
    plugin.on_incident_updated(incident, update(Change.STATUS, new="Resolved"), delivery())
    assert jira.issue("SEC-1").status == "Resolved"


def test_a_configured_path_is_taken(jira_site, plugin_for, make_incident, delivery) -> None:
    shortcut = Transition(id="9", name="Straight", to="Done", sources=("Triage",))
    workflow = attrs.evolve(ODD, transitions=(*ODD.transitions, shortcut))
    site = jira_site(projects=[Project(key="ODD", name="O", workflow=workflow)])
    plugin = plugin_for(site, paths={"Resolved": ("Triage", "Contained", "Done")})
    incident = make_incident(status=Status.RESOLVED)
    incident = attrs.evolve(incident, ticket=plugin.create_ticket(incident))
    plugin.on_incident_updated(incident, update(Change.STATUS, new="Resolved"), delivery())
    steps = [
        item["toString"]
        for entry in site.issue("ODD-1").histories
        for item in entry["items"]
        if item["field"] == "status"
    ]
    assert steps == ["Triage", "Contained", "Done"]


def test_no_way_to_a_status_is_explained(jira_site, plugin_for, make_incident, delivery) -> None:
    stuck = attrs.evolve(CLASSIC, transitions=CLASSIC.transitions[:1])
    site = jira_site(projects=[Project(key="SEC", name="S", workflow=stuck)])
    plugin = plugin_for(site)
    incident = make_incident(status=Status.CLOSED)
    incident = attrs.evolve(incident, ticket=plugin.create_ticket(incident))
    with pytest.raises(PermanentError, match=r"no way from .* to Closed"):
        plugin.on_incident_updated(incident, update(Change.STATUS, new="Closed"), delivery())


def test_a_conflict_is_planned_again_once(jira, opened, delivery) -> None:
    plugin, incident = opened
    jira.faults.add(Fault(kind="409", path="transitions", times=1))
    moved = attrs.evolve(incident, status=Status.IN_PROGRESS)
    plugin.on_incident_updated(moved, update(Change.STATUS, new="In Progress"), delivery())
    assert jira.issue("SEC-1").status == "In Progress"


def test_several_waiting_changes_become_one_edit(jira, opened, delivery) -> None:
    plugin, incident = opened
    later = {
        name: clock.with_tick(Tick(move=Move.RESET, at=T0 + timedelta(days=2)))
        for name, clock in incident.clocks.items()
    }
    incident = attrs.evolve(incident, assignee="bo@example.org", priority=Priority.MEDIUM, clocks=later)
    for change in (Change.ASSIGNEE, Change.PRIORITY, Change.SLA):
        plugin.on_incident_updated(incident, update(change), delivery(change))
    issue = jira.issue("SEC-1")
    assert (issue.assignee, issue.priority, issue.fields["duedate"]) == ("5b10-bo", "Medium", "2026-03-05")
    assert issue.properties["soc.core"]["due"]["resolution"] == "2026-03-05T00:30:00+00:00"
    assert len(jira.asked("PUT", "issue/SEC-1")) == 1


def test_a_due_instant_in_another_zone_is_the_same_instant(jira_site, plugin_for, make_incident, delivery) -> None:
    project = Project(key="SEC", name="S", datetimes=("customfield_9",))
    site = jira_site(projects=[project], robot=attrs.evolve(ROBOT, zone="Australia/Sydney"))
    plugin, incident = plugin_for(site, due_field="customfield_9"), make_incident()
    incident = attrs.evolve(incident, ticket=plugin.create_ticket(incident))
    plugin.on_incident_updated(incident, update(Change.SLA), delivery())
    assert [call for call in site.calls if call.method == "PUT"] == []


def test_a_done_ticket_is_edited_before_it_is_closed(jira, opened, delivery) -> None:
    plugin, incident = opened
    closed = attrs.evolve(incident, status=Status.CLOSED, priority=Priority.LOW)
    plugin.on_incident_updated(closed, update(Change.STATUS, new="Closed"), delivery())
    writes = [call.path for call in jira.calls if call.method in ("PUT", "POST")]
    assert writes == ["issue/SEC-1", "issue/SEC-1/transitions"]


def test_what_people_changed_meanwhile_is_left_alone(jira, clock, opened, delivery) -> None:
    plugin, incident = opened
    clock.forward(minutes=10)
    jira.human("ana").sets_priority("SEC-1", "Low")
    jira.human("ana").moves("SEC-1", "In Progress")
    jira.calls.clear()
    older = update(Change.STATUS, new="Closed", at=T0 + timedelta(minutes=5))
    plugin.on_incident_updated(attrs.evolve(incident, status=Status.CLOSED), older, delivery())
    plugin.on_incident_updated(
        attrs.evolve(incident, assignee="bo@example.org"),
        update(Change.ASSIGNEE, at=T0 + timedelta(minutes=20)),
        delivery(),
    )
    issue = jira.issue("SEC-1")
    assert (issue.status, issue.priority, issue.assignee) == ("In Progress", "Low", "5b10-bo")


def test_a_later_decision_about_the_same_field_wins_over_people(jira, clock, opened, delivery) -> None:
    plugin, incident = opened
    clock.forward(minutes=10)
    jira.human("ana").sets_priority("SEC-1", "Low")
    plugin.on_incident_updated(
        attrs.evolve(incident, priority=Priority.HIGH),
        update(Change.PRIORITY, at=T0 + timedelta(minutes=20)),
        delivery(),
    )
    assert jira.issue("SEC-1").priority == "High"


def test_what_people_changed_before_we_decided_is_overwritten_though_jiras_clock_runs_ahead(
    jira, clock, opened, delivery
) -> None:
    plugin, incident = opened
    clock.forward(minutes=10)  # JIRA's clock: the house's own still stands at the start
    jira.human("ana").sets_priority("SEC-1", "Low")
    raised, decided = attrs.evolve(incident, priority=Priority.HIGH), update(Change.PRIORITY, at=T0)
    plugin.on_incident_updated(raised, decided, delivery())
    assert jira.issue("SEC-1").priority == "Low"
    last = max(int(entry["id"]) for entry in jira.issue("SEC-1").histories)
    heard_of_it = attrs.evolve(raised, refs={"jira:seen": str(last)})
    plugin.on_incident_updated(heard_of_it, decided, delivery())
    assert jira.issue("SEC-1").priority == "High"


def test_a_change_made_in_jira_is_not_sent_back(jira, opened, delivery) -> None:
    plugin, incident = opened
    for change in (Change.NOTE, Change.ASSIGNEE, Change.ACKNOWLEDGED):
        plugin.on_incident_updated(incident, update(change, origin="jira", text="x", new="Ana Lee"), delivery())
    assert [call for call in jira.calls if call.method != "GET"] == []


def test_an_incident_without_a_ticket_asks_nothing(jira, plugin_for, make_incident, delivery) -> None:
    plugin_for(jira).on_incident_updated(make_incident(), update(Change.STATUS, new="Closed"), delivery())
    assert jira.calls == []


def test_a_rung_puts_its_label_and_comment_on_the_ticket_in_one_edit(jira, opened, delivery) -> None:
    plugin, incident = opened
    step = EscalationStep(rung="breach", share=1.0, label="sla-breached", comment="The SLA is breached.")
    plugin.on_escalation(incident, step, delivery("r"))
    issue = jira.issue("SEC-1")
    assert "sla-breached" in issue.labels
    assert issue.priority == "Highest"
    assert "The SLA is breached." in jira.text(issue.comments[0]["body"])
    assert [call.method for call in jira.calls] == ["PUT"]


def test_a_rung_whose_answer_was_lost_comments_once(jira, opened, delivery) -> None:
    plugin, incident = opened
    step = EscalationStep(rung="breach", share=1.0, label="sla-breached", comment="The SLA is breached.")
    jira.faults.add(Fault(kind="reset-after", method="PUT", path="issue/SEC-1$", times=1))
    with pytest.raises(UncertainError):
        plugin.on_escalation(incident, step, delivery("r"))
    plugin.on_escalation(incident, step, delivery("r", attempt=2))
    assert len(jira.issue("SEC-1").comments) == 1


def test_a_project_without_labels_still_gets_the_rungs_comment(jira_site, plugin_for, make_incident, delivery) -> None:
    site = jira_site(projects=[Project(key="SEC", name="S", screen=frozenset({"description"}))])
    plugin, incident = plugin_for(site), make_incident()
    incident = attrs.evolve(incident, ticket=plugin.create_ticket(incident))
    plugin.on_escalation(incident, EscalationStep(rung="r", share=1.0, label="x", comment="Late."), delivery())
    assert "Late." in site.text(site.issue("SEC-1").comments[0]["body"])


def test_acknowledging_and_judging_leave_a_comment(jira, opened, delivery) -> None:
    plugin, incident = opened
    plugin.on_incident_updated(incident, update(Change.ACKNOWLEDGED), delivery("a"))
    plugin.on_incident_updated(incident, update(Change.VERDICT, new="false positive"), delivery("b"))
    texts = [jira.text(comment["body"]) for comment in jira.issue("SEC-1").comments]
    assert "Acknowledged by Ana Lee." in texts[0]
    assert "false positive" in texts[1]


def test_a_count_is_told_at_each_power_of_ten(jira, opened, delivery) -> None:
    plugin, incident = opened
    for old, count in (("1", 5), ("5", 12), ("12", 90), ("90", 130)):
        plugin.on_incident_updated(
            attrs.evolve(incident, count=count), update(Change.COUNT, old=old, new=str(count)), delivery(old)
        )
    texts = [jira.text(comment["body"]) for comment in jira.issue("SEC-1").comments]
    assert ["Seen 12 times" in texts[0], "Seen 130 times" in texts[1], len(texts)] == [True, True, 2]


def test_a_long_message_is_attached_whole_and_once(jira, plugin_for, make_incident, delivery) -> None:
    plugin, incident = plugin_for(jira), make_incident(message="x" * 50_000 + "é")
    ticket = plugin.create_ticket(incident)
    plugin.on_ticket_created(incident, ticket)
    plugin.on_ticket_created(incident, ticket)  # what comes after it had to wait, which is no second attempt
    assert jira.issue("SEC-1").attachments == [("message.txt", incident.message.encode())]


def test_the_ticket_links_back_to_our_own_page_once(jira, plugin_for, make_incident, delivery) -> None:
    plugin, incident = plugin_for(jira, dashboard_url="https://soc.example/incidents/{id}"), make_incident()
    ticket = plugin.create_ticket(incident)
    for _ in range(2):
        plugin.on_ticket_created(incident, ticket)
    (link,) = jira.issue("SEC-1").remote_links
    assert link["object"]["url"] == f"https://soc.example/incidents/{incident.id}"


def test_without_extras_a_created_ticket_costs_nothing_more(jira, opened, delivery) -> None:
    plugin, incident = opened
    plugin.on_ticket_created(incident, incident.ticket)
    assert jira.calls == []


def test_a_ticket_that_was_late_is_brought_to_where_its_incident_is(jira, plugin_for, make_incident, delivery) -> None:
    plugin, incident = plugin_for(jira), make_incident(status=Status.IN_PROGRESS)
    plugin.on_ticket_created(incident, plugin.create_ticket(incident))
    assert jira.issue("SEC-1").status == "In Progress"


def test_a_recurrence_is_linked_to_the_earlier_ticket(jira, plugin_for, make_incident, delivery, house) -> None:
    plugin = plugin_for(jira)
    plugin.register_services(house, house)
    earlier = make_incident()
    house.add(earlier, plugin.create_ticket(earlier))
    again = make_incident(follows=earlier.id)
    plugin.on_ticket_created(again, plugin.create_ticket(again))
    assert jira.issue("SEC-2").links == [("Relates", "SEC-1")]


def test_people_are_known_by_what_the_team_list_says(jira, plugin_for, make_incident, delivery, house) -> None:
    house.people.append(Person(name="Robert", jira="5b10-bo"))
    plugin = plugin_for(jira)
    plugin.register_services(house, house)
    assert jira.issue(plugin.create_ticket(make_incident(assignee="Robert")).key).assignee == "5b10-bo"


def test_a_deleted_ticket_is_refused_for_good_but_only_with_a_proven_login(jira, opened, delivery) -> None:
    plugin, incident = opened
    jira.human("ana").deletes("SEC-1")
    with pytest.raises(PermanentError):
        plugin.on_incident_updated(incident, update(Change.NOTE, text="x"), delivery())
    jira.login = "ignored"
    with pytest.raises(TemporaryError):
        plugin.on_incident_updated(incident, update(Change.NOTE, text="x"), delivery())


def test_a_missing_permission_for_one_ticket_does_not_stop_the_others(jira, opened, delivery) -> None:
    plugin, incident = opened
    jira.api.denied.add("ADD_COMMENTS")
    with pytest.raises(PermanentError, match="permission"):
        plugin.on_incident_updated(incident, update(Change.NOTE, text="x"), delivery())


def test_writes_to_one_ticket_stay_below_jiras_burst_limits(jira, opened, delivery) -> None:
    plugin, incident = opened
    refused = []
    for number in range(40):
        try:
            plugin.on_incident_updated(incident, update(Change.NOTE, text=str(number)), delivery(str(number)))
        except TemporaryError as error:
            refused.append(error)
    assert refused
    assert not any(error.whole_destination for error in refused)
    assert all(error.retry_after for error in refused)
    assert len(jira.asked("POST", "issue/SEC-1/comment")) == 40 - len(refused)


@pytest.mark.parametrize(
    ("status", "expected"),
    [(Status.IN_PROGRESS, "Triage"), (Status.RESOLVED, "Done"), (Status.CLOSED, "Done"), (Status.OPEN, "To Do")],
)
def test_a_ticket_that_was_moved_to_another_project_goes_the_ways_of_that_project(
    jira_site, plugin_for, make_incident, delivery, status: Status, expected: str
) -> None:
    site = jira_site(projects=[Project(key="SEC", name="S"), Project(key="OPS", name="O", workflow=ODD)])
    plugin, incident = plugin_for(site), make_incident()
    plugin.create_ticket(incident)
    site.human("ana").moves_to_project("SEC-1", "OPS")
    moved = attrs.evolve(incident, status=status, ticket=Ticket(tracker="jira", key="OPS-1", url=None))
    plugin.on_incident_updated(moved, update(Change.STATUS, new=status.value), delivery())
    assert site.issue("OPS-1").status == expected
