"""The formats that every SOC has, as they come in: what is ordinary stays quiet, what is not makes a ticket."""

import json
from datetime import UTC, datetime

import pytest

from soc_core import Course
from soc_core.builtin.rules import Rules
from soc_core.builtin.triggers import Triggers
from soc_core.stages.intake.formats import parse

NOW = datetime(2026, 1, 1, tzinfo=UTC)
RULES = Rules()
SYS = "Jan  1 00:00:00 host "


def seen(line: str | dict[str, object], source: str | None = None) -> tuple[float, bool, bool]:
    """Severity, whether it matters to security, and whether there is a ticket."""
    text = line if isinstance(line, str) else json.dumps(line)
    finding = RULES.classify_event(parse(text, source=source, received=NOW))
    if finding is None:
        return 0.0, False, False
    return finding.severity, finding.security, Triggers().should_create_ticket(finding).course is Course.TICKET


def audit(kind: str, rest: str) -> str:
    return f"type={kind} msg=audit(1700000000.123:42): {rest}"


def cloudtrail(name: str, service: str = "iam", **more: object) -> dict[str, object]:
    return {
        "eventVersion": "1.08",
        "eventName": name,
        "eventSource": f"{service}.amazonaws.com",
        "awsRegion": "eu-west-1",
        "userIdentity": {"type": "IAMUser", "userName": "bo"},
        "sourceIPAddress": "203.0.113.9",
        **more,
    }


def okta(kind: str, result: str = "SUCCESS") -> dict[str, object]:
    who = {"alternateId": "bo@example.org"}
    return {"eventType": kind, "actor": who, "outcome": {"result": result}, "displayMessage": kind, "severity": "INFO"}


def kubernetes(verb: str, resource: str, **more: object) -> dict[str, object]:
    return {
        "kind": "Event",
        "apiVersion": "audit.k8s.io/v1",
        "verb": verb,
        "user": {"username": "bo@example.org"},
        "objectRef": {"resource": resource, "name": "x", "namespace": "default"},
        "responseStatus": {"code": 201},
        **more,
    }


def windows(number: int, **data: object) -> dict[str, object]:
    return {"Channel": "Security", "EventID": number, "Computer": "pc1", "EventData": data}


def sysmon(number: int, **data: object) -> dict[str, object]:
    return {"Channel": "Microsoft-Windows-Sysmon/Operational", "EventID": number, "Computer": "pc1", "EventData": data}


SERIOUS = [
    (windows(1102), None),
    (windows(4732, TargetUserName="Administrators", MemberSid="S-1-5-21-1"), None),
    (sysmon(1, CommandLine="vssadmin delete shadows /all /quiet", Image="C:\\Windows\\System32\\vssadmin.exe"), None),
    (sysmon(1, CommandLine="powershell -enc SQBFAFgAIAAoAE4AZQB3AC0ATwBiAGoAZQBjAHQA", Image="powershell.exe"), None),
    (SYS + "useradd[7]: new user: name=toor, UID=0, GID=0, home=/root, shell=/bin/bash", None),
    (SYS + "sudo:       bo : TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/usr/sbin/setenforce 0", None),
    ('203.0.113.9 - - [10/Oct/2025:13:55:36 +0000] "GET /v?f=../../etc/passwd HTTP/1.1" 200 1842 "-" "curl"', "nginx"),
    ('logdesc="Object configured" user="x" action="Add" cfgpath="system.admin" cfgobj="support2"', "fortigate"),
    (cloudtrail("StopLogging", "cloudtrail"), None),
    (cloudtrail("CreateAccessKey", userIdentity={"type": "Root", "userName": "root"}), None),
    (okta("user.account.privilege.grant"), None),
    ({"action": "org.disable_saml", "actor": "bo", "org": "acme"}, None),
    (
        kubernetes(
            "create", "pods", requestObject={"spec": {"containers": [{"securityContext": {"privileged": True}}]}}
        ),
        None,
    ),
    ({"query": {"name": "pool.minexmr.com", "type": "A"}, "src_ip": "10.0.0.9"}, "dns"),
    (SYS + "clamd[7]: /srv/mail/7: Win.Trojan.Agent-1 FOUND and could not be removed", None),
]

