"""Where products keep what matters in their events: the names of fields, by the part they play.

Every product has its own names, but they are variations of few: an audit record says who did what to what and how it
ended, a detection says what was seen and how bad it is. Names are as rules write them (`rule_fields.py`), compared
without case, `_`, `-` and blanks; a leading dot means the top of the event only.
"""

OPERATIONS: tuple[str, ...] = (
    *("@action", "eventname", "operationname", "operation", "actionname", "event.action", "attributes.action"),
    *("eventtype", "event.type", "data.type", "methodname", "activity", "activityname", "activitytype"),
    *("activitydisplayname", ".event", ".action", ".type", "eventtype.tag", "operationtype", "eventtypename"),
    *("auditlogevent", "auditevent", "events.name", "querytype", "primarydescription", "changedescription"),
    *("displaymessage", "actiontype", "eventsimplename", "subtype", "logdescription", ".name", "data.description"),
    *("scenario", "eventdescription", ".description", ".category", "details.change", "details.custommessage"),
)
"""What was done or happened, in the product's own word."""

ABOUT: tuple[str, ...] = (
    *("target.property", "target.type", "targettype", "objectref.resource", "objectref.subresource", "resourcetype"),
    *("objecttype", "operationdetail", "subcategory", "categorytype", "servicename", "workspaceconfkeys", "setting"),
    *("settingname", "property", "modifiedproperties.name", "modifiedproperties.displayname"),
    *("sourcetype", "sourcelabel", "entitytype", "entity.type", "scope", "role", "rolename", "newrole", "targetrole"),
    *("parameters.name", "parameters.settingname", "resource.type", "privilege", "permission"),
)
"""What it was done to, and what was given."""

GIVEN: tuple[str, ...] = (
    *("groupname", "targetgroupname", "group.name", "targetgroup.name", "groupdisplayname"),
    *("policyarn", "roleref.name", "roledefinitionname"),
)
"""The group or role that somebody came to; its name says whether that is much."""

KINDS: tuple[str, ...] = (
    *("alertname", "alerttype", "alert.signature", "alert.category", "alert.title", "alert.name", "signature"),
    *("signaturename", "threatname", "threattype", "threatcategory", "classification", "detectionname", "rulename"),
    *("findingtype", "findinginfo.title", "tactic", "tactics", "technique", "attack", "attackname", "attacktype"),
    *("virus", "malware", "malwarename", "riskeventtype", "risktype", "objective", "scenario", "alertlabels", "cat"),
    *(".title", ".name", ".type", ".subtype", ".category", ".object", "event.category", "eventtype", "eventtypename"),
    *("displaymessage", "attackdesc", "reason", "description", "incidenttype", "kind", "eventcategory", "detectname"),
    *(
        "findings.title",
        "findings.types",
        "note",
        "model",
        "model.name",
        "plugin.name",
        "filters.name",
        "alert.rule.name",
    ),
    *("rule.name", "confidencelevel"),
)
"""What a detection is about."""

DETECTIONS: tuple[str, ...] = (
    *("alert", "alertid", "alertname", "alerttype", "alert.signature", "detection", "detectionid", "detectionsource"),
    *("finding", "findingid", "findinginfo.title", "incidentkey", "incidentid", "threat", "threatname", "threatid"),
    *("malware", "malwarename", "signature", "signatureid", "sourcerule", "provideralertid", "canary", "canaryid"),
    *("threatinfo", "tactic", "tactics", "technique", "mitre", "mitreattack", "ioctype", "iocvalue", "attackname"),
    *(
        "findings",
        "detectname",
        "detectid",
        "detectionname",
        "alerts",
        "riskeventtype",
        "vulnerability",
        "attacktype",
        "virus",
    ),
)
"""Fields that only a product which looks for attacks writes."""

ACTORS: tuple[str, ...] = (
    *(
        "@user",
        "actor",
        "actorname",
        "actoremail",
        "createdby",
        "authorname",
        "username",
        "useremail",
        "userid",
        "user",
    ),
    *("principalemail", "principal", "initiatedby", "operator", "performedby", "caller", "identity", "useridentity"),
    *("targetuser", "actordetails", "requester", "createdbyuser"),
)
"""Who did it."""

STATED: tuple[str, ...] = (
    *(
        "severityname",
        "severitylabel",
        "severity.label",
        "threatseverity",
        "alertseverity",
        "severitytext",
        "risklevel",
    ),
    *("maxseverityname", "confidencelevel", "severity", "risk", "riskfactor", "threatlevel"),
)
"""How bad it is, in a word, where the product also gives a number on a scale of its own."""

ENDINGS: tuple[str, ...] = (
    *("@action", "status", "state", "mitigationstatus", "actiontaken", "disposition", "remediation", "threatstatus"),
)
"""What became of a finding."""

ERRORS: tuple[str, ...] = (
    *("errorcode", "errormessage", "error.code", "loginstatus", "resultdescription", "failurereason"),
    *("status.message", "responsestatus.reason", "response.errormessage", "statusmessage", "error.message"),
)
"""Why something did not work."""

NEW_VALUES: tuple[str, ...] = (
    *("newvalue", "workspaceconfvalues", "value", "to", "new", "enabled", "isenabled", "after.isenabled", "tovalue"),
    *("after", "newsettings", "member", "members", "cidrip", "cidripv6", "sourceranges", "visibility", "shared"),
    *("policy", "acl", "grantee.uri", "audience", "sharedwith", "accesslevel", "principal", "publicaccess"),
)
"""What something was set to, and whom it was opened to."""

RISKY_IF_TRUE: tuple[str, ...] = (
    *("issuspicious", "loginissuspicious", "suspicious", "isanomalous", "isanonymous", "isanonymousip", "istor"),
    *("threatsuspected", "isproxy", "isimpossibletravel", "compromised"),
)
RISKY_IF_FALSE: tuple[str, ...] = ("mfaused", "ismfa", "usedmfa", "multifactorused", "trusteddevice", "devicetrusted")
"""What makes a login that worked worth a look."""

ATTEMPTS: tuple[str, ...] = (
    *("attempts", "attemptcount", "failedattempts", "failedlogins", "failedlogincount", "failurecount", "failures"),
    *("failcount", "numfailures", "loginfailures", "retries", "failedcount"),
)
"""How often it was tried, where one record stands for many."""

FIELDS: tuple[str, ...] = (
    *OPERATIONS,
    *ABOUT,
    *GIVEN,
    *KINDS,
    *DETECTIONS,
    *ACTORS,
    *STATED,
    "event.kind",
    *ENDINGS,
    *ERRORS,
    *NEW_VALUES,
    *RISKY_IF_TRUE,
    *RISKY_IF_FALSE,
    *ATTEMPTS,
)
"""The fields that are looked at, besides those that rules ask for."""
