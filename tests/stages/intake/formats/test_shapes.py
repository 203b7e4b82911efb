"""What intake recognises in the JSON of each product, in events written for these tests."""

import json
from datetime import UTC, datetime

import pytest

from soc_core.stages.intake.formats import parse

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
STAMP = "2026-11-23T11:00:00Z"
THEN = datetime(2026, 11, 23, 11, 0, tzinfo=UTC)
SECURITY = "Microsoft-Windows-Security-Auditing"
LOGON = {"TargetUserName": "ada", "SubjectUserName": "WS1$", "IpAddress": "192.0.2.8"}
LOGON_FACTS = {
    "schema": "windows",
    "source": SECURITY,
    "host": "ws1",
    "user": "ada",
    "ip": "192.0.2.8",
    "outcome": "failure",
    "time": THEN,
    "fields.EventID": 4625,
    "fields.TargetUserName": "ada",
    "fields.Channel": "Security",
    "severity": None,
}

SHAPES = {
    "ecs dotted": (
        {
            "@timestamp": STAMP,
            "ecs.version": "8.0",
            "log.level": "error",
            "message": "x",
            "user.name": "ada",
            "source.ip": "192.0.2.8",
            "host.name": "ws1",
            "event.action": "login",
            "event.outcome": "failure",
        },
        {
            "schema": "ecs",
            "severity": 5.0,
            "user": "ada",
            "ip": "192.0.2.8",
            "host": "ws1",
            "action": "login",
            "outcome": "failure",
            "time": THEN,
        },
    ),
    "ecs nested": (
        {
            "@timestamp": STAMP,
            "ecs": {"version": "8.0"},
            "event": {"severity": 8, "outcome": "success", "dataset": "vpn.auth"},
            "user": {"name": "ada"},
            "host": {"name": "ws1"},
        },
        {"schema": "ecs", "source": "vpn.auth", "severity": 8.0, "user": "ada", "host": "ws1", "outcome": "success"},
    ),
    "ocsf": (
        {
            "class_uid": 3002,
            "severity_id": 4,
            "activity_name": "Logon",
            "status": "Failure",
            "time": 1795431600000,
            "actor": {"user": {"name": "ada"}},
            "src_endpoint": {"ip": "192.0.2.8"},
            "device": {"hostname": "ws1"},
            "metadata": {"product": {"name": "Gate"}},
        },
        {
            "schema": "ocsf",
            "source": "Gate",
            "severity": 7.0,
            "user": "ada",
            "ip": "192.0.2.8",
            "host": "ws1",
            "action": "Logon",
            "outcome": "failure",
            "time": THEN,
        },
    ),
    "ocsf unknown severity": ({"class_uid": 1, "severity_id": 99}, {"severity": None}),
    "cloudtrail": (
        {
            "eventVersion": "1.1",
            "eventTime": STAMP,
            "eventSource": "iam.amazonaws.com",
            "eventName": "DeleteUser",
            "awsRegion": "eu-west-1",
            "sourceIPAddress": "192.0.2.8",
            "userIdentity": {"type": "IAMUser", "userName": "ada"},
            "errorCode": "AccessDenied",
        },
        {
            "schema": "cloudtrail",
            "source": "aws.cloudtrail",
            "severity": None,
            "user": "ada",
            "ip": "192.0.2.8",
            "action": "DeleteUser",
            "outcome": "failure",
            "time": THEN,
        },
    ),
    "cloudtrail root login": (
        {
            "eventName": "ConsoleLogin",
            "eventSource": "signin.amazonaws.com",
            "awsRegion": "us-east-1",
            "userIdentity": {"type": "Root", "arn": "arn:aws:iam::1:root"},
            "responseElements": {"ConsoleLogin": "Success"},
        },
        {"user": "arn:aws:iam::1:root", "outcome": "success"},
    ),
    "guardduty by eventbridge": (
        {
            "detail-type": "GuardDuty Finding",
            "source": "aws.guardduty",
            "detail": {
                "accountId": "1",
                "type": "Recon:EC2/Portscan",
                "severity": 8.5,
                "service": {"serviceName": "guardduty"},
                "resource": {"instanceDetails": {"instanceId": "i-7"}},
                "updatedAt": STAMP,
            },
        },
        {
            "schema": "guardduty",
            "source": "aws.guardduty",
            "severity": 8.5,
            "host": "i-7",
            "action": "Recon:EC2/Portscan",
            "time": THEN,
        },
    ),
    "okta": (
        {
            "published": STAMP,
            "severity": "WARN",
            "displayMessage": "User login to Okta",
            "eventType": "user.session.start",
            "actor": {"alternateId": "ada@example.com"},
            "client": {"ipAddress": "192.0.2.8"},
            "outcome": {"result": "FAILURE"},
        },
        {
            "schema": "okta",
            "source": "okta",
            "severity": 4.0,
            "user": "ada@example.com",
            "ip": "192.0.2.8",
            "action": "user.session.start",
            "outcome": "failure",
            "time": THEN,
        },
    ),
    "google cloud": (
        {
            "severity": "ERROR",
            "timestamp": STAMP,
            "resource": {"type": "gce_instance", "labels": {"project_id": "shop"}},
            "protoPayload": {
                "methodName": "v1.compute.firewalls.insert",
                "serviceName": "compute.googleapis.com",
                "authenticationInfo": {"principalEmail": "ada@example.com"},
                "requestMetadata": {"callerIp": "192.0.2.8"},
                "status": {"code": 7, "message": "PERMISSION_DENIED"},
            },
        },
        {
            "schema": "gcp",
            "source": "gcp.audit",
            "severity": None,
            "host": "shop",
            "user": "ada@example.com",
            "ip": "192.0.2.8",
            "action": "v1.compute.firewalls.insert",
            "outcome": "failure",
            "time": THEN,
        },
    ),
    "google workspace": (
        {
            "kind": "admin#reports#activity",
            "id": {"applicationName": "admin", "time": STAMP},
            "actor": {"email": "ada@example.com"},
            "ipAddress": "192.0.2.8",
            "events": [{"type": "USER_SETTINGS", "name": "CREATE_USER"}],
        },
        {"schema": "json", "user": "ada@example.com", "ip": "192.0.2.8", "action": "CREATE_USER"},
    ),
    "slack": (
        {
            "action": "app_installed",
            "date_create": 1795431600,
            "actor": {"type": "user", "user": {"email": "ada@example.com"}},
            "context": {"ip_address": "192.0.2.8"},
        },
        {"user": "ada@example.com", "ip": "192.0.2.8", "action": "app_installed", "time": THEN},
    ),
    "box": (
        {"event_type": "ITEM_SHARED", "created_by": {"login": "ada@example.com"}, "created_at": STAMP},
        {"user": "ada@example.com", "action": "ITEM_SHARED", "time": THEN},
    ),
    "mongod": (
        {"atype": "authenticate", "remote": {"ip": "192.0.2.8", "port": 51000}, "param": {"user": "ada"}},
        {"user": "ada", "ip": "192.0.2.8"},
    ),
    "github": (
        {"action": "repo.destroy", "actor": "ada", "org": "acme", "repo": "acme/x", "@timestamp": 1795431600000},
        {"schema": "github", "source": "github.audit", "user": "ada", "action": "repo.destroy", "time": THEN},
    ),
    "kubernetes": (
        {
            "kind": "Event",
            "level": "Metadata",
            "verb": "delete",
            "user": {"username": "ada"},
            "sourceIPs": ["192.0.2.8", "10.0.0.1"],
            "objectRef": {"resource": "secrets", "name": "db"},
            "responseStatus": {"code": 403},
            "requestReceivedTimestamp": STAMP,
        },
        {
            "schema": "kubernetes",
            "severity": None,
            "user": "ada",
            "ip": "192.0.2.8",
            "action": "delete",
            "outcome": "failure",
            "time": THEN,
        },
    ),
    "wazuh alert": (
        {
            "timestamp": STAMP,
            "rule": {"level": 12, "id": "1", "description": "multiple failures"},
            "agent": {"name": "ws1"},
            "decoder": {"name": "sshd"},
            "data": {"srcip": "192.0.2.8", "dstuser": "ada"},
        },
        {"schema": "wazuh", "source": "sshd", "severity": 8.0, "host": "ws1", "user": "ada", "ip": "192.0.2.8"},
    ),
    "windows evtx": (
        {
            "Event": {
                "System": {
                    "Provider": {"#attributes": {"Name": SECURITY}},
                    "EventID": {"#text": 4625, "#attributes": {"Qualifiers": 0}},
                    "Channel": "Security",
                    "Computer": "ws1",
                    "Level": 0,
                    "TimeCreated": {"#attributes": {"SystemTime": STAMP}},
                },
                "EventData": LOGON,
            }
        },
        LOGON_FACTS,
    ),
    "windows winlogbeat": (
        {
            "@timestamp": STAMP,
            "event": {"outcome": "failure", "action": "logon-failed"},
            "log": {"level": "information"},
            "winlog": {
                "event_id": "4625",
                "channel": "Security",
                "provider_name": SECURITY,
                "computer_name": "ws1",
                "event_data": LOGON,
            },
        },
        LOGON_FACTS | {"action": "logon-failed"},
    ),
    "windows nxlog": (
        {
            "EventTime": "2026-11-23 11:00:00",
            "Hostname": "ws1",
            "EventID": 4625,
            "SourceName": SECURITY,
            "Channel": "Security",
            "EventType": "AUDIT_FAILURE",
            **LOGON,
        },
        LOGON_FACTS,
    ),
    "windows by wazuh": (
        {
            "win": {
                "system": {
                    "providerName": SECURITY,
                    "eventID": "4625",
                    "channel": "Security",
                    "computer": "ws1",
                    "systemTime": STAMP,
                    "severityValue": "AUDIT_FAILURE",
                },
                "eventdata": {"targetUserName": "ada", "ipAddress": "192.0.2.8"},
            }
        },
        LOGON_FACTS,
    ),
    "windows sysmon": (
        {
            "EventID": 1,
            "Channel": "Microsoft-Windows-Sysmon/Operational",
            "Computer": "ws1",
            "Level": 4,
            "User": "ACME\\ada",
            "CommandLine": "whoami",
        },
        {"schema": "windows", "user": "ACME\\ada", "severity": 2.0, "fields.CommandLine": "whoami", "outcome": None},
    ),
    "an eventid that is not from windows": (
        {"eventid": "cowrie.login.failed", "src_ip": "192.0.2.8", "username": "ada"},
        {"schema": "json", "ip": "192.0.2.8", "user": "ada", "action": "cowrie.login.failed"},
    ),
    "suricata": (
        {
            "timestamp": STAMP,
            "event_type": "alert",
            "src_ip": "192.0.2.8",
            "alert": {"signature": "scan", "severity": 1, "action": "allowed"},
        },
        {"schema": "suricata", "source": "suricata", "severity": 7.0, "ip": "192.0.2.8", "outcome": "success"},
    ),
    "cloudevent": (
        {
            "specversion": "1.0",
            "id": "e-1",
            "source": "/gate",
            "type": "login.failed",
            "time": STAMP,
            "data": {"user": "ada", "severity": "high"},
        },
        {"id": "/gate#e-1", "source": "/gate", "user": "ada", "severity": 7.0, "action": "login.failed", "time": THEN},
    ),
    "docker": (
        {
            "log": "login failed for user ada from 192.0.2.8\n",
            "stream": "stderr",
            "time": "2026-11-23T11:00:00.000000001Z",
        },
        {
            "schema": "docker",
            "message": "login failed for user ada from 192.0.2.8",
            "user": "ada",
            "ip": "192.0.2.8",
            "time": THEN,
            "fields.stream": "stderr",
        },
    ),
    "journald": (
        {
            "MESSAGE": "Failed password for ada from 192.0.2.8 port 2 ssh2",
            "PRIORITY": "1",
            "_HOSTNAME": "ws1",
            "SYSLOG_IDENTIFIER": "sshd",
            "__REALTIME_TIMESTAMP": "1795431600000000",
        },
        {
            "schema": "journald",
            "message": "Failed password for ada from 192.0.2.8 port 2 ssh2",
            "severity": 7.0,
            "source": "sshd",
            "host": "ws1",
            "user": "ada",
            "ip": "192.0.2.8",
            "time": THEN,
        },
    ),
    "an application's own": (
        {
            "ts": 1795431600.0,
            "level": "warn",
            "service": "api",
            "msg": "denied",
            "remote_addr": "192.0.2.8:5",
            "status": 403,
        },
        {"schema": "json", "severity": 4.0, "source": "api", "ip": "192.0.2.8", "outcome": "failure", "time": THEN},
    ),
    "pino": ({"level": 50, "time": 1795431600000, "msg": "x", "hostname": "ws1"}, {"severity": 5.0, "host": "ws1"}),
    "people in the text of a JSON event": (
        {"level": "info", "message": "Failed password for ada from 192.0.2.8 port 9"},
        {"user": "ada", "ip": "192.0.2.8"},
    ),
    "nothing stated": (
        {"a": {"b": [1, {"c": 2}]}},
        {"severity": None, "user": None, "source": "log", "fields.a": {"b": [1, {"c": 2}]}},
    ),
}


@pytest.mark.parametrize("name", SHAPES)
def test_an_event_is_read_in_the_shape_of_its_product(name):
    event, expected = SHAPES[name]
    line = json.dumps(event)
    read = parse(line, received=NOW)
    for key, value in expected.items():
        seen = read.field(key.removeprefix("fields.")) if key.startswith("fields.") else getattr(read, key)
        assert seen == value, f"{key} of {read}"
    if "message" not in expected:
        assert read.message == line