REFUSED = [
    (windows(4625, TargetUserName="bo", IpAddress="203.0.113.9", LogonType="3"), None),
    (SYS + "sshd[7]: Failed password for bo from 203.0.113.9 port 22 ssh2", None),
    (SYS + "sudo:       bo : 1 incorrect password attempt ; TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/bin/ls", None),
    (
        audit("USER_LOGIN", 'pid=1 uid=0 msg=\'op=login acct="bo" exe="/usr/sbin/sshd" addr=203.0.113.9 res=failed\''),
        None,
    ),
    ('203.0.113.9 - bo [10/Oct/2025:13:55:36 +0000] "POST /login HTTP/1.1" 401 12 "-" "curl"', "nginx"),
    ('2025/10/10 12:00:00 [error] 1#0: *2 user "bo": password mismatch, client: 203.0.113.9, server: x', "nginx"),
    (
        "[Fri Oct 10 12:00:00 2025] [auth_basic:error] [client 203.0.113.9:1] AH01617: user bo: authentication failure",
        "apache",
    ),
    ('%ASA-6-605004: Login denied from 203.0.113.9/1 to inside:10.0.0.1/ssh for user "root"', "cisco"),
    (
        cloudtrail(
            "ConsoleLogin", "signin", responseElements={"ConsoleLogin": "Failure"}, errorMessage="Failed authentication"
        ),
        None,
    ),
    (okta("user.session.start", "FAILURE"), None),
    (SYS + "postfix/smtpd[7]: warning: unknown[203.0.113.9]: SASL LOGIN authentication failed: x", None),
    (SYS + "dovecot: imap-login: Disconnected (auth failed, 2 attempts in 14 secs): user=<bo>, rip=203.0.113.9", None),
    ('FATAL:  password authentication failed for user "bo"', "postgres"),
    ("Access denied for user 'root'@'203.0.113.9' (using password: YES)", "mysqld"),
    ("client 203.0.113.9#3050: zone transfer 'example.com/AXFR/IN' denied", "named"),
]

ORDINARY = [
    (windows(4634, TargetUserName="bo"), None),
    (sysmon(3, Image="C:\\Program Files\\App\\app.exe", DestinationIp="10.0.0.9"), None),
    (SYS + "sshd[7]: Accepted publickey for bo from 10.0.0.9 port 22 ssh2", None),
    (SYS + "sudo:       bo : TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/bin/systemctl status nginx", None),
    (SYS + "CRON[7]: (root) CMD (run-parts /etc/cron.hourly)", None),
    (audit("SYSCALL", 'arch=c000003e syscall=2 success=yes exit=3 comm="ls" exe="/bin/ls" key=(null)'), None),
    ('10.0.0.9 - - [10/Oct/2025:13:55:36 +0000] "GET /index.html HTTP/1.1" 200 512 "-" "Mozilla/5.0"', "nginx"),
    ("%ASA-6-302013: Built outbound TCP connection 1 for outside:203.0.113.9/443 to inside:10.0.0.9/5000", "cisco"),
    (cloudtrail("DescribeInstances", "ec2"), None),
    (okta("user.session.start"), None),
    ({"action": "git.clone", "actor": "bo", "org": "acme"}, None),
    (kubernetes("get", "pods"), None),
    ({"query": {"name": "www.example.org", "type": "A"}, "src_ip": "10.0.0.9"}, "dns"),
    (SYS + "postfix/smtp[7]: 12AB: to=<bo@example.org>, relay=x, status=sent (250 2.0.0 Ok)", None),
    ("LOG:  checkpoint complete: wrote 12 buffers", "postgres"),
]


@pytest.mark.parametrize(("line", "source"), SERIOUS)
def test_what_is_serious_in_a_known_format_makes_a_ticket(line: str | dict[str, object], source: str | None) -> None:
    _, security, ticket = seen(line, source)
    assert (security, ticket) == (True, True)


@pytest.mark.parametrize(("line", "source"), REFUSED)
def test_one_refused_login_is_security_and_no_incident(line: str | dict[str, object], source: str | None) -> None:
    severity, security, ticket = seen(line, source)
    assert (security, ticket) == (True, False)
    assert severity < 6


@pytest.mark.parametrize(("line", "source"), ORDINARY)
def test_what_is_ordinary_in_a_known_format_stays_quiet(line: str | dict[str, object], source: str | None) -> None:
    severity, _, ticket = seen(line, source)
    assert not ticket
    assert severity <= 3.5
