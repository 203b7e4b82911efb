"""Creating and finding tickets, on every flavour, on odd sites, and with lost answers."""

from collections.abc import Callable
from datetime import timedelta

import attrs
import pytest
from soc_jira.plugin import Jira

from soc_core import NotConfigured, PermanentError, Secret, SettingsError, TemporaryError, UncertainError
from soc_core.testing.jira import ODD, ROBOT, FakeJira, Fault, Project

Start = Callable[..., FakeJira]
FLAVOURS = [("cloud", "", "3"), ("cloud", "", "2"), ("dc-8.20", "/jira", "2"), ("dc-9.12", "/jira", "2")]


@pytest.mark.parametrize(("flavour", "context", "api"), FLAVOURS)
def test_a_ticket_has_the_fields_of_the_mission(
    jira_site: Start, flavour: str, context: str, api: str, make_incident, plugin_for
) -> None:
    site = jira_site(flavour=flavour, context=context, projects=[Project(key="SEC", name="S", components=("soc",))])
    incident = make_incident()
    ticket = plugin_for(site, api=api, components=("soc",)).create_ticket(incident)
    issue = site.issue(ticket.key)
    assert ticket.url == f"{site.url}/browse/SEC-1"
    assert issue.summary == "[CRITICAL] Security Alert - SecuritySystem (Severity 9)"
    assert issue.type == "Security Incident"
    assert issue.priority == "Highest"
    assert issue.labels == ["soc-automated", "severity-9", "security-alert", incident.marker]
    assert issue.fields["components"] == [{"name": "soc"}]
    assert issue.fields["duedate"] == "2026-03-03"
    assert issue.properties["soc.core"] == {
        "incident": incident.id,
        "marker": incident.marker,
        "due": {"response": "2026-03-03T00:30:00+00:00", "resolution": "2026-03-03T00:30:00+00:00"},
        "detected": "2026-03-02T23:30:00+00:00",
    }
    assert "Multiple failed logins" in site.text(issue.fields["description"])


def test_one_request_per_ticket_in_steady_state(jira: FakeJira, make_incident, plugin_for) -> None:
    plugin = plugin_for(jira)
    plugin.create_ticket(make_incident())
    assert [(call.method, call.path) for call in jira.calls] == [
        ("GET", "serverInfo"),
        ("GET", "issue/createmeta/SEC/issuetypes"),
        ("GET", "issue/createmeta/SEC/issuetypes/10200"),
        ("GET", "myself"),
        ("POST", "issue"),
    ]
    jira.calls.clear()
    for _ in range(20):
        plugin.create_ticket(make_incident())
    assert len(jira.calls) == 20


def test_nothing_is_asked_before_there_is_something_to_do(jira: FakeJira, plugin_for) -> None:
    plugin = plugin_for(jira)
    assert plugin.search_lag == timedelta(seconds=120)
    assert jira.calls == []


def test_an_odd_site_works(jira_site: Start, make_incident, plugin_for) -> None:
    odd = Project(
        key="ODD",
        name="Odd",
        types=("Task", "Incident"),
        priorities=("P1", "P2", "P3", "P4"),
        screen=frozenset({"description", "labels", "priority"}),
        required=("customfield_10050",),
        workflow=ODD,
    )
    site = jira_site(projects=[odd], robot=attrs.evolve(ROBOT, zone="Australia/Sydney"))
    plugin = plugin_for(site, fields={"customfield_10050": {"value": "SOC"}})
    issue = site.issue(plugin.create_ticket(make_incident()).key)
    assert (issue.type, issue.priority) == ("Incident", "P1")
    text = site.text(issue.fields["description"])
    assert "duedate" in text
    assert "2026-03-03" in text  # the day in Sydney


def test_configured_priorities_win(jira_site: Start, make_incident, plugin_for) -> None:
    site = jira_site(projects=[Project(key="SEC", name="S", priorities=("Blocker", "P2", "P1"))])
    plugin = plugin_for(site, priorities={"Highest": "P1"})
    assert site.issue(plugin.create_ticket(make_incident()).key).priority == "P1"


def test_a_required_field_nobody_told_us_about_is_named(jira_site: Start, make_incident, plugin_for) -> None:
    site = jira_site(projects=[Project(key="SEC", name="S", required=("customfield_7",))])
    with pytest.raises(PermanentError, match=r"customfield_7.*plugins\.jira\.fields"):
        plugin_for(site).create_ticket(make_incident())
    assert site.issues == []


def test_a_project_without_a_fitting_type_is_explained(jira_site: Start, make_incident, plugin_for) -> None:
    site = jira_site(projects=[Project(key="SEC", name="S", types=("Story",))])
    with pytest.raises(PermanentError, match="it has Story"):
        plugin_for(site).create_ticket(make_incident())


