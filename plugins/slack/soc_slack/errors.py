"""What Slack's refusals mean for a delivery: wait, look first, tell somebody, go elsewhere, or say it plainly.

```text
TemporaryError    nothing was done: try again later; for a bad token the whole destination stops
  LacksScope      the token may not do this
UncertainError    it may have been done: look before repeating
  NoAnswer        the answer was lost, or somebody else gave one
PermanentError    trying again is useless
  Reroute         this channel cannot be used: another one may
  Repair          Slack dislikes the form: say it plainly
  Vanished        the message is gone or can no longer be edited: post a new one
```
"""

from datetime import timedelta

from soc_core import DeliveryError, PermanentError, TemporaryError, UncertainError


class NoAnswer(UncertainError):
    """Nothing came back that Slack itself would say."""


class LacksScope(TemporaryError):
    """The token may not do this; what can be done without goes on."""


class Reroute(PermanentError):
    """The channel cannot be used."""


class Repair(PermanentError):
    """The message's form was refused; its content still has to arrive."""


class Vanished(PermanentError):
    """The message to be edited is gone or closed."""


_LATER = frozenset({"ratelimited", "rate_limited", "request_timeout"})
_OUTAGE = frozenset({"service_unavailable", "team_added_to_org", "org_login_required"})
_UNSURE = frozenset({"internal_error", "fatal_error", "update_failed"})
_ALARM = {
    "invalid_auth": "SLACK_BOT_TOKEN is wrong",
    "not_authed": "SLACK_BOT_TOKEN is missing",
    "token_revoked": "the token was revoked: install the app again and set SLACK_BOT_TOKEN",
    "token_expired": "the token has expired: set SLACK_BOT_TOKEN",
    "account_inactive": "the app's account was switched off: install the app again",
    "missing_scope": "the app lacks a scope",
    "not_allowed_token_type": "SLACK_BOT_TOKEN must be a bot token (xoxb-...)",
    "access_denied": "Slack denies access to this app",
    "enterprise_is_restricted": "the organisation restricts this app",
    "ekm_access_denied": "the organisation's key management denies access",
    "two_factor_setup_required": "the workspace asks for two-factor authentication",
    "app_access_restricted": "the workspace restricts this app",
    "unknown_method": "SLACK_API_URL does not know the method",
    "method_deprecated": "Slack no longer has this method: update soc-slack",
    "action_prohibited": "an administrator forbids this webhook",
    "no_service": "the webhook was revoked: set SLACK_WEBHOOK_URL",
    "no_team": "the webhook was revoked: set SLACK_WEBHOOK_URL",
    "invalid_token": "the webhook was revoked: set SLACK_WEBHOOK_URL",
}
_ELSEWHERE = frozenset(
    {
        "channel_not_found",
        "is_archived",
        "channel_is_archived",
        "not_in_channel",
        "message_limit_exceeded",
        "messages_tab_disabled",
        "posting_to_channel_denied",
        "user_not_found",
    }
)
_FORM = frozenset(
    {
        "invalid_blocks",
        "invalid_blocks_format",
        "invalid_payload",
        "msg_too_long",
        "msg_blocks_too_long",
        "too_many_attachments",
        "invalid_metadata_format",
        "invalid_metadata_schema",
        "metadata_too_large",
        "metadata_must_be_sent_from_app",
        "markdown_text_conflict",
        "no_text",
        "block_mismatch",
    }
)
_GONE = frozenset(
    {
        "message_not_found",
        "cant_update_message",
        "edit_window_closed",
        "is_inactive",
        "thread_not_found",
        "cannot_reply_to_message",
    }
)
_PAUSE = timedelta(minutes=5)
_BREATH = timedelta(seconds=30)  # where Slack asks to wait and does not say how long


def sorted_error(method: str, code: str, *, retry_after: float | None = None, detail: str = "") -> DeliveryError:
    """The error to raise for Slack's own word for the trouble."""
    told = f"Slack answered {code} to {method}" + (f" ({detail})" if detail else "")
    if code in _LATER:
        return TemporaryError(told, retry_after=_BREATH if retry_after is None else timedelta(seconds=retry_after))
    if code in _OUTAGE:
        return TemporaryError(told, whole_destination=True)
    if code in _ALARM:
        kind = LacksScope if code == "missing_scope" else TemporaryError
        return kind(f"{_ALARM[code]}: {told}", retry_after=_PAUSE, whole_destination=True)
    if code in _ELSEWHERE or code.startswith("restricted_action"):
        return Reroute(told)
    if code in _FORM:
        return Repair(told)
    if code in _GONE:
        return Vanished(told)
    if code in _UNSURE:
        return UncertainError(told)
    if " " in code:  # a sentence instead of a code: something between us and Slack answered
        return NoAnswer(told)
    return PermanentError(told)
