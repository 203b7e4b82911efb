"""Transitions with screens: the way that can be taken is taken, and what was refused is not sent again."""

import json

import attrs
import pytest
import responses
from soc_jira.plugin import Jira

from soc_core import Change, PermanentError, Secret, Status, Ticket, Update

URL = "https://jira.example.org"
API = f"{URL}/rest/api/2"
OPEN = {"id": "1", "name": "Open", "statusCategory": {"key": "new"}}
DONE = {"id": "5", "name": "Resolved", "statusCategory": {"key": "done"}}
ROOT_CAUSE = {"customfield_7": {"required": True, "name": "Root cause"}}
RESOLUTION = {"resolution": {"required": True, "allowedValues": [{"name": "Done"}]}}


@pytest.fixture
def web():
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        mock.get(f"{API}/serverInfo", json={"baseUrl": URL, "deploymentType": "Server", "version": "9.12.0"})
        mock.get(f"{API}/myself", json={"displayName": "Robot", "name": "robot", "timeZone": "UTC"})
        mock.get(f"{API}/issue/createmeta/SEC/issuetypes", json={"values": [{"id": "1", "name": "Task"}], "total": 1})
        mock.get(f"{API}/issue/createmeta/SEC/issuetypes/1", json={"values": [], "total": 0})
        mock.get(f"{API}/project/SEC/statuses", json=[{"name": "Task", "statuses": [OPEN, DONE]}])
        mock.get(f"{API}/issue/SEC-1", json={"key": "SEC-1", "fields": {"status": OPEN}})
        mock.put(f"{API}/issue/SEC-1", status=204)
        yield mock


@pytest.fixture
def resolve(make_incident, delivery):
    """Tell the plugin that an incident with a ticket was resolved."""
    plugin = Jira(Jira.Settings(server_url=URL, personal_access_token=Secret("token"), project_key="SEC"))
    ticket = Ticket(tracker="jira", key="SEC-1", url=None)
    incident = attrs.evolve(make_incident(status=Status.RESOLVED), ticket=ticket)
    update = Update(change=Change.STATUS, origin="slack", at=incident.opened_at, new="Resolved")
    return lambda: plugin.on_incident_updated(incident, update, delivery())


def ways(web, *fields) -> None:
    given = [
        {"id": str(number), "name": f"Way {number}", "to": DONE, "fields": wants} for number, wants in enumerate(fields)
    ]
    web.get(f"{API}/issue/SEC-1/transitions", json={"transitions": given})


def test_of_two_ways_the_one_is_taken_whose_screen_asks_for_nothing_we_lack(web, resolve) -> None:
    ways(web, ROOT_CAUSE, RESOLUTION)
    taken = web.post(f"{API}/issue/SEC-1/transitions", status=204)
    resolve()
    assert [json.loads(call.request.body)["transition"]["id"] for call in taken.calls] == ["1"]


def test_what_the_only_way_wants_is_named(web, resolve) -> None:
    ways(web, ROOT_CAUSE)
    with pytest.raises(PermanentError, match=r"Way 0 of SEC-1 wants customfield_7, which we do not have"):
        resolve()


def test_a_resolution_that_was_refused_is_not_sent_again(web, resolve) -> None:
    ways(web, RESOLUTION)
    words = "Field 'resolution' cannot be set. It is not on the appropriate screen, or unknown."
    refused = web.post(f"{API}/issue/SEC-1/transitions", status=400, json={"errors": {"resolution": words}})
    taken = web.post(f"{API}/issue/SEC-1/transitions", status=204)
    resolve()
    assert "resolution" in json.loads(refused.calls[0].request.body)["fields"]
    assert "fields" not in json.loads(taken.calls[0].request.body)