@pytest.mark.parametrize("field", ["priority", "labels", "duedate", "description"])
def test_a_field_that_is_refused_costs_the_field_and_not_the_ticket(
    jira: FakeJira, field: str, make_incident, plugin_for
) -> None:
    jira.tracker.refusing[field] = f"Field '{field}' cannot be set. It is not on the appropriate screen, or unknown."
    incident = make_incident()
    issue = jira.issue(plugin_for(jira).create_ticket(incident).key)
    assert len(jira.issues) == 1
    if field != "description":
        assert "Not taken by this project" in jira.text(issue.fields["description"])
        assert incident.marker in jira.text(issue.fields["description"])


def test_a_project_that_changes_its_types_is_asked_again(jira: FakeJira, make_incident, plugin_for) -> None:
    plugin = plugin_for(jira)
    plugin.create_ticket(make_incident())
    jira.tracker.projects["SEC"].types = ("Incident",)
    assert jira.issue(plugin.create_ticket(make_incident()).key).type == "Incident"
    assert len(jira.issues) == 2


@pytest.mark.parametrize("known", [True, False], ids=["known before", "never seen"])
def test_a_lost_permission_or_project_makes_everything_wait_and_nothing_fail(
    jira: FakeJira, make_incident, plugin_for, known: bool
) -> None:
    plugin = plugin_for(jira)
    if known:
        plugin.create_ticket(make_incident())
    jira.api.denied.add("CREATE_ISSUES")
    with pytest.raises(TemporaryError) as caught:
        plugin.create_ticket(make_incident())
    assert caught.value.whole_destination
    jira.api.denied.clear()
    plugin.create_ticket(make_incident())


def test_a_ticket_is_found_by_its_marker_even_where_labels_are_not_on_the_screen(
    jira_site: Start, make_incident, plugin_for
) -> None:
    bare = Project(key="SEC", name="S", screen=frozenset({"description"}))
    for flavour in ("cloud", "dc-9.12"):
        site = jira_site(flavour=flavour, projects=[bare])
        plugin, incident = plugin_for(site), make_incident()
        made = plugin.create_ticket(incident)
        assert plugin.find_ticket(incident) == made
        assert plugin.find_ticket(make_incident()) is None


@pytest.mark.parametrize("kind", ["reset-after", "truncated", "500-after", "html", "slow"])
def test_a_lost_answer_is_uncertain_and_the_ticket_is_found_again(
    jira: FakeJira, kind: str, make_incident, plugin_for
) -> None:
    incident = make_incident()
    jira.faults.add(Fault(kind=kind, times=1, seconds=60))
    with pytest.raises(UncertainError):
        plugin_for(jira, timeout=timedelta(seconds=2)).create_ticket(incident)
    assert len(jira.issues) == 1
    assert len(jira.asked("POST", "issue")) == 1  # nothing was sent twice behind our back
    found = plugin_for(jira).find_ticket(incident)
    assert found is not None
    assert found.key == "SEC-1"


@pytest.mark.parametrize("kind", ["reset-before", "500-before"])
def test_an_answer_lost_before_the_work_was_done_is_uncertain_too_and_nothing_is_found(
    jira: FakeJira, kind: str, make_incident, plugin_for
) -> None:
    plugin, incident = plugin_for(jira), make_incident()
    jira.faults.add(Fault(kind=kind, times=1))
    with pytest.raises(UncertainError):
        plugin.create_ticket(incident)
    assert plugin.find_ticket(incident) is None
    plugin.create_ticket(incident)
    assert len(jira.issues) == 1


def test_search_does_not_know_a_new_ticket_until_its_lag_has_passed(
    jira_site: Start, clock, make_incident, plugin_for
) -> None:
    site = jira_site(lag=timedelta(seconds=90))
    plugin, incident = plugin_for(site), make_incident()
    plugin.create_ticket(incident)
    assert plugin.find_ticket(incident) is None
    clock.forward(seconds=90)
    assert plugin.find_ticket(incident) is not None


def test_a_refused_connection_is_no_uncertain_outcome(jira: FakeJira, make_incident) -> None:
    plugin = Jira(
        Jira.Settings(server_url="http://127.0.0.1:1", project_key="SEC", username="u", api_token=Secret("t"))
    )
    with pytest.raises(TemporaryError, match="cannot be reached") as caught:
        plugin.create_ticket(make_incident())
    assert caught.value.whole_destination


@pytest.mark.parametrize("login", ["revoked", "ignored"])
def test_a_lost_login_stops_everything_and_an_empty_search_is_not_believed(
    jira: FakeJira, login: str, make_incident, plugin_for
) -> None:
    plugin, incident = plugin_for(jira), make_incident()
    plugin.create_ticket(incident)
    jira.login = login
    for act in (lambda: plugin.create_ticket(make_incident()), lambda: plugin.find_ticket(incident)):
        with pytest.raises(TemporaryError, match="does not accept our login") as caught:
            act()
        assert caught.value.whole_destination
    jira.login = "ok"
    assert plugin.find_ticket(incident) is not None  # the same object goes on by itself


