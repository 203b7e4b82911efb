"""Events of products that no rule knows, each as its vendor would write it, and how serious they must come out."""

import json
import sys
from collections.abc import Mapping
from datetime import UTC, datetime

import pytest

from soc_core import Course, Finding
from soc_core.builtin.rules import Rules
from soc_core.builtin.signs import worst_sign
from soc_core.builtin.triggers import Triggers
from soc_core.builtin.verb_object import verb_in, worst_deed
from soc_core.stages.intake.formats import event_of

NOW = datetime(2026, 1, 1, tzinfo=UTC)
RULES = Rules()
WHO = {"actor": {"email": "bo@example.org", "ip": "203.0.113.9"}}


def judged(fields: Mapping[str, object]) -> Finding | None:
    row = {"source": "new.product", "message": json.dumps(fields)}
    return RULES.classify_event(event_of(row, received=NOW))


def found(fields: Mapping[str, object]) -> Finding:
    finding = judged(fields)
    assert finding is not None
    return finding


def ticket(fields: Mapping[str, object]) -> bool:
    return Triggers().should_create_ticket(found(fields)).course is Course.TICKET


@pytest.mark.parametrize(
    "fields",
    [
        {"action": "team.audit_log.disabled", **WHO},
        {"event_type": "org_two_factor_requirement_disabled", **WHO},
        {"eventTypeName": "GROUP_LOGGING_DISABLED", **WHO},
        {"operation": "update", "setting": "sso", "newValue": "false", **WHO},
        {"action": "role_change_to_owner", **WHO},
        {"type": "member.updated", "description": "Role changed from member to admin", **WHO},
        {"operationName": "DeleteBackupVault", "result": "success", **WHO},
        {"event": {"type": "share.created", "target": "report"}, "visibility": "public", "role": "owner", **WHO},
        {"alert_name": "Ransomware behaviour", "severity": "high", "hostname": "pc1"},
        {"detection": {"name": "x"}, "severity": "critical"},
        {"detection": {"name": "x"}, "severity": "high"},
        {"category": "honeytoken", "title": "Honeytoken used", "src_ip": "203.0.113.9"},
    ],
)
def test_a_guard_that_falls_an_owner_who_appears_and_a_serious_finding_make_a_ticket(
    fields: Mapping[str, object],
) -> None:
    assert ticket(fields), found(fields)
    assert found(fields).security


@pytest.mark.parametrize(
    ("fields", "low", "high"),
    [
        ({"action": "user.login", "outcome": "success", **WHO}, 1, 2),
        ({"action": "user.login", "outcome": "failure", **WHO}, 3.5, 4.5),
        ({"action": "user.login", "outcome": "success", "is_suspicious": True, **WHO}, 5, 6),
        ({"action": "session.logout", **WHO}, 1, 2),
        ({"action": "user.created", **WHO}, 2.5, 4),
        ({"action": "user.password.reset", **WHO}, 3, 4),
        ({"action": "api_key.created", **WHO}, 4.5, 6),
        ({"action": "api_key.revoked", **WHO}, 2.5, 4),
        ({"action": "role.assigned", **WHO}, 5, 7),
        ({"action": "firewall.rule.updated", **WHO}, 5, 7),
        ({"action": "report.renamed", **WHO}, 2, 4.5),
        ({"action": "something nobody has a word for", **WHO}, 2.5, 3.5),
        ({"action": "mfa.factor.enrolled", **WHO}, 3, 5),
        ({"alert_name": "Credential theft tool", "severity": "high", "action": "quarantined"}, 5, 7),
        ({"alert_name": "Port scan", "severity": "low"}, 3, 5),
    ],
)
def test_everyday_administration_is_security_and_no_ticket(
    fields: Mapping[str, object], low: float, high: float
) -> None:
    finding = found(fields)
    assert low <= finding.severity <= high, finding
    assert finding.security, finding
    assert not ticket(fields), finding


@pytest.mark.parametrize(
    "fields",
    [
        {"level": "info", "msg": "compaction finished", "job": "nightly"},
        {"level": "error", "logger": "kafka.server", "msg": "fetch failed", "partition": 7},
        {"type": "heartbeat", "status": "ok", "disk_free": 81},
        {"action": "page.viewed", **WHO},
        {"operation": "list_objects", **WHO},
    ],
)
def test_operation_and_reading_are_not_security(fields: Mapping[str, object]) -> None:
    finding = judged(fields)
    assert finding is None or (not finding.security and finding.severity < 6)


