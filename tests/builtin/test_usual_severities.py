"""What everybody would say: daily work of well-known products raises no alert, what disarms or hands over does.

The operations are those that the vendors document; nobody's labels are needed to tell them apart.
"""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

import pytest

from soc_core.builtin.rules import Rules
from soc_core.stages.intake.formats import event_of

NOW = datetime(2026, 1, 1, tzinfo=UTC)
RULES = Rules()
ALERT = 6
"""From here on people are told."""

Fields = Mapping[str, object]


def okta(name: str) -> Fields:
    return {"eventType": name, "outcome": {"result": "SUCCESS"}, "actor": {"alternateId": "bo@example.org"}}


def google_cloud(name: str) -> Fields:
    return {"protoPayload": {"methodName": name, "authenticationInfo": {"principalEmail": "bo@example.org"}}}


def google_workspace(name: str) -> Fields:
    return {"actor": {"email": "bo@example.org"}, "events": [{"name": name}], "id": {"applicationName": "admin"}}


def by_action(name: str) -> Fields:
    """GitHub, Slack, Duo and many others."""
    return {"action": name, "actor": "bo", "org": "acme"}


def microsoft(name: str) -> Fields:
    return {"Operation": name, "UserId": "bo@example.org", "Workload": "SharePoint"}


def amazon(name: str) -> Fields:
    return {"eventName": name, "eventVersion": "1.08", "userIdentity": {"type": "AssumedRole"}}


def atlas(name: str) -> Fields:
    return {"eventTypeName": name, "username": "bo@example.org"}


def auth0(name: str) -> Fields:
    return {"data": {"type": "sapi", "description": name, "user_name": "bo"}, "log_id": "1"}


def gitlab(name: str) -> Fields:
    return {"event_name": name, "author_id": 7, "author_name": "bo", "entity_type": "Group", "target_details": "acme"}


def salesforce(name: str) -> Fields:
    return {"EVENT_TYPE": "Login", "USER_NAME": "bo@example.org", "LOGIN_STATUS": name}


def databricks(name: str) -> Fields:
    return {"serviceName": "accounts", "actionName": name, "workspaceId": "7", "userIdentity": {"email": "bo@e.org"}}


def box(name: str) -> Fields:
    return {"event_type": name, "created_by": {"type": "user", "login": "bo@example.org"}, "event_id": "1"}


def falcon(name: str) -> Fields:
    return {"metadata": {"eventType": "AuthActivityAuditEvent"}, "event": {"OperationName": name, "Success": True}}


def sophos(name: str) -> Fields:
    return {"type": name, "group": "x", "endpoint_id": "1", "source": "bo", "location": "laptop-7"}


def severity(fields: Fields) -> float:
    found = RULES.classify_event(event_of({"source": "new.product", "message": json.dumps(fields)}, received=NOW))
    return 1.0 if found is None else found.severity


