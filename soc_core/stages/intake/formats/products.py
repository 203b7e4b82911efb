"""Where products keep severity, people, places and results in their JSON events, and what tells them apart.

To know one more product, add a row. Paths are as `flatten` writes them.
"""

from collections.abc import Callable

import attrs

from soc_core.stages.intake.formats.severity import Severities

Paths = tuple[str, ...]


def _set(paths: Paths) -> frozenset[str]:
    return frozenset(paths)


@attrs.frozen(kw_only=True)
class Shape:
    """How one product writes its events.

    Args:
        name: What `Event.schema` shows.
        needs: The paths that tell this product from others; all must be there.
        source: The source to name where the event itself has none of `sources`.
        severity: Where a severity is stated; empty for products that state none, whatever their other fields look like.
        scale: How to read that severity.
    """

    name: str
    needs: frozenset[str] = attrs.field(converter=_set)
    source: str = ""
    sources: Paths = ()
    severity: Paths = ()
    scale: Callable[[Severities, object], float | None] = Severities.of_word
    host: Paths = ()
    user: Paths = ()
    ip: Paths = ()
    time: Paths = ()
    action: Paths = ()
    outcome: Paths = ()
    failed_if: Paths = ()


def _ocsf(table: Severities, value: object) -> float | None:
    return table.of_number(table.ocsf, value)


def _wazuh(table: Severities, value: object) -> float | None:
    return table.of_number(table.wazuh, value)


def _suricata(table: Severities, value: object) -> float | None:
    return {"1": 7.0, "2": 5.0, "3": 3.0, "4": 1.0}.get(str(value))  # 1 is the worst


SHAPES = (
    Shape(
        name="cloudtrail",
        needs=("eventname", "eventsource", "awsregion"),
        source="aws.cloudtrail",
        user=(
            "useridentity.username",
            "useridentity.sessioncontext.sessionissuer.username",
            "useridentity.arn",
            "useridentity.type",
        ),
        ip=("sourceipaddress",),
        time=("eventtime",),
        action=("eventname",),
        outcome=("responseelements.consolelogin",),
        failed_if=("errorcode", "errormessage"),
    ),
    Shape(
        name="guardduty",
        needs=("service.servicename", "severity", "type", "accountid"),
        source="aws.guardduty",
        severity=("severity",),
        host=("resource.instancedetails.instanceid",),
        user=("resource.accesskeydetails.username",),
        ip=(
            "service.action.networkconnectionaction.remoteipdetails.ipaddressv4",
            "service.action.awsapicallaction.remoteipdetails.ipaddressv4",
            "service.action.portprobeaction.portprobedetails.remoteipdetails.ipaddressv4",
        ),
        time=("updatedat", "createdat"),
        action=("type",),
    ),
    Shape(
        name="okta",
        needs=("actor.alternateid", "outcome.result", "displaymessage"),
        source="okta",
        severity=("severity",),
        scale=Severities.of_level,
        user=("actor.alternateid", "actor.displayname"),
        ip=("client.ipaddress",),
        time=("published",),
        action=("eventtype", "displaymessage"),
        outcome=("outcome.result",),
    ),
    Shape(
        name="kubernetes",
        needs=("verb", "objectref.resource"),
        source="kubernetes.audit",
        host=("annotations.node", "objectref.name"),
        user=("user.username",),
        ip=("sourceips",),
        time=("requestreceivedtimestamp", "stagetimestamp", "timestamp"),
        action=("verb",),
        outcome=("responsestatus.code",),
    ),
    Shape(
        name="gcp",
        needs=("protopayload.methodname",),
        source="gcp.audit",
        host=("resource.labels.instanceid", "resource.labels.clustername", "resource.labels.projectid"),
        user=("protopayload.authenticationinfo.principalemail",),
        ip=("protopayload.requestmetadata.callerip",),
        time=("timestamp", "receivetimestamp"),
        action=("protopayload.methodname",),
        failed_if=("protopayload.status.message",),
    ),
    Shape(
        name="github",
        needs=("action", "actor", "org"),
        source="github.audit",
        host=("repo",),
        user=("actor",),
        ip=("actorip",),
        time=("@timestamp", "createdat"),
        action=("action",),
    ),
    Shape(
        name="wazuh",
        needs=("rule.level", "rule.id"),
        source="wazuh",
        sources=("predecoder.programname", "decoder.name"),
        severity=("rule.level",),
        scale=_wazuh,
        host=("predecoder.hostname", "agent.name", "manager.name"),
        user=("data.dstuser", "data.srcuser", "data.user"),
        ip=("data.srcip",),
        time=("timestamp", "@timestamp"),
        action=("data.action", "rule.description"),
        outcome=("data.status",),
    ),
    Shape(
        name="ocsf",
        needs=("classuid", "severityid"),
        source="ocsf",
        sources=("metadata.product.name",),
        severity=("severityid",),
        scale=_ocsf,
        host=("device.hostname", "dstendpoint.hostname", "device.name"),
        user=("user.name", "actor.user.name", "actor.user.emailaddr", "user.emailaddr", "actor.user.uid"),
        ip=("srcendpoint.ip", "device.ip", "evidences.srcendpoint.ip"),
        time=("time", "timedt"),
        action=("activityname", "api.operation", "findinginfo.title", "classname"),
        outcome=("status", "action"),
    ),
    Shape(
        name="suricata",
        needs=("eventtype", "alert.signature"),
        source="suricata",
        severity=("alert.severity",),
        scale=_suricata,
        ip=("srcip",),
        time=("timestamp",),
        action=("alert.action", "eventtype"),
        outcome=("alert.action",),
        host=("host",),
    ),
    Shape(name="falco", needs=("rule", "priority", "output"), source="falco", severity=("priority",), time=("time",)),
    Shape(name="ecs", needs=("ecs.version",), sources=("event.module", "event.dataset", "service.name", "agent.type")),
)

