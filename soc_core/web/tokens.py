"""Who may come in: callers show the token of the door they knock at, and a door without a token stays shut."""

import hmac

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from soc_core.model.setting import Secret


def refusal(request: Request, token: Secret | None, *, name: str) -> Response | None:
    """What a stranger is answered, or None for somebody who may come in.

    Args:
        request: Its header `Authorization` should be `Bearer` and the token.
        token: The token that is wanted; None where nobody has set one.
        name: The environment name that sets the token, for the answer.
    """
    if not token:
        return PlainTextResponse(f"this is shut until {name} sets a token for it\n", status_code=403)
    shown = request.headers.get("authorization", "").encode("utf-8", "replace")
    if hmac.compare_digest(shown, f"Bearer {token.reveal()}".encode()):
        return None
    headers = {"www-authenticate": "Bearer"}
    return PlainTextResponse("a token is needed, and this is not it\n", status_code=401, headers=headers)
