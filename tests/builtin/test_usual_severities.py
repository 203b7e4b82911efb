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
