"""What others say in JIRA's place is not taken for JIRA's word: proxies, login pages, firewalls, half-built answers."""

import json

import attrs
import pytest
import responses
from soc_jira.plugin import Jira

from soc_core import Change, PermanentError, Secret, Status, TemporaryError, Ticket, Update

URL = "https://jira.example.org"
API = f"{URL}/rest/api/2"
PAGE = {"body": "<html>default backend - 404</html>", "content_type": "text/html"}
EMPTY = [{"body": ""}, {"json": {}}, {"json": []}, {"json": {"message": "please wait"}}, {"body": "null"}]
FIELDS = ("labels", "description", "priority", "assignee")


@pytest.fixture
def web():
    """A Data Center whose answers a test replaces one by one."""
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        mock.get(f"{API}/serverInfo", json={"baseUrl": URL, "deploymentType": "Server", "version": "9.12.0"})
        mock.get(f"{API}/myself", json={"displayName": "Robot", "name": "robot", "timeZone": "UTC"})
        mock.get(f"{API}/issue/createmeta/SEC/issuetypes", json={"values": [{"id": "1", "name": "Task"}], "total": 1})
        shown = [{"fieldId": name, "name": name} for name in FIELDS]
        mock.get(f"{API}/issue/createmeta/SEC/issuetypes/1", json={"values": shown, "total": len(shown)})
        mock.post(f"{API}/issue", status=201, json={"key": "SEC-1"})
        mock.post(f"{API}/search", json={"issues": [], "total": 0})
        yield mock


@pytest.fixture
def plugin() -> Jira:
    return Jira(Jira.Settings(server_url=URL, personal_access_token=Secret("token"), project_key="SEC"))


@pytest.mark.parametrize("answer", EMPTY)
def test_a_search_that_says_nothing_does_not_mean_that_there_is_no_ticket(web, plugin, make_incident, answer) -> None:
    assert plugin.find_ticket(make_incident()) is None
    web.replace("POST", f"{API}/search", **answer)
    with pytest.raises(TemporaryError) as caught:
        plugin.find_ticket(make_incident())
    assert caught.value.whole_destination


@pytest.mark.parametrize("answer", [*EMPTY, {"status": 404, **PAGE}])
@pytest.mark.parametrize("path", ["issuetypes", "issuetypes/1"])
def test_a_project_that_nobody_describes_gives_up_no_ticket(web, plugin, make_incident, path: str, answer) -> None:
    web.replace("GET", f"{API}/issue/createmeta/SEC/{path}", **answer)
    with pytest.raises(TemporaryError) as caught:
        plugin.create_ticket(make_incident())
    assert caught.value.whole_destination


def test_a_project_in_which_we_may_create_nothing_makes_creates_wait_and_gives_none_up(
    web, plugin, make_incident
) -> None:
    known = f"{API}/issue/createmeta/SEC/issuetypes"
    web.replace("GET", known, json={"values": [], "total": 0})
    with pytest.raises(TemporaryError, match="no issue types that we may create") as caught:
        plugin.create_ticket(make_incident())
    assert caught.value.whole_destination
    web.replace("GET", known, json={"values": [{"id": "1", "name": "Task"}], "total": 1})
    assert plugin.create_ticket(make_incident()).key == "SEC-1"


@pytest.mark.parametrize("answer", [*EMPTY, {"status": 404, **PAGE}])
def test_an_answer_that_is_no_issue_takes_no_incident_its_ticket(web, plugin, make_incident, house, answer) -> None:
    incident = house.add(make_incident(), Ticket(tracker="jira", key="SEC-1", url=f"{URL}/browse/SEC-1"))
    web.get(f"{API}/issue/SEC-1", **answer)
    with pytest.raises(TemporaryError):
        plugin._desk.inbound(house, house).settle("SEC-1")
    assert house.kept[incident.id] == incident


@pytest.mark.parametrize("status", [404, 405, 410])
def test_a_page_in_place_of_jira_makes_creates_wait_and_gives_none_up(web, plugin, make_incident, status: int) -> None:
    web.replace("POST", f"{API}/issue", status=status, **PAGE)
    with pytest.raises(TemporaryError, match="cannot be reached") as caught:
        plugin.create_ticket(make_incident())
    assert caught.value.whole_destination


def test_pages_for_hours_are_an_outage(web, plugin, make_incident) -> None:
    assert plugin.find_ticket(make_incident()) is None
    web.replace("GET", f"{API}/myself", status=200, **PAGE)
    whole = []
    for _ in range(4):
        with pytest.raises(TemporaryError) as caught:
            plugin.find_ticket(make_incident())
        whole.append(caught.value.whole_destination)
    assert whole[-1]  # so it uses up nobody's tries


@pytest.mark.parametrize("status", [403, 406, 413])
def test_a_firewall_that_dislikes_a_log_message_costs_the_message_and_not_the_ticket(
    web, plugin, make_incident, status: int
) -> None:
    def firewall(request):
        blocked = "UNION SELECT" in str(request.body)
        return (status, {}, "<html>blocked</html>") if blocked else (201, {}, '{"key": "SEC-1"}')

    web.remove("POST", f"{API}/issue")
    web.add_callback("POST", f"{API}/issue", firewall)
    incident = make_incident(message="GET /?id=1 UNION SELECT password FROM users")
    assert plugin.create_ticket(incident).key == "SEC-1"
    sent = str(web.calls[-1].request.body)
    assert incident.marker in sent
    assert incident.why in sent
    assert f"soc incident show {incident.id}" in sent


