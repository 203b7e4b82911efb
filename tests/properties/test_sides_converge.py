"""JIRA, Slack and the house, with people at work on all three: whatever gets lost, doubled or late, they agree."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import hypothesis.strategies as st
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from soc_core import Change, ChangeRefused, Decision, Finding, HttpRequest, Priority, Status, Update, hookimpl
from soc_core.app import Soc
from soc_core.testing.clock import HandClock
from soc_core.testing.jira import FakeJira
from soc_core.testing.jira import faults as jira_faults
from soc_core.testing.slack import FakeSlack

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
PATHS = {"interactive": "/slack/interactions", "events_api": "/slack/events"}
PEOPLE = {"ana": {"slack": "U0ANA00001", "jira": "5b10-ana"}, "bo": {"jira": "5b10-bo"}}
PRESSES = ["soc_acknowledge", "soc_investigate", "soc_resolve", "soc_assign"]


class Judge:
    """Everything is serious."""

    @hookimpl
    def classify_event(self, event):
        return Finding(event=event, label="Security Alert", severity=8, rule="r")

    @hookimpl
    def should_create_ticket(self, finding):
        return Decision.ticket("always")


class Sides(RuleBasedStateMachine):
    """Every rule is something that people or the net do; at the end nobody does anything, and all must agree."""

    @initialize()
    def open(self):
        self.clock = HandClock(NOON)
        self.jira = FakeJira(now=self.clock.now).__enter__()
        self.slack = FakeSlack(now=self.clock.now).__enter__()
        channel = self.slack.channel("security").id
        env = {
            "JIRA_SERVER_URL": self.jira.url,
            "JIRA_USERNAME": self.jira.username,
            "JIRA_API_TOKEN": self.jira.token,
            "JIRA_PROJECT_KEY": "SEC",
            "SLACK_API_URL": self.slack.url,
            "SLACK_BOT_TOKEN": self.slack.bot_token,
            "SLACK_SIGNING_SECRET": self.slack.signing_secret,
            "SLACK_SECURITY_CHANNEL": channel,
            "SLACK_SYSTEM_CHANNEL": channel,
        }
        self.soc = Soc.open(
            env=env,
            overrides={
                "store": "sqlite://",
                "people": PEOPLE,
                "plugins": {
                    "disable": ["rules", "console", "local", "triggers", "escalation"],
                    "slack": {"countdown_every": "4w"},  # the time left on the message is no news
                },
            },
            clock=self.clock,
            plugins=[("judge", Judge())],
        )
        handlers = {endpoint.path: endpoint.handler for _, endpoint in self.soc.endpoints()}

        def outlet(posted):
            asked = HttpRequest(method="POST", path=PATHS[posted.kind], headers=posted.headers, body=posted.body)
            answer = handlers[asked.path](asked)
            return answer.status, answer.body

        self.slack.outlet = outlet
        self.notes = Counter()
        self.late = []
        self.last = {}
        self.soc.submit([("app", "somebody broke in")])
        self.passes(5)

    # -- people ---------------------------------------------------------------------------------------------------

    @rule(status=st.sampled_from(["Open", "In Progress", "Resolved", "Closed"]), who=st.sampled_from(["ana", "bo"]))
    def somebody_moves_the_ticket(self, status, who):
        self.clock.advance(timedelta(seconds=3))
        issue = self.jira.issue("SEC-1")
        ways = self.jira.tracker.projects["SEC"].workflow.leaving(issue.status)
        if any(way.to == status for way in ways):
            self.jira.human(who).moves("SEC-1", status)
            self.last["status"] = status

    @rule(name=st.sampled_from(["ana", "bo", None]))
    def somebody_gives_the_ticket_to_somebody(self, name):
        self.clock.advance(timedelta(seconds=3))
        if (self.jira.issue("SEC-1").assignee or "").removeprefix("5b10-") != (name or ""):
            self.jira.human("bo").assigns("SEC-1", name)
            self.last["assignee"] = name

    @rule(priority=st.sampled_from([one.value for one in Priority]))
    def somebody_chooses_another_priority_for_the_ticket(self, priority):
        self.clock.advance(timedelta(seconds=3))
        if self.jira.issue("SEC-1").priority != priority:
            self.jira.human("ana").sets_priority("SEC-1", priority)
            self.last["priority"] = priority

    @rule()
    def somebody_comments_on_the_ticket(self):
        self.clock.advance(timedelta(seconds=3))
        text = f"jira note {len(self.notes):03}"
        self.notes[text] += 1
        self.jira.human("bo").comments("SEC-1", text)

    @rule(action=st.sampled_from(PRESSES), fate=st.sampled_from(["arrives", "twice", "late", "lost"]))
    def somebody_presses_a_button(self, action, fate):
        self.clock.advance(timedelta(seconds=3))
        message = self.slack.messages("security")[0]  # others are news broadcast from its thread
        if action not in message.buttons or fate == "lost":
            return
        press = self.slack.person("ana").press(message, action)
        if fate == "late":
            self.late.append((press, "interactive"))
            return
        for _ in range(1 + (fate == "twice")):
            self.clock.advance(timedelta(seconds=1))
            self.arrives(press, "interactive")

    @rule(fate=st.sampled_from(["arrives", "twice", "late"]))
    def somebody_replies_in_the_thread(self, fate):
        self.clock.advance(timedelta(seconds=3))
        message = self.slack.messages("security")[0]  # others are news broadcast from its thread
        text = f"slack note {len(self.notes):03}"
        self.notes[text] += 1
        reply = self.slack.person("ana").reply(message, text)
        if fate == "late":
            self.late.append((reply, "events_api"))
            return
        for _ in range(1 + (fate == "twice")):
            self.clock.advance(timedelta(seconds=1))
            self.arrives(reply, "events_api")

    @precondition(lambda self: self.late)
    @rule(draw=st.randoms(use_true_random=False))
    def the_net_delivers_what_was_late_in_any_order(self, draw):
        self.clock.advance(timedelta(seconds=3))
        draw.shuffle(self.late)
        while self.late:
            payload, kind = self.late.pop()
            self.clock.advance(timedelta(seconds=1))
            self.arrives(payload, kind)

    @rule(field=st.sampled_from([("status", one.value) for one in Status] + [("priority", "Low"), ("assignee", "bo")]))
    def somebody_works_at_the_command_line(self, field):
        self.clock.advance(timedelta(seconds=3))
        update = Update(change=Change(field[0]), origin="soc", actor="bo", new=field[1], at=self.clock.now())
        before = self.soc.reports.incident("INC-1")
        try:
            after = self.soc.change("INC-1", update)
        except ChangeRefused:
            return
        if after != before:
            self.last[field[0]] = field[1]

    @rule()
    def jira_is_not_there_for_a_moment(self):
        self.jira.faults.add(jira_faults.Fault(kind="503", method="POST", path="search", times=1))

    @rule(seconds=st.sampled_from([0, 5, 70]))
    def time_passes(self, seconds):
        self.passes(seconds, pace=5)

    # -- at the end -------------------------------------------------------------------------------------------------

    def teardown(self):
        if not hasattr(self, "soc"):
            return
        try:
            self.everybody_agrees()
        finally:
            self.soc.close()
            self.slack.__exit__(None, None, None)
            self.jira.__exit__(None, None, None)

    def everybody_agrees(self):
        for payload, kind in self.late:
            self.clock.advance(timedelta(seconds=3))
            self.arrives(payload, kind)
        self.late = []
        self.jira.faults.clear()
        self.passes(200, pace=5)
        incident, issue = self.soc.reports.incident("INC-1"), self.jira.issue("SEC-1")
        message = self.slack.messages("security")[0]  # others are news broadcast from its thread
        assert issue.status == incident.status
        assert issue.priority == incident.priority
        assert (issue.assignee or "").removeprefix("5b10-") == (incident.assignee or "")
        assert str(incident.status) in message.shown
        # The last word of a person counts, wherever it was said: no edit is overwritten by anything but a later one.
        stands = {"status": incident.status, "assignee": incident.assignee, "priority": incident.priority}
        assert {field: stands[field] for field in self.last} == self.last
        # Every note is once in the house, and once on the other side.
        kept = Counter(note.text for note in self.soc.reports.notes("INC-1") if note.author != "soc-core")
        assert kept == self.notes
        comments = [self.jira.text(comment["body"]) for comment in issue.comments]
        thread = [reply.shown for reply in self.slack.thread(message)]
        for text in self.notes:
            assert sum(text in comment for comment in comments) == 1, text
            assert sum(text in reply for reply in thread) == 1, text
        self.nobody_was_told_twice(issue)
        # And now it is quiet: two more polls write nothing anywhere.
        writes = self.writes()
        self.passes(130, pace=10)
        assert self.writes() == writes

    def nobody_was_told_twice(self, issue):
        """At most one write for each change on each side; the times that follow from a change are a part of it."""
        changes = [entry for entry in self.soc.reports.timeline("INC-1") if entry.what.startswith("incident.")]
        made = Counter(entry.what.removeprefix("incident.") for entry in changes)
        asked = Counter(e.what.removeprefix("incident.") for e in changes if e.origin != "jira")
        # A side that loses a conflict is told again, and a note of the house says so.
        own = [note.text for note in self.soc.reports.notes("INC-1") if note.author == "soc-core"]
        again = Counter(text.partition(":")[0] for text in own if " stays, not " in text)
        for field in ("priority", "assignee"):
            ours = [h for h in issue.histories if h.get("historyMetadata") for i in h["items"] if i["field"] == field]
            assert len(ours) <= asked[field] + again[field]
        calls = Counter((call.method, call.path.rpartition("/")[2]) for call in self.jira.calls)
        lines = sum(made[what] + again[what] for what in ("status", "assignee", "priority", "sla"))
        assert calls["PUT", "SEC-1"] <= lines
        assert calls["POST", "comment"] <= asked["note"] + asked["acknowledged"]
        assert calls["POST", "issue"] == 1
        assert len(self.slack.messages("security")[0].versions) <= len(changes) + 1  # and the ticket
        assert len(self.slack.thread(self.slack.messages("security")[0])) <= len(changes)

    # -- private ----------------------------------------------------------------------------------------------------

    def arrives(self, payload, kind):
        before = self.soc.reports.incident("INC-1")
        assert self.slack.person("ana").sends(payload, kind=kind).status == 200
        after = self.soc.reports.incident("INC-1")
        for field in ("status", "assignee"):
            if getattr(after, field) != getattr(before, field):
                self.last[field] = getattr(after, field)

    def passes(self, seconds, pace=1):
        self.soc.work()
        for _ in range(seconds // pace):
            self.clock.advance(timedelta(seconds=pace))
            self.soc.work()

    def writes(self):
        read = ("search/jql", "issue/bulkfetch")
        jira = [(c.method, c.path) for c in self.jira.calls if c.method != "GET" and not c.path.endswith(read)]
        slack = [c.method for c in self.slack.calls if c.method in ("chat.postMessage", "chat.update")]
        return len(jira) + len(slack), (jira + slack)[-3:]


Sides.TestCase.settings = settings(
    max_examples=30,
    stateful_step_count=12,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
TestSides = Sides.TestCase
