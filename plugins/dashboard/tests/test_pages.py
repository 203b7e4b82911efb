"""The pages: what people do goes through the house, what they see is what it knows."""

from datetime import timedelta

import attrs
import pytest
from sqlalchemy import text

from soc_core import Change
from soc_core.store import incidents, tickets
from soc_core.store.database import Database


@pytest.mark.parametrize("view", ["queue", "incident", "process", "metrics", "health", "audit"])
def test_an_empty_house_has_every_page(page, view):
    shown = page(view)
    assert shown.test.title[0].value


def test_acknowledging_stops_the_response_clock_and_the_trail_says_who(lived_in, page, clock):
    clock.advance(timedelta(minutes=5))
    shown = page("incident", id="INC-1")
    assert shown.metric("Response") == "in 55 min"
    shown.press("Acknowledge")
    assert shown.metric("Response") == "met"
    assert shown.metric("Resolution") == "in 55 min"
    assert ("acknowledged", "bo (soc)") in {(row["What"], row["Who"]) for row in shown.rows("Timeline")}
    assert [row["The clock was"] for row in shown.rows("History of the clock Response")] == ["started", "stopped"]
    assert [one.disabled for one in shown.test.button if one.label == "Acknowledge"] == [True]


def test_a_note_is_kept_under_the_name_of_who_wrote_it(lived_in, page):
    shown = page("incident", id="INC-1", who="ana")
    shown.test.text_area[0].input("looks bad <b>very</b>")
    shown.press("Save the note")
    [note] = lived_in.reports.notes("INC-1")
    assert (note.author, note.text) == ("ana", "looks bad <b>very</b>")
    assert [row["Note"] for row in shown.rows("Notes")] == ["looks bad <b>very</b>"]


def test_assigning_and_resolving(lived_in, page):
    shown = page("incident", id="INC-1")
    [box] = [one for one in shown.test.selectbox if one.label == "To"]
    assert box.options == ["ana", "bo"]
    box.select("bo")
    shown.press("Assign it").press("Resolve it")
    found = lived_in.reports.incident("INC-1")
    assert (found.assignee, found.status.value) == ("bo", "Resolved")
    assert shown.metric("Status") == "Resolved"
    assert shown.metric("Resolution") == "met"


def test_a_refused_change_is_told_in_plain_text(lived_in, page):
    shown = page("incident", id="INC-1")
    lived_in.change("INC-1", Change.STATUS, actor="ana", new="Closed")
    shown.press("Resolve it")
    assert [one.value for one in shown.test.error] == ["This was not done."]
    assert lived_in.reports.incident("INC-1").status.value == "Closed"


def test_an_incident_is_found_by_its_number_and_by_its_ticket(lived_in, page):
    for key in ("INC-1", "inc-1", "1", "LOCAL-1"):
        assert page("incident", id=key).texts()[0].startswith("INC-1 [CRITICAL]")
    assert [one.value for one in page("incident", id="<b>9</b>").test.warning] == [
        "There is no such incident or ticket."
    ]


def test_who_has_no_name_may_look_and_do_nothing(lived_in, page):
    shown = page("incident", id="INC-1", who=None)
    assert [one.label for one in shown.test.button] == []
    assert [one.disabled for one in page("process", who=None).test.button] == [True]


def test_behind_a_proxy_the_header_says_who_acts(lived_in, page, monkeypatch):
    monkeypatch.setattr("soc_dashboard.session.st.context", Headers({"X-User": "ana@example.org"}))
    object.__setattr__(lived_in.own, "user_header", "X-User")
    page("incident", id="INC-1").press("Acknowledge")
    assert lived_in.reports.incident("INC-1").acknowledged_by == "ana"
    monkeypatch.setattr("soc_dashboard.session.st.context", Headers({"X-User": "mallory"}))
    assert [one.label for one in page("incident", id="INC-1").test.button] == []


def test_pages_look_through_a_handle_that_cannot_write(lived_in):
    with pytest.raises(Exception, match=r"read-?only"), lived_in.reports.database.write() as tx:
        tx.execute(text("DELETE FROM audit"))


def test_a_dead_letter_is_tried_again_by_name(lived_in, page, env):
    database = Database(env["SOC_STORE"])
    with database.write() as tx:
        tx.execute(text("UPDATE job SET state='dead', last_error='<b>refused</b>' WHERE kind='create_ticket'"))
    database.close()
    shown = page("health")
    assert shown.metric("Dead letters") == "1"
    assert [row["Why"] for row in shown.rows("Dead letters")] == ["<b>refused</b>"]
    shown.press("Try again")
    assert shown.metric("Dead letters") == "0"
    assert ("delivery retried", "bo (soc)") in {(one.what, one.who) for one in lived_in.reports.trail(last=5)}


def test_a_ticket_that_is_gone_is_not_awaited(lived_in, page, env):
    database = Database(env["SOC_STORE"])
    with database.write() as tx:
        tickets.gone(tx, incidents.save(tx, attrs.evolve(incidents.get(tx, "INC-1"), ticket=None)))
    database.close()
    assert "Its ticket is gone from the tracker." in [one.value for one in page("incident", id="INC-1").test.caption]


def test_health_says_when_nothing_is_at_work(lived_in, page, clock):
    assert not page("health").test.warning
    clock.advance(timedelta(hours=1))
    assert len(page("health").test.warning) == 1


def test_a_changed_trail_shows(lived_in, page, env):
    assert [one.value for one in page("audit").test.success] == ["The chain of hashes is intact."]
    database = Database(env["SOC_STORE"])
    with database.write() as tx:
        tx.execute(text("UPDATE audit SET actor='nobody' WHERE seq=2"))
    database.close()
    shown = page("audit")
    assert [one.value for one in shown.test.success] == ["The chain of hashes is intact."]  # as of a moment ago
    shown.press("Verify now")
    assert len(shown.test.error) == 1
    assert any("entry 2" in words for words in shown.texts())


def test_the_sample_is_processed_and_summed_up(house, page, rules):
    shown = page("process").press("Process")
    opened = house.reports.incidents(limit=100)
    assert shown.metric("Processed") == "22"
    assert shown.metric("Incidents created") == f"{len(opened)}"
    assert shown.metric("Alerts sent") == "0"
    assert {row["Incident"] for row in shown.rows("Incidents created")} == {one.id for one in opened}
    assert opened
    again = page("process").press("Process")
    assert again.metric("Processed") == "22"
    assert int(again.metric("Joined open ones")) > 0


def test_the_check_boxes_are_the_guides(page):
    shown = page("process")
    labels = [(one.label, one.value) for one in shown.test.checkbox]
    assert labels == [("Enable Slack Notifications", True), ("Enable JIRA Incident Creation", True)]


class Headers:
    def __init__(self, headers):
        self.headers = headers
