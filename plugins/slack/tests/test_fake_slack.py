"""The pretended Slack behaves as the real one where it matters: checked with Slack's own library and limits."""

import io
import json
import socket
from datetime import timedelta

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.signature import SignatureVerifier

from soc_core.testing.slack import FakeSlack, Fault, Rates, faults_in, faults_in_view, signed
from soc_core.testing.slack.sockets import Connection, Sockets


@pytest.fixture
def web(slack: FakeSlack, monkeypatch) -> WebClient:
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy"):
        monkeypatch.delenv(name, raising=False)
    return WebClient(token=slack.bot_token, base_url=slack.url, timeout=30)


def test_the_librarys_own_retry_doubles_a_message_whose_answer_was_lost(slack: FakeSlack, web: WebClient) -> None:
    slack.faults.add(Fault(kind="close-after", times=1))
    assert web.chat_postMessage(channel="#security", text="hello")["ok"]
    assert len(slack.messages("security")) == 2


def test_an_edit_with_text_alone_takes_the_blocks_away_and_keeps_the_metadata(slack: FakeSlack, web: WebClient) -> None:
    blocks = [{"type": "section", "text": {"type": "plain_text", "text": "x"}}]
    metadata = {"event_type": "soc", "event_payload": {"key": "k"}}
    ts = web.chat_postMessage(channel="#security", text="a", blocks=blocks, metadata=metadata)["ts"]
    web.chat_update(channel=slack.channel("security").id, ts=ts, text="b")
    (message,) = slack.messages("security")
    assert (message.text, message.blocks, message.metadata) == ("b", [], metadata)


def test_metadata_is_shown_only_when_asked_for_and_names_are_no_ids(slack: FakeSlack, web: WebClient) -> None:
    metadata = {"event_type": "soc", "event_payload": {"key": "k"}}
    web.chat_postMessage(channel="#security", text="a", metadata=metadata)
    ident = slack.channel("security").id
    assert "metadata" not in web.conversations_history(channel=ident)["messages"][0]
    shown = web.conversations_history(channel=ident, include_all_metadata=True)["messages"][0]
    assert shown["metadata"] == metadata
    with pytest.raises(SlackApiError, match="channel_not_found"):
        web.conversations_history(channel="#security")


def test_a_thread_is_not_in_the_history_but_a_broadcast_reply_is(slack: FakeSlack, web: WebClient) -> None:
    ident = slack.channel("security").id
    parent = web.chat_postMessage(channel=ident, text="parent")["ts"]
    web.chat_postMessage(channel=ident, text="reply", thread_ts=parent)
    web.chat_postMessage(channel=ident, text="loud", thread_ts=parent, reply_broadcast=True)
    assert [m["text"] for m in web.conversations_history(channel=ident)["messages"]] == ["loud", "parent"]
    assert [m["text"] for m in web.conversations_replies(channel=ident, ts=parent)["messages"]] == [
        "parent",
        "reply",
        "loud",
    ]


def test_a_trigger_opens_one_modal_within_three_seconds(slack: FakeSlack, web: WebClient, clock) -> None:
    view = {"type": "modal", "title": {"type": "plain_text", "text": "t"}, "blocks": []}
    trigger = slack.api.trigger()
    web.views_open(trigger_id=trigger, view=view)
    with pytest.raises(SlackApiError, match="exchanged_trigger_id"):
        web.views_open(trigger_id=trigger, view=view)
    late = slack.api.trigger()
    clock.advance(timedelta(seconds=4))
    with pytest.raises(SlackApiError, match="expired_trigger_id"):
        web.views_open(trigger_id=late, view=view)


def test_too_much_in_one_channel_is_refused_and_another_channel_is_not(slack: FakeSlack, web: WebClient, clock) -> None:
    slack.rates = Rates(burst=2)
    for _ in range(2):
        web.chat_postMessage(channel="#security", text="x")
    with pytest.raises(SlackApiError) as refused:
        web.chat_postMessage(channel="#security", text="x")
    assert refused.value.response.status_code == 429
    assert refused.value.response.headers["Retry-After"] == "1"
    web.chat_postMessage(channel="#system", text="x")
    clock.advance(timedelta(seconds=1))
    web.chat_postMessage(channel="#security", text="x")