def refusing(words: str, status: int):
    """What refuses a text with certain words, as it arrives."""

    def answer(request):
        message = "it could be due to unsupported content you have entered"
        if words in str(json.loads(request.body)):
            return (status, {}, json.dumps({"errorMessages": [message]}))
        return (201, {}, json.dumps({"key": "SEC-1"}))

    return answer


def test_a_database_without_wide_characters_costs_these_and_not_the_ticket(web, plugin, make_incident) -> None:
    web.remove("POST", f"{API}/issue")
    web.add_callback("POST", f"{API}/issue", refusing("😀", 400))
    assert plugin.create_ticket(make_incident(message="agent=😀 /etc/passwd", source="web😀")).key == "SEC-1"
    sent = json.loads(web.calls[-1].request.body)["fields"]
    assert "agent=\ufffd /etc/passwd" in sent["description"]
    assert "web\ufffd" in sent["summary"]


def test_a_note_with_wide_characters_is_written_without_them_where_they_cannot_be_kept(
    web, plugin, make_incident, delivery
) -> None:
    incident = attrs.evolve(make_incident(), ticket=Ticket(tracker="jira", key="SEC-1", url=None))
    web.add_callback("POST", f"{API}/issue/SEC-1/comment", refusing("🎉", 400))
    note = Update(change=Change.NOTE, origin="slack", at=incident.opened_at, actor="Ana", text="contained 🎉")
    plugin.on_incident_updated(incident, note, delivery())
    assert "contained \ufffd" in json.loads(web.calls[-1].request.body)["body"]


def test_what_is_refused_for_another_reason_is_refused_in_its_words(web, plugin, make_incident) -> None:
    web.replace("POST", f"{API}/issue", status=400, json={"errorMessages": ["Only managers make issues on Sundays."]})
    with pytest.raises(PermanentError, match="Sundays"):
        plugin.create_ticket(make_incident())


def test_a_firewall_that_lets_nothing_in_makes_everything_wait(web, plugin, make_incident) -> None:
    assert plugin.find_ticket(make_incident()) is None
    for method, path in (("POST", "issue"), ("GET", "myself")):
        web.replace(method, f"{API}/{path}", status=403, **PAGE)
    for act in (plugin.create_ticket, plugin.find_ticket):
        with pytest.raises(TemporaryError) as caught:
            act(make_incident())
        assert caught.value.whole_destination


@pytest.mark.parametrize("status", [400, 403, 404])
def test_a_ticket_is_made_without_a_name_where_jira_does_not_tell_who_can_be_assigned(
    web, plugin, make_incident, house, status: int
) -> None:
    plugin.register_services(house, house)
    web.get(f"{API}/user/assignable/search", status=status, json={"errorMessages": ["not for you"]})
    assert plugin.create_ticket(make_incident(assignee="ana")).key == "SEC-1"
    assert house.hints == []  # nobody is taken for unassignable


@pytest.mark.parametrize("status", [403, 404, 413])
def test_an_attachment_or_link_that_is_refused_keeps_nothing_else_from_the_ticket(
    web, make_incident, status: int
) -> None:
    settings = Jira.Settings(
        server_url=URL,
        personal_access_token=Secret("token"),
        project_key="SEC",
        dashboard_url="https://soc.example.org/{id}",
    )
    refused = {"status": status, "json": {"errorMessages": ["switched off"]}}
    web.post(f"{API}/issue/SEC-1/attachments", **refused)
    web.post(f"{API}/issue/SEC-1/remotelink", **refused)
    web.get(f"{API}/issue/SEC-1", json={"key": "SEC-1", "fields": {"status": {"id": "1", "name": "Open"}}})
    steps = [{"id": "1", "name": "Open"}, {"id": "3", "name": "In Progress"}]
    web.get(f"{API}/project/SEC/statuses", json=[{"name": "Task", "statuses": steps}])
    web.get(f"{API}/issue/SEC-1/transitions", json={"transitions": [{"id": "11", "name": "Start", "to": steps[1]}]})
    moved = web.post(f"{API}/issue/SEC-1/transitions", status=204)
    ticket = Ticket(tracker="jira", key="SEC-1", url=None)
    incident = attrs.evolve(make_incident(message="x" * 50_000, status=Status.IN_PROGRESS), ticket=ticket)
    Jira(settings).on_ticket_created(incident, ticket)
    assert moved.call_count == 1


def test_pages_of_a_search_that_never_end_are_left(web, make_incident) -> None:
    web.replace("GET", f"{API}/serverInfo", json={"baseUrl": URL, "deploymentType": "Cloud"})
    login = {"username": "robot@example.org", "api_token": Secret("token")}
    plugin = Jira(Jira.Settings(server_url=URL, project_key="SEC", api="2", **login))
    page = {"issues": [{"key": "SEC-1"}], "nextPageToken": "again"}
    asked = web.post(f"{API}/search/jql", json=page)
    found = plugin.find_ticket(make_incident())
    assert found is not None
    assert (found.key, found.retired) == ("SEC-1", ())  # one ticket is not its own double
    assert asked.call_count == 2
