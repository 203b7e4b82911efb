"""Reads answers whole within a time: one that trickles in, byte by byte, must not hold a worker for ever.

The time-out of a request is for each piece of its answer, and a piece may be a single byte.
"""

import time
from collections.abc import Iterator, Mapping

import requests
from requests.adapters import HTTPAdapter
from urllib3 import BaseHTTPResponse
from urllib3.exceptions import HTTPError

_PIECE = 1 << 16


class WithinTime(HTTPAdapter):
    """Sends requests whose answers have to be there within `seconds`."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self._seconds = seconds

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: float | tuple[float, float] | tuple[float, None] | None = None,
        verify: bool | str = True,
        cert: bytes | str | tuple[bytes | str, bytes | str] | None = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        """Send a request and read its whole answer."""
        deadline = time.monotonic() + self._seconds
        answer = super().send(request, stream=True, timeout=timeout, verify=verify, cert=cert, proxies=proxies)
        try:
            answer._content = b"".join(_pieces(answer.raw, deadline))
        except HTTPError as error:
            answer.close()
            raise requests.ConnectionError(error, request=request) from error
        except TimeoutError as error:
            answer.close()
            raise requests.ReadTimeout(str(error), request=request) from error
        answer._content_consumed = True  # type: ignore[attr-defined]  # as after any reading
        return answer


def _pieces(raw: BaseHTTPResponse, deadline: float) -> Iterator[bytes]:
    while piece := raw.read1(_PIECE, decode_content=True):
        yield piece
        if time.monotonic() > deadline:
            raise TimeoutError("the answer did not end in time")
