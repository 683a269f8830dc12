"""HTTP to the sideband: keep-alive, one deadline per call, retries only of what may run twice."""

from __future__ import annotations

import dataclasses
import http.client
import json
import os
import re
import secrets
import socket
import threading
import time
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

from .errors import HelioError, HelioUnavailable

_ATTEMPTS = 3
_IDLE_SECONDS = 4.0  # Helio closes idle connections after 5
_MARK = secrets.token_hex(8)  # stands around exact decimals until the text is written


def dumps(value: Any) -> str:
    """JSON text; Decimal keeps its digits, dataclasses and pydantic models become objects. Raises HelioError."""
    try:
        text = json.dumps(value, default=_plain, allow_nan=False, ensure_ascii=False)
        text.encode()  # a lone surrogate is no text
    except (TypeError, ValueError, RecursionError) as cause:
        raise HelioError(f"this cannot be written as JSON: {cause}", "not_json") from cause
    return re.sub(f'"{_MARK}([^"]*)"', r"\1", text)


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
    """Shared by any number of threads. ``url`` is http(s)://host:port; ``timeout`` is in seconds, for a whole call."""

    def __init__(self, url: str, timeout: float) -> None:
        self._idle: list[tuple[http.client.HTTPConnection, float]] = []
        self._lock, self._pid = threading.Lock(), os.getpid()
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise HelioError(f"{url!r} is no http(s) URL", "bad_url")
        self.url = url.rstrip("/")
        self.timeout = timeout
        self._connect = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        self._host, self._port, self._path = parts.hostname, parts.port, parts.path.rstrip("/")

    def ask(
        self, method: str, path: str, token: str, body: Any = None, *, repeatable: bool = True,
        timeout: float | None = None,
    ) -> dict[str, Any]:
        """The answer's JSON object. Raises HelioUnavailable within ``timeout``, HelioError for a refusal.

        What is not ``repeatable`` is sent at most once.
        """
        deadline = time.monotonic() + (self.timeout if timeout is None else timeout)
        text = None if body is None else dumps(body).encode("utf-8", "strict")
        failure = ""
        for attempt in range(_ATTEMPTS):
            if attempt > 0:
                time.sleep(min(0.05 * 4 ** (attempt - 1), max(0.0, deadline - time.monotonic())))
            if time.monotonic() >= deadline:
                break
            sent = False
            try:
                connection = self._open(deadline, fresh=not repeatable)
                sent = True
                status, content = self._exchange(connection, method, path, token, text, deadline)
            except (OSError, http.client.HTTPException) as cause:
                failure = str(cause) or type(cause).__name__
            else:
                if status != 503:
                    return _read(status, content, self.url)
                failure = "it answered 503"
            if sent and not repeatable:
                break
        raise HelioUnavailable(f"Helio's sideband at {self.url} is not available: {failure or 'timed out'}")

    def close(self) -> None:
        """Closes idle connections. The transport can be used again."""
        with self._lock:
            idle, self._idle = self._idle, []
        for connection, _ in idle:
            connection.close()

    __del__ = close  # a context that nobody closed leaves no socket behind

    def _open(self, deadline: float, fresh: bool) -> http.client.HTTPConnection:
        with self._lock:
            if self._pid != os.getpid():  # after a fork the sockets belong to the parent
                self._idle, self._pid = [], os.getpid()
            while self._idle and not fresh:
                connection, since = self._idle.pop()
                if time.monotonic() - since < _IDLE_SECONDS:
                    return connection
                connection.close()
        connection = self._connect(self._host, self._port, timeout=_left(deadline))
        connection.connect()
        connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # head and body are two writes: 40 ms else
        return connection

    def _exchange(
        self, connection: http.client.HTTPConnection, method: str, path: str, token: str, text: bytes | None,
        deadline: float,
    ) -> tuple[int, bytes]:
        headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
        if text is not None:
            headers["Content-Type"] = "application/json"
        try:
            connection.sock.settimeout(_left(deadline))
            connection.request(method, self._path + path, text, headers)
            answer = connection.getresponse()
            content = answer.read()
        except BaseException:
            connection.close()
            raise
        if answer.will_close:
            connection.close()
        else:
            with self._lock:
                self._idle.append((connection, time.monotonic()))
        return answer.status, content


def _left(deadline: float) -> float:
    return max(0.001, deadline - time.monotonic())


def _read(status: int, content: bytes, url: str) -> dict[str, Any]:
    try:
        answer = json.loads(content)
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        raise HelioUnavailable(f"what answers at {url} is not Helio's sideband (HTTP {status})")
    if status < 400:
        return answer
    error = answer.get("error") if isinstance(answer.get("error"), dict) else {}
    said = [str(error[key]) for key in ("message", "fix") if error.get(key)]
    raise HelioError(": ".join(said) or f"HTTP {status}", str(error.get("code", f"http_{status}")))
