"""HTTP to the sideband, and what can go wrong: every error is a HelioError, none ever means "go ahead"."""

import copyreg
import dataclasses
import functools
import http.client
import json
import os
import re
import time
from collections import defaultdict, deque
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

_PAUSES = (0.0, 0.0, 0.2)  # seconds before each attempt; the first is on a kept connection, which may be dead
_MOST_BYTES = 1024 * 1024  # Helio hangs up on more, which would look like an outage
_MARK = os.urandom(8).hex()  # stands around exact decimals until the text is written


class HelioError(Exception):
    """Helio said no to the request itself (a wrong token, an unknown session, a malformed body).
    ``code`` is stable (``unauthorized``, ``session_ambiguous``, ...), the message says what to do."""

    def __init__(self, message: str, code: str = "helio_error") -> None:
        super().__init__(message)
        self.code = code

    def __reduce__(self) -> Any:  # so that all pickle: Exception's own calls the class with the message alone
        return copyreg.__newobj__, (type(self), *self.args), self.__dict__  # type: ignore[attr-defined]


class HelioUnavailable(HelioError):
    """Helio could not be reached, or did not answer, within the timeout. ``code`` is ``unavailable``."""


class HelioDenied(HelioError):
    """The policy refused. ``feedback`` is what an agent would read: reason, what is missing, suggestion.
    ``reason`` is its stable word, such as ``evidence_missing``; ``retry_allowed``: once that is mended."""

    def __init__(self, feedback: dict[str, Any]) -> None:
        said = [str(feedback[key]) for key in ("message", "suggestion") if feedback.get(key)]
        super().__init__(" ".join(said) or "refused by policy", str(feedback.get("reason", "policy_denied")))
        self.feedback, self.reason = feedback, self.code
        self.retry_allowed = bool(feedback.get("retry_allowed", False))


class HelioApprovalPending(HelioDenied):
    """A person has been asked. ``approval_id`` is the ticket: wait for it, then evaluate again."""

    def __init__(self, approval_id: str | None, feedback: dict[str, Any]) -> None:
        super().__init__(feedback)
        self.approval_id = approval_id


def dumps(value: Any) -> bytes:
    """JSON; Decimal keeps its digits, dataclasses and pydantic models become objects. Raises HelioError."""
    try:
        text = json.dumps(value, default=_plain, allow_nan=False, ensure_ascii=False)
        written = re.sub(f'"{_MARK}([^"]*)"', r"\1", text).encode()  # a lone surrogate is no text: it raises
    except (TypeError, ValueError, RecursionError) as cause:
        raise HelioError(f"this cannot be written as JSON: {cause}", "not_json") from cause
    if len(written) > _MOST_BYTES:
        raise HelioError(f"this is {len(written)} bytes of JSON, and Helio takes 1 MiB at most", "too_large")
    return written


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal) and value.is_finite():
        return f"{_MARK}{value}"
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    if hasattr(value, "model_dump"):
        return value.model_dump(mode="json")
    if hasattr(value, "isoformat"):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} is no JSON value")


class Transport:
    """Shared by any number of threads. url: http(s)://host:port. timeout: seconds for a whole call."""

    def __init__(self, url: str, timeout: float) -> None:
        # By process, because after a fork the sockets belong to the parent. A deque needs no lock.
        self._idle: defaultdict[int, deque[http.client.HTTPConnection]] = defaultdict(deque)
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise HelioError(f"{url!r} is no http(s) URL", "bad_url")
        self.url, self.timeout = url.rstrip("/"), timeout
        connect = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        self._new, self._path = functools.partial(connect, parts.hostname, parts.port), parts.path.rstrip("/")

    def ask(
        self, method: str, path: str, token: str, body: Any = None, *,
        repeatable: bool = True, timeout: float | None = None,
    ) -> dict[str, Any]:
        """The answer's JSON object. What is not ``repeatable`` is tried once, on a connection of its own.
        Raises HelioUnavailable within ``timeout`` seconds (default its own), HelioError for a refusal."""
        if not token:
            message = "there is no token: set HELIO_SDK_TOKEN to what `helio start` printed, or pass token="
            raise HelioError(message, "no_token")
        deadline = time.monotonic() + (self.timeout if timeout is None else timeout)
        text = None if body is None else dumps(body)
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        headers["Connection"] = "keep-alive" if repeatable else "close"
        for attempt in (0, 1, 2) if repeatable else (1,):
            time.sleep(min(_PAUSES[attempt], _left(deadline)))
            try:
                connection = self._new() if attempt > 0 else self._idle[os.getpid()].pop()
                return _read(*self._exchange(connection, deadline, method, self._path + path, text, headers))
            except IndexError:
                continue  # nothing is kept: the next attempt connects
            except (OSError, http.client.HTTPException) as cause:
                failure = str(cause) or type(cause).__name__
        raise HelioUnavailable(f"Helio's sideband at {self.url} is not available: {failure}", "unavailable")

    def close(self) -> None:
        """Closes idle connections. The transport can be used again."""
        for connection in tuple(self._idle.pop(os.getpid(), ())):
            connection.close()

    __del__ = close  # a context that nobody closed leaves no socket behind

    def _exchange(self, to: http.client.HTTPConnection, deadline: float, *request: Any) -> tuple[int, bytes]:
        try:
            if to.sock is None:
                to.timeout = _left(deadline)
                to.connect()
            to.sock.settimeout(_left(deadline))
            to.request(*request)
            answer = to.getresponse()
            content = answer.read()
        except BaseException:
            to.close()
            raise
        if not answer.will_close:
            self._idle[os.getpid()].append(to)
        return answer.status, content


def _left(deadline: float) -> float:
    return max(0.001, deadline - time.monotonic())


def _read(status: int, content: bytes) -> dict[str, Any]:
    try:
        answer = {**json.loads(content)}
        if status < 400:
            return answer
        error = answer["error"]
        said, code = ": ".join(error[key] for key in ("message", "fix") if key in error), error["code"]
    except (ValueError, TypeError, KeyError) as cause:
        raise http.client.HTTPException(f"what answers there is something else (HTTP {status})") from cause
    if status == 503:
        raise http.client.HTTPException(said)
    raise HelioError(said, code)
