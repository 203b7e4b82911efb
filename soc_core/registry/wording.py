"""What an exception said: one printable line, without secrets, for logs and the person on call."""

from collections.abc import Callable, Iterable


def told(error: BaseException, secrets: Iterable[str], mask: Callable[[str], str] = str) -> str:
    """Kind and text of an exception."""
    return f"{type(error).__name__}: {said(error, secrets, mask)}".rstrip(": ")


def said(error: BaseException, secrets: Iterable[str], mask: Callable[[str], str] = str) -> str:
    """The text of an exception; long ones are cut, after they were masked."""
    try:
        text = str(error)
    # The text of a foreign exception comes from foreign code, which may fail in its turn.
    except Exception:  # noqa: BLE001
        text = "(its text cannot be read)"
    for secret in secrets:
        text = text.replace(secret, "***")
    text = "".join(c if c.isprintable() else " " if c.isspace() else "\N{REPLACEMENT CHARACTER}" for c in mask(text))
    return " ".join(text.split())[:300]
