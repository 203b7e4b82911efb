"""An incoming webhook: the way into Slack for those who may post and nothing else."""

from collections.abc import Sequence

from soc_core import UncertainError
from soc_slack.errors import sorted_error
from soc_slack.library import seconds, translated, webhook_client
from soc_slack.places import Json
from soc_slack.settings import Login, Settings


class Webhook:
    """An incoming webhook: posts, and nothing else."""

    def __init__(self, login: Login, settings: Settings) -> None:
        self._client = webhook_client(login, settings)

    def post(self, text: str, blocks: Sequence[Json]) -> None:
        """Post a message."""
        body: Json = {"text": text, "unfurl_links": False, "unfurl_media": False}
        with translated("webhook"):
            answer = self._client.send_dict({**body, "blocks": list(blocks)} if blocks else body)
        if answer.status_code == 200:
            return
        wait = seconds(answer.headers.get("retry-after"))
        if answer.status_code == 429:
            raise sorted_error("webhook", "ratelimited", retry_after=wait)
        if answer.status_code >= 500:
            raise UncertainError(f"Slack answered {answer.status_code} to the webhook")
        raise sorted_error("webhook", answer.body.strip()[:80] or f"status {answer.status_code}")