@pytest.mark.parametrize("cut", [b"\x81", b"\x81\xfe\x01", b"\x81\x83ke", b"\x81\x83key!{}"])
def test_a_frame_that_is_cut_off_is_the_end_of_a_connection_and_no_mistake(cut: bytes) -> None:
    sockets = Sockets()
    here, there = socket.socketpair()
    with here, there:
        sockets.serve(Connection(here, io.BytesIO(cut)))
    assert (sockets.opened, sockets.connected) == (1, 0)


def test_signatures_are_those_of_slack() -> None:
    verifier = SignatureVerifier("secret")
    verifier.clock = type("At", (), {"now": lambda self: 1000.0})()
    assert verifier.is_valid_request(b"body", signed("secret", b"body", timestamp=1000))


def test_the_limits_are_those_of_slack(make) -> None:
    file = make.contracts / "slack-limits.json"
    if not file.exists():
        pytest.skip("Slack's limits are not next to the checkout")
    known = json.loads(file.read_text())
    block, element, view = known["block"], known["element"], known["view"]

    def plain(size: int) -> dict[str, object]:
        return {"type": "plain_text", "text": "x" * size}

    def button(**more: object) -> dict[str, object]:
        return {"type": "button", "action_id": "a", "text": plain(1), **more}

    def actions(*elements: object) -> dict[str, object]:
        return {"type": "actions", "elements": list(elements)}

    def modal(**more: object) -> dict[str, object]:
        return {"type": "modal", "title": plain(1), "blocks": [], **more}

    section = {"type": "section", "text": plain(1)}
    rows = [
        (lambda n: [section] * n, known["message"]["blocks_max"]),
        (lambda n: [{"type": "section", "text": plain(n)}], block["section"]["text_max"]),
        (lambda n: [{"type": "section", "fields": [plain(n)]}], block["section"]["field_text_max"]),
        (lambda n: [{"type": "section", "fields": [plain(1)] * n}], block["section"]["fields_max"]),
        (lambda n: [{"type": "header", "text": plain(n)}], block["header"]["text_max"]),
        (lambda n: [{"type": "context", "elements": [plain(1)] * n}], block["context"]["elements_max"]),
        (lambda n: [actions(*(button(action_id=str(i)) for i in range(n)))], block["actions"]["elements_max"]),
        (lambda n: [actions(button(text=plain(n)))], element["button"]["text_max"]),
        (lambda n: [actions(button(value="x" * n))], element["button"]["value_max"]),
        (lambda n: [actions(button(url="x" * n))], element["button"]["url_max"]),
        (lambda n: [actions(button(action_id="x" * n))], element["action_id_max"]),
        (lambda n: [{**section, "block_id": "x" * n}], block["block_id_max"]),
    ]
    for build, most in rows:
        assert faults_in(build(most)) == []
        assert faults_in(build(most + 1)) != []
    for build, most in [
        (lambda n: modal(title=plain(n)), view["title_max"]),
        (lambda n: modal(submit=plain(n)), view["submit_max"]),
        (lambda n: modal(private_metadata="x" * n), view["private_metadata_max"]),
        (lambda n: modal(blocks=[section] * n), view["blocks_max"]),
    ]:
        assert faults_in_view(build(most)) == []
        assert faults_in_view(build(most + 1)) != []


@pytest.mark.parametrize(
    "blocks",
    [
        "x",
        [None],
        [{"type": "section"}],
        [{"type": "section", "text": {"type": "plain_text", "text": ""}}],
        [{"type": "header", "text": {"type": "mrkdwn", "text": "x"}}],
        [{"type": "rich_text", "elements": []}],
        [{"type": "actions", "elements": []}],
        [{"type": "surprise"}],
    ],
)
def test_malformed_blocks_are_refused(blocks) -> None:
    assert faults_in(blocks)
