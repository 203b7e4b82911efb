"""What an exception said: one printable line, without secrets, for logs and the person on call."""

from collections.abc import Iterable


def told(error: BaseException, secrets: Iterable[str]) -> str:
    """Kind and text of an exception."""
    return f"{type(error).__name__}: {said(error, secrets)}".rstrip(": ")


def said(error: BaseException, secrets: Iterable[str]) -> str:
    """The text of an exception; long ones are cut."""
    try:
        text = str(error)
    # The text of a foreign exception comes from foreign code, which may fail in its turn.
    except Exception:  # noqa: BLE001
        text = "(its text cannot be read)"
    for secret in secrets:
        text = text.replace(secret, "***")
    text = "".join(c if c.isprintable() else " " if c.isspace() else "\N{REPLACEMENT CHARACTER}" for c in text)
    return " ".join(text.split())[:300]
