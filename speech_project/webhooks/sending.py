"""One request to a receiver: bounded in time and size, to a checked address, without redirects."""

from __future__ import annotations

import logging
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from email.utils import parsedate_to_datetime
from functools import cache

import anyio
import httpx2
from anyio import to_thread
from anyio.from_thread import start_blocking_portal
from django.utils import timezone

from speech_project.webhooks import addresses

logger = logging.getLogger(__name__)

TIMEOUT_S = 10.0
CONNECT_S = 3.0  # to each address
MOST_ADDRESSES = 3
MOST_READ = 64 << 10
MOST_QUOTED = 200


@dataclass(frozen=True)
class Answer:
    """`problem` is empty where the receiver took it; `status` is None where none came."""

    status: int | None = None
    problem: str = ""
    retry_after_s: float = 0.0
    took_ms: int = 0

    @property
    def unwanted(self) -> bool:
        """The receiver is gone for good, it says."""
        return self.status == httpx2.codes.GONE


def send(url: str, headers: Mapping[str, str], body: bytes) -> Answer:
    """POST it. What goes wrong is told in the answer, never raised."""
    began = time.monotonic()
    answer = _try(url, headers, body)
    return replace(answer, took_ms=round((time.monotonic() - began) * 1000))


def _try(url: str, headers: Mapping[str, str], body: bytes) -> Answer:
    try:
        with start_blocking_portal() as loop:  # whatever runs in this thread
            return _told(loop.call(_post, url, headers, body))
    except (TimeoutError, httpx2.TimeoutException):
        return Answer(problem=f"No answer came within {TIMEOUT_S:.0f} s.")
    except addresses.AddressRefused as error:
        return Answer(problem=str(error))
    except (httpx2.HTTPError, OSError) as error:
        return Answer(problem=f"It could not be reached: {error or type(error).__name__}.")
    except Exception as error:  # it counts as a try, or it would be sent for ever
        logger.exception("A webhook could not be sent")
        return Answer(problem=f"Verbatim itself failed: {type(error).__name__}.")


@dataclass(frozen=True)
class _Response:
    status: int
    headers: httpx2.Headers
    begin: str


async def _post(text: str, headers: Mapping[str, str], body: bytes) -> _Response:
    with anyio.fail_after(TIMEOUT_S):
        url = addresses.check(text)
        found = await to_thread.run_sync(addresses.reachable, url, abandon_on_cancel=True)
        timeout = httpx2.Timeout(TIMEOUT_S, connect=CONNECT_S)
        async with httpx2.AsyncClient(
            trust_env=False, verify=_trusted(), timeout=timeout, follow_redirects=False
        ) as client:
            for address in found[:MOST_ADDRESSES]:
                request = client.build_request(
                    "POST",
                    url.copy_with(host=str(address)),
                    headers={**headers, "Host": url.netloc.decode()},
                    content=body,
                    extensions={"sni_hostname": url.raw_host.decode()},
                )
                try:
                    return await _answer(client, request)
                except (httpx2.ConnectError, httpx2.ConnectTimeout) as error:
                    last: Exception = error
            raise last


async def _answer(client: httpx2.AsyncClient, request: httpx2.Request) -> _Response:
    response = await client.send(request, stream=True)
    begin = b""
    try:
        async for part in response.aiter_raw():  # as it came: it might unpack to anything
            begin += part
            if len(begin) > MOST_READ:
                break
    finally:
        await response.aclose()
    return _Response(response.status_code, response.headers, begin.decode(errors="replace"))


@cache
def _trusted() -> ssl.SSLContext:
    """The system's certificates, or those of SSL_CERT_FILE."""
    return httpx2.create_ssl_context()


def _told(response: _Response) -> Answer:
    status = response.status
    if 200 <= status < 300:
        return Answer(status)
    if 300 <= status < 400:
        problem = "It answered with a redirect. None is followed: give the final address."
    else:
        quoted = "".join(each if each.isprintable() else " " for each in response.begin)
        quoted = " ".join(quoted.split())[:MOST_QUOTED]
        problem = f"It answered {status}" + (f": {quoted}" if quoted else ".")
    return Answer(status, problem, _seconds(response.headers.get("Retry-After", "")))


def _seconds(text: str) -> float:
    """What Retry-After says, from now; 0 where it says nothing that makes sense."""
    if text.isascii() and text.isdigit() and len(text) < 9:
        return float(text)
    try:
        until = parsedate_to_datetime(text)
        return max(0.0, (until - timezone.now()).total_seconds())
    except (ValueError, TypeError, OverflowError):  # also one without a time zone
        return 0.0