@pytest.mark.parametrize(
    ("worse", "milder"),
    [
        ({"action": "audit_log.disabled", **WHO}, {"action": "audit_log.disabled", "result": "failure", **WHO}),
        ({"action": "audit_log.disabled", **WHO}, {"action": "audit_log.created", **WHO}),
        (
            {"methodName": "DeleteAuditLog", "status": {"code": 0}, **WHO},
            {"methodName": "DeleteAuditLog", "status": {"code": 7, "message": "PERMISSION_DENIED"}, **WHO},
        ),
        (
            {"action": "login", "outcome": "failure", "failed_attempts": 25, **WHO},
            {"action": "login", "outcome": "failure", "failed_attempts": 2, **WHO},
        ),
        ({"action": "bucket.updated", "acl": "public-read", **WHO}, {"action": "bucket.updated", **WHO}),
        ({"action": "org.modify.auth", **WHO}, {"action": "org.auth", **WHO}),
        ({"action": "org.mfa_policy.disabled", **WHO}, {"action": "user.mfa.disabled", **WHO}),
        (
            {"threat_name": "Trojan", "severity": "high"},
            {"threat_name": "Trojan", "severity": "high", "action": "blocked"},
        ),
        (
            {"operation_detail": "Change Role: from Member to Owner", "action": "Update", **WHO},
            {"operation_detail": "Change Role: from Owner to Member", "action": "Update", **WHO},
        ),
        (
            {"title": "Canary token triggered", "canary": 1},
            {"title": "Canary token was not triggered", "canary": 1, "severity": "low"},
        ),
        ({"action": "user.session.impersonated", **WHO}, {"action": "user.session.reset_by_admin", **WHO}),
        (
            {"action": "AddUserToGroup", "groupName": "platform-admins", **WHO},
            {"action": "AddUserToGroup", "groupName": "developers", **WHO},
        ),
        (
            {"event": "change_visibility", "target": "file", "visibility": "people_with_link", **WHO},
            {"event": "change_visibility", "target": "file", "visibility": "private", **WHO},
        ),
        (
            {"details": {"change": "require_two_factor_authentication", "from": "true", "to": "false"}, **WHO},
            {"details": {"change": "require_two_factor_authentication", "from": "false", "to": "true"}, **WHO},
        ),
        ({"methodName": "compute.disks.update", **WHO}, {"methodName": "compute.disks.insert", **WHO}),
    ],
)
def test_what_happened_outranks_what_was_refused_small_or_undone(
    worse: Mapping[str, object], milder: Mapping[str, object]
) -> None:
    assert found(worse).severity > found(milder).severity


@pytest.mark.parametrize(
    ("fields", "rule", "told"),
    [
        ({"eventName": "DeleteAuditLog", **WHO}, "deed.destroy.log", "eventname 'DeleteAuditLog'"),
        ({"title": "Brute force on vpn", "alert_id": 1}, "sign.brute-force", "title 'Brute force on vpn'"),
        ({"action": "user.login", "success": False, **WHO}, "refused-login", "action 'user.login'"),
        ({"detection": {"name": "x"}, "severity": "medium"}, "stated-detection", "severity 5"),
    ],
)
def test_the_reason_names_the_row_and_the_field_that_decided(
    fields: Mapping[str, object], rule: str, told: str
) -> None:
    finding = found(fields)
    assert finding.rule == rule
    assert told in finding.reason


def test_a_rule_names_the_field_that_decided_and_repeats_no_command_line() -> None:
    by_value = found({"action": "org.disable_saml", "actor": "bo", "org": "acme"})
    assert "rule github-protection-off: action = org.disable_saml" in by_value.reason
    by_pattern = found({"event_simpleName": "ProcessRollup2", "CommandLine": "AnyDesk.exe --password hunter2"})
    assert by_pattern.reason.endswith("(rule endpoint-remote-access-tool: CommandLine)")


def test_a_name_of_any_length_is_read_and_not_kept() -> None:
    bait = "delete ransomware " * 20_000
    before = sys.getrefcount(bait)
    assert verb_in(bait) == "destroy"
    assert worst_sign([bait]) is not None
    assert worst_deed([bait], bait, turned_off=False) is not None
    assert sys.getrefcount(bait) == before
    assert found({"alert_id": 1, "title": bait}).rule == "sign.ransomware"