DAILY: tuple[tuple[Callable[[str], Fields], str], ...] = (
    (okta, "user.session.start user.session.end user.authentication.sso user.authentication.auth_via_mfa"),
    (okta, "policy.evaluate_sign_on user.lifecycle.create user.mfa.factor.activate user.account.update_password"),
    (okta, "app.oauth2.as.token.grant.access_token app.oauth2.token.grant.id_token app.oauth2.as.authorize.code"),
    (google_cloud, "storage.objects.get storage.objects.list storage.objects.create storage.objects.delete"),
    (
        google_cloud,
        "jobservice.insert v1.compute.instances.insert v1.compute.snapshots.insert io.k8s.core.v1.pods.list",
    ),
    (google_workspace, "login_success logout view edit create rename download CREATE_USER 2sv_enroll call_ended"),
    (by_action, "git.clone git.push pull_request.create pull_request.merge repo.create team.add_member repo.rename"),
    (by_action, "user_login user_logout file_uploaded file_downloaded user_channel_join public_channel_created"),
    (microsoft, "FileAccessed FileModified FileUploaded PageViewed UserLoggedIn Send MoveToDeletedItems MessageSent"),
    (amazon, "AssumeRole GetObject PutObject CreateLogStream DescribeInstances Decrypt RunInstances CreateTags"),
    (atlas, "JOINED_ORG CLUSTER_CREATED USER_ROLES_CHANGED_AUDIT"),
    (auth0, "Get_users Create_a_client Update_a_user"),
    (okta, "group.user_membership.add app.oauth2.as.consent.grant system.agent.ad.read_ldap"),
    (google_cloud, "v1.compute.instances.start google.cloud.bigquery.v2.JobService.InsertJob"),
    (google_cloud, "google.cloud.run.v1.Services.ReplaceService io.k8s.core.v1.configmaps.update"),
    (google_workspace, "ADD_GROUP_MEMBER CHANGE_PASSWORD USER_LICENSE_ASSIGNMENT"),
    (atlas, "SUCCESSFUL_LOGIN_AUDIT API_KEY_DELETED HOST_DOWN"),
    (gitlab, "project_created member_created authenticated_with_password"),
    (salesforce, "LOGIN_NO_ERROR"),
    (databricks, "tokenLogin runCommand getTable generateDbToken"),
    (box, "ITEM_DOWNLOAD LOGIN ITEM_UPLOAD"),
    (falcon, "userAuthenticate streamStarted"),
    (sophos, "Event::Endpoint::UpdateSuccess Event::Endpoint::WebControlViolation"),
)

DISARMING: tuple[tuple[Callable[[str], Fields], str], ...] = (
    (okta, "user.account.privilege.grant group.privilege.grant user.mfa.factor.reset_all policy.rule.deactivate"),
    (okta, "system.idp.lifecycle.create user.session.impersonation.grant security.threat.detected"),
    (google_cloud, "google.logging.v2.ConfigServiceV2.DeleteSink google.iam.admin.v1.CreateServiceAccountKey"),
    (google_workspace, "GRANT_ADMIN_PRIVILEGE 2sv_disable suspicious_login gov_attack_warning"),
    (by_action, "org.disable_two_factor_requirement protected_branch.destroy org.saml_provider_settings_disabled"),
    (by_action, "role_change_to_owner role_change_to_admin pref.sso_setting_changed repo.destroy"),
    (amazon, "StopLogging DeleteTrail DeleteDetector DeactivateMFADevice DeleteFlowLogs"),
    (atlas, "ORG_TWO_FACTOR_AUTH_OPTIONAL DELETE_BACKUP"),
    (auth0, "Delete_a_log_stream"),
    (google_cloud, "google.cloud.securitycenter.v2.SecurityCenter.DeleteNotificationConfig DestroyCryptoKeyVersion"),
    (google_cloud, "google.iam.v1.WorkloadIdentityPools.CreateWorkloadIdentityPoolProvider"),
    (google_workspace, "AUTHORIZE_API_CLIENT_ACCESS CUSTOMER_TAKEOUT_CREATED email_forwarding_out_of_domain"),
    (by_action, "audit_log_streaming.destroy ekm_unenrolled"),
    (atlas, "PUSH_BASED_LOG_EXPORT_DISABLED IDENTITY_PROVIDER_CREATED"),
    (gitlab, "deleted_instance_audit_event_streaming_destination"),
    (databricks, "setAdmin deleteIpAccessList"),
    (falcon, "disable_policy CreateAPIClient"),
    (sophos, "Event::Endpoint::SavDisabled"),
)


def operations(table: tuple[tuple[Callable[[str], Fields], str], ...]) -> list[object]:
    return [
        pytest.param(shape(name), id=f"{shape.__name__}: {name}") for shape, names in table for name in names.split()
    ]


@pytest.mark.parametrize("fields", operations(DAILY))
def test_daily_work_raises_no_alert(fields: Fields) -> None:
    assert severity(fields) < ALERT


@pytest.mark.parametrize("fields", operations(DISARMING))
def test_what_disarms_or_hands_over_does(fields: Fields) -> None:
    assert severity(fields) >= ALERT