GENERIC = Shape(
    name="json",
    needs=(),
    sources=(
        "source",
        "sourcename",
        "eventsource",
        "logger",
        "servicename",
        "service.name",
        "service",
        "app",
        "application",
        "program",
        "sysloglidentifier",
    ),
    severity=(
        "event.severity",
        "severity",
        "severity.label",
        "alert.severity",
        "severitylabel",
        "rule.severity",
        "kibana.alert.severity",
        "control.severity",
        "issue.severity",
        "threat.severity",
        "criticality",
        "risklevel",
    ),
    host=(
        "host.name",
        "host.hostname",
        "hostname",
        "host",
        "computername",
        "computer",
        "devicename",
        "device.hostname",
        "agent.hostname",
        "agent.name",
        "kubernetes.host",
        "server",
        "sensor",
    ),
    user=(
        "user.name",
        "user.email",
        "user.username",
        "username",
        "useremail",
        "user",
        "userprincipalname",
        "useridentity.email",
        "useridentity.username",
        "actor.user.email",
        "actor.session.user.email",
        "actor.alternateid",
        "actor.email",
        "actor.emailaddress",
        "actor.loginname",
        "actor.attributes.email",
        "actor.username",
        "actor.name",
        "actor.displayname",
        "actorusername",
        "actor",
        "event.actor.loginname",
        "event.adminid",
        "initiatedby.user.userprincipalname",
        "properties.initiatedby.user.userprincipalname",
        "clientusername",
        "email",
        "login",
        "account",
        "principal",
        "operator",
        "identity.arn",
        "userid",
        "attributes.actor.email",
        "actor.admin.email",
        "actor.person.email",
        "data.actoremail",
        "actoremail",
        "payload.actoremail",
        "actinguser.useremail",
        "createdby.login",
        "createdby.email",
        "member.email",
        "usr.email",
        "dbusername",
        "serverprincipalname",
        "principalname",
        "param.user",
        "auditrequesteffectiveuser",
        "auditowneremail",
        "adminusername",
        "systemaccount",
        "loginname",
        "event.userid",
    ),
    ip=(
        "source.ip",
        "client.ip",
        "client.ipaddress",
        "sourceip",
        "sourceipaddress",
        "srcip",
        "src",
        "srcaddr",
        "clientip",
        "calleripaddress",
        "callerip",
        "remoteip",
        "remoteaddr",
        "remoteaddress",
        "actoripaddress",
        "actorip",
        "ipaddress",
        "ipaddr",
        "ip",
        "requestip",
        "clienthost",
        "clientaddr",
        "srcendpoint.ip",
        "request.remoteip",
        "request.clientip",
        "httprequest.clientip",
        "httprequest.remoteip",
        "event.clientip",
        "actor.session.ipaddress",
        "origin.geolocation.ipaddress",
        "rhost",
        "actor.ipaddress",
        "context.ipaddress",
        "context.clientipaddress",
        "context.ip",
        "data.actorip",
        "remote.ip",
        "origin.address",
        "auditrequestremoteaddress",
    ),
    time=(
        "@timestamp",
        "timestamp",
        "eventtime",
        "time",
        "ts",
        "datetime",
        "createdat",
        "createddatetime",
        "creationtime",
        "created",
        "published",
        "occurredat",
        "timegenerated",
        "starttime",
        "eventtimestamp",
        "date",
        "effectiveat",
        "datecreate",
    ),
    action=(
        "event.action",
        "action",
        "eventname",
        "operationname",
        "operation",
        "eventtype",
        "actionname",
        "event.type",
        "eventtype.tag",
        "activity",
        "verb",
        "eventid",
        "action.type",
        "eventtype..tag",
        "events.name",
        "payload.action",
        "accesses.action",
        "taskdisplayname",
    ),
    outcome=(
        "event.outcome",
        "outcome.result",
        "outcome",
        "result",
        "resultstatus",
        "resulttype",
        "actionresult",
        "issuccess",
        "success",
        "status",
        "response.statuscode",
        "responsestatus.code",
        "http.response.statuscode",
        "statuscode",
        "executionstatus",
        "action",
        "event.result",
        "event.success",
        "activityresult",
    ),
)
