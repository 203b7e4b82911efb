"""Who may come in: callers show the token of the door they knock at, and a door without a token stays shut."""

import hmac
from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from structlog import get_logger

from soc_core.model.setting import Secret

Tokens = Mapping[str, Secret | None]
"""Tokens by the names of those who have them."""


def caller(request: Request, tokens: Tokens, *, setting: str) -> str | Response:
    """The name whose token was shown, or what a stranger is answered.

    Args:
        request: Its header `Authorization` should be `Bearer` and the token.
        tokens: Those that are good; empty ones are not.
        setting: What sets them, for the answer.
    """
    good = {name: f"Bearer {token.reveal()}".encode() for name, token in tokens.items() if token}
    if not good:
        return PlainTextResponse(f"this is shut until {setting} sets a token for it\n", status_code=403)
    shown = request.headers.get("authorization", "").encode("utf-8", "replace")
    found = [name for name, token in good.items() if hmac.compare_digest(shown, token)]  # all, whichever it is
    if found:
        return found[0]
    client = request.client.host if request.client else None
    get_logger().warning("web.stranger", path=request.url.path, client=client)
    headers = {"www-authenticate": "Bearer"}
    return PlainTextResponse("a token is needed, and this is not it\n", status_code=401, headers=headers)
