"""Reads what a caller sends, and stops where it becomes too much."""

from starlette.requests import Request


async def read(request: Request, most: int) -> bytes | None:
    """The body; None if it is longer than `most` bytes, of which no more than that is kept."""
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > most:
            return None
        parts.append(part)
    return b"".join(parts)