@pytest.mark.parametrize("header", ["120", "Mon, 02 Mar 2026 23:32:00 GMT"])
def test_retry_after_is_honoured_in_full_and_nothing_is_sent_meanwhile(
    jira: FakeJira, header: str, make_incident, plugin_for
) -> None:
    plugin = plugin_for(jira)
    plugin.create_ticket(make_incident())
    jira.faults.add(Fault(kind="429", times=1, retry_after=header))
    for _ in range(3):
        with pytest.raises(TemporaryError) as caught:
            plugin.create_ticket(make_incident())
        wait = caught.value.retry_after
        assert wait is not None
        if header == "120":
            assert timedelta(seconds=100) < wait <= timedelta(seconds=120)
    if header == "120":
        assert len(jira.asked("POST", "issue")) == 2


def test_doubles_are_found_linked_and_closed(jira: FakeJira, make_incident, plugin_for) -> None:
    plugin, incident = plugin_for(jira), make_incident()
    first, second = plugin.create_ticket(incident), plugin.create_ticket(incident)
    found = plugin.find_ticket(incident)
    assert found is not None
    assert (found.key, found.retired) == (first.key, (second.key,))
    double = jira.issue(second.key)
    assert (double.status, double.resolution, double.links) == ("Closed", "Duplicate", [("Duplicate", first.key)])
    assert "please go on in SEC-1" in jira.text(double.comments[0]["body"])
    assert jira.issue(first.key).status == "Open"
    assert plugin.find_ticket(incident) == first  # the double is not found, linked and told of again


def test_scoped_tokens_have_another_base_than_the_pages(jira_site: Start, make_incident, plugin_for) -> None:
    site = jira_site(context="/ex/jira/11223344", public="https://example.atlassian.net")
    ticket = plugin_for(site).create_ticket(make_incident())
    assert ticket.url == "https://example.atlassian.net/browse/SEC-1"


def test_data_center_takes_passwords_as_well(jira_site: Start, make_incident) -> None:
    site = jira_site(flavour="dc-9.12", context="/jira")
    plugin = Jira(
        Jira.Settings(
            server_url=site.url + "/", project_key="SEC", username=site.username, api_token=Secret(site.token)
        )
    )
    assert plugin.create_ticket(make_incident()).key == "SEC-1"
    assert plugin.search_lag == timedelta(seconds=30)


def test_the_assignee_goes_along_when_jira_can_take_them(jira_site: Start, make_incident, plugin_for) -> None:
    for flavour in ("cloud", "dc-9.12"):
        site = jira_site(flavour=flavour)
        plugin = plugin_for(site)
        assert site.issue(plugin.create_ticket(make_incident(assignee="ana@example.org")).key).assignee == "5b10-ana"
        assert site.issue(plugin.create_ticket(make_incident(assignee="guest@example.org")).key).assignee is None
        assert site.issue(plugin.create_ticket(make_incident(assignee="an")).key).assignee is None  # no first match


def test_an_address_that_cloud_hides_is_believed_if_it_is_the_only_match(jira_site, make_incident, plugin_for) -> None:
    site = jira_site()
    hidden = site.tracker.users["5b10-bo"]
    site.api.hidden_emails = True
    assert site.issue(plugin_for(site).create_ticket(make_incident(assignee=hidden.email)).key).assignee == hidden.id


def test_labels_of_the_settings_come_beside_the_marker_and_not_in_its_place(jira, make_incident, plugin_for) -> None:
    plugin, incident = plugin_for(jira, fields={"labels": ["team-blue", "soc-automated"]}), make_incident()
    made = plugin.create_ticket(incident)
    expected = ["soc-automated", "severity-9", "security-alert", incident.marker, "team-blue"]
    assert jira.issue(made.key).labels == expected
    assert plugin.find_ticket(incident) == made


def test_components_that_the_project_lacks_stand_in_the_description(jira_site, make_incident, plugin_for) -> None:
    site = jira_site(projects=[Project(key="SEC", name="S", components=("soc",))])
    issue = site.issue(plugin_for(site, components=("soc", "siem")).create_ticket(make_incident()).key)
    assert issue.fields["components"] == [{"name": "soc"}]
    assert "siem" in site.text(issue.fields["description"])


def test_what_is_missing_is_named() -> None:
    with pytest.raises(NotConfigured, match="JIRA_SERVER_URL"):
        Jira(Jira.Settings())
    with pytest.raises(NotConfigured, match="JIRA_USERNAME"):
        Jira(Jira.Settings(server_url="https://x.example", project_key="SEC", api_token=Secret("t")))
    with pytest.raises(SettingsError, match="https"):
        Jira(
            Jira.Settings(server_url="http://jira.example", project_key="SEC", username="u", api_token=Secret("token"))
        )


def test_the_due_instant_goes_into_a_date_time_field_if_there_is_one(
    jira_site: Start, make_incident, plugin_for
) -> None:
    site = jira_site(projects=[Project(key="SEC", name="S", datetimes=("customfield_9",))])
    plugin = plugin_for(site, due_field="customfield_9")
    issue = site.issue(plugin.create_ticket(make_incident()).key)
    assert issue.fields["customfield_9"] == "2026-03-03T00:30:00.000+0000"
