"""Every word of Slack's for trouble leads to the right next step; waiting is fair and bounded."""

from datetime import timedelta

import pytest
from soc_slack.errors import LacksScope, Repair, Reroute, Vanished, sorted_error
from soc_slack.pace import POSTS, Allowance, Pace

from soc_core import PermanentError, TemporaryError, UncertainError


@pytest.mark.parametrize(
    ("kind", "everything", "words"),
    [
        (TemporaryError, False, "ratelimited rate_limited request_timeout"),
        (TemporaryError, True, "service_unavailable team_added_to_org org_login_required"),
        (UncertainError, False, "internal_error fatal_error update_failed"),
        (LacksScope, True, "missing_scope"),
        (
            TemporaryError,
            True,
            (
                "invalid_auth not_authed token_revoked token_expired account_inactive not_allowed_token_type "
                "access_denied enterprise_is_restricted ekm_access_denied two_factor_setup_required "
                "app_access_restricted unknown_method method_deprecated"
            ),
        ),
        (
            Reroute,
            False,
            (
                "channel_not_found is_archived not_in_channel restricted_action restricted_action_read_only_channel "
                "message_limit_exceeded messages_tab_disabled"
            ),
        ),
        (
            Repair,
            False,
            (
                "invalid_blocks invalid_blocks_format msg_too_long msg_blocks_too_long too_many_attachments "
                "invalid_metadata_format invalid_metadata_schema metadata_too_large markdown_text_conflict no_text"
            ),
        ),
        (Vanished, False, "message_not_found cant_update_message edit_window_closed is_inactive thread_not_found"),
        (PermanentError, False, "something_new"),
    ],
)
def test_each_word_leads_to_the_next_step(kind, everything, words) -> None:
    for word in words.split():
        error = sorted_error("chat.postMessage", word)
        assert type(error) is kind, word
        assert getattr(error, "whole_destination", False) is everything, word


def test_a_sentence_instead_of_a_word_is_uncertain() -> None:
    assert isinstance(sorted_error("chat.postMessage", "Received a response in a non-JSON format"), UncertainError)


@pytest.mark.parametrize("word", ["ratelimited", "rate_limited", "request_timeout"])
def test_who_is_asked_to_wait_without_a_word_how_long_waits_and_loses_no_try(word: str) -> None:
    error = sorted_error("chat.postMessage", word)
    assert isinstance(error, TemporaryError)
    assert error.retry_after is not None
    assert error.retry_after > timedelta(seconds=1)


class Line:
    """Deliveries that come again when they were told to, in a time of their own."""

    def __init__(self, rate: float = 1.0, burst: int = 3) -> None:
        self.at = 0.0
        self.pace = Pace(lambda: self.at, {POSTS: Allowance(rate, burst)})

    def ask(self, name: str, attempt: int = 1, *, urgent: bool = False) -> float:
        return self.pace.wait([f"{POSTS}:C1"], turn=name, attempt=attempt, urgent=urgent)


def test_a_burst_goes_at_once_and_the_rest_one_by_one() -> None:
    line = Line()
    assert [line.ask(str(n)) for n in range(6)] == [0, 0, 0, 1, 2, 3]


def test_who_has_waited_is_not_sent_to_the_end_of_the_queue() -> None:
    line = Line()
    waits = {str(n): line.ask(str(n)) for n in range(50)}
    for name, wait in sorted(waits.items(), key=lambda entry: entry[1])[3:]:
        line.at = max(line.at, wait)
        assert line.ask(name, 2) == 0
        line.pace.done(name)


def test_the_urgent_overtake_but_not_slacks_own_limit() -> None:
    line = Line()
    for number in range(10):
        line.ask(str(number))
    assert line.ask("urgent", urgent=True) == 0
    line.pace.close(f"{POSTS}:C1", 30)
    assert line.ask("also urgent", urgent=True) >= 30


def test_after_slacks_own_limit_they_go_one_by_one() -> None:
    line = Line()
    line.pace.close(f"{POSTS}:C1", 30)
    assert [line.ask(str(n)) for n in range(4)] == [30, 31, 32, 33]


def test_another_channel_is_not_held_up() -> None:
    line = Line()
    for number in range(10):
        line.ask(str(number))
    assert line.pace.wait([f"{POSTS}:C2"], turn="x", attempt=1, urgent=False) == 0


def test_only_a_delivery_that_never_called_need_not_look() -> None:
    line = Line()
    for number in range(4):
        line.ask(str(number))
    assert line.pace.untouched("3", 2)
    assert not line.pace.untouched("3", 3)
    line.at = 10
    assert line.ask("3", 2) == 0
    line.pace.done("3")
    assert not line.pace.untouched("3", 3)
