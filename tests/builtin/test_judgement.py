"""Events that no rule knows: what was done to what, whether it worked, and what they state themselves."""

from collections.abc import Mapping
from datetime import UTC, datetime

import pytest

from soc_core import Event, Finding
from soc_core.builtin.judgement import FIELDS, judge
from soc_core.builtin.rule_fields import FieldReader
from soc_core.builtin.rules import Rules
from soc_core.builtin.verb_object import deed, deed_table, plain_words

NOW = datetime(2026, 1, 1, tzinfo=UTC)
READER = FieldReader(FIELDS)


def judged(fields: Mapping[str, object], **known: object) -> tuple[str, float, str, bool] | None:
    event = Event(source="new.product", message="{}", received=NOW, fields=fields, schema="json", **known)  # type: ignore[arg-type]
    found = judge(event, READER.read(event))
    return None if found is None else (found.rule, found.severity, found.label, found.security)


@pytest.mark.parametrize(
    ("operation", "about", "expected"),
    [
        ("DeleteTrail", "", ("destroy", "log")),
        ("user.mfa.factor.deactivate", "", ("switch off", "second factor")),
        ("DISABLE_SAML_SSO", "", ("switch off", "identity provider")),
        ("GrantAdminRole", "", ("grant", "admin right")),
        ("create_api_key", "", ("create", "key")),
        ("backup.policy.delete", "", ("destroy", "backup")),
        ("Microsoft.Network/virtualNetworks/delete", "", ("destroy", "network")),
        ("EXPORT", "customer database", ("take", "data")),
        ("ListUsers", "", ("read", "person")),
        ("heartbeat", "", None),
    ],
)
def test_an_operations_name_is_read_as_a_deed(operation: str, about: str, expected: tuple[str, str] | None) -> None:
    found = deed(operation, about)
    assert (None if found is None else (found.verb, found.thing)) == expected


def test_names_are_read_alike_however_they_are_spelled() -> None:
    assert {plain_words(name) for name in ("DeleteUserPolicy", "delete.user_policy", "DELETE-USER-POLICY")} == {
        "delete user policy"
    }


def test_switching_off_what_guards_is_worse_than_changing_it_and_reading_is_nothing() -> None:
    for thing in deed_table().things:
        if {"switch off", "change", "create"} <= thing.severity.keys() and thing.name in (
            "log",
            "guard",
            "backup",
            "encryption",
        ):
            assert thing.severity["switch off"] >= 8 > thing.severity["change"]
    for thing in deed_table().things:
        assert all(0 <= severity <= 8 for severity in thing.severity.values())


def test_what_worked_is_worse_than_what_was_refused() -> None:
    done = judged({"eventName": "DisableAuditLog"}, action="DisableAuditLog", outcome="success")
    refused = judged({"eventName": "DisableAuditLog"}, action="DisableAuditLog", outcome="failure")
    denied = judged({"eventName": "DisableAuditLog", "errorCode": "AccessDenied"}, action="DisableAuditLog")
    assert done is not None
    assert refused is not None
    assert denied == refused
    assert done[:2] == ("deed.switch-off.log", 8)
    assert done[1] > refused[1]
    assert done[3]
    assert refused[3]


def test_values_that_switch_off_count_whatever_the_operation_is_called() -> None:
    off = judged({"action": "Update", "setting": "auditLogging", "newValue": "false"}, action="Update")
    on = judged({"action": "Update", "setting": "auditLogging", "newValue": "true"}, action="Update")
    assert off is not None
    assert on is not None
    assert off[0] == "deed.switch-off.log"
    assert on[1] < off[1]


def test_a_failed_login_is_security_but_no_incident() -> None:
    found = judged({"event_type": "LOGIN"}, action="LOGIN", outcome="failure")
    assert found is not None
    assert found[1] == 4
    assert found[3]


def test_a_severity_nobody_vouches_for_makes_no_ticket_and_a_detections_is_believed() -> None:
    plain = judged({"level": "critical", "msg": "x"}, severity=9.5)
    detection = judged({"alert": {"signature": "x"}, "severity": 9.5}, severity=9.5)
    assert plain is not None
    assert detection is not None
    assert plain[0] == "stated-severity"
    assert plain[1] < 8
    assert not plain[3]
    assert detection == ("stated-detection", 9.5, "Security Alert", True)


def test_a_plain_line_that_says_nothing_is_left_alone() -> None:
    assert judged({}) is None
    assert Rules().classify_event(Event(source="x", message="all quiet", received=NOW)) is None


def test_the_reason_tells_the_row_of_the_table() -> None:
    event = Event(
        source="new.product",
        message="{}",
        received=NOW,
        schema="json",
        action="team.sso.disable",
        fields={"action": "team.sso.disable"},
    )
    found = Rules().classify_event(event)
    assert isinstance(found, Finding)
    assert "team.sso.disable" in found.reason
    assert found.rule == "deed.switch-off.identity-provider"
    assert found.actions
