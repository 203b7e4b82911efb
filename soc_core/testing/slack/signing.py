"""How Slack signs what it sends: an HMAC over the time and the raw body."""

import hashlib
import hmac


def signed(secret: str, body: bytes, *, timestamp: float) -> dict[str, str]:
    """The two headers that prove a body came from Slack, with lower-case names."""
    stamp = str(int(timestamp))
    digest = hmac.new(secret.encode(), b"v0:" + stamp.encode() + b":" + body, hashlib.sha256).hexdigest()
    return {"x-slack-request-timestamp": stamp, "x-slack-signature": f"v0={digest}"}
