"""HelioContext: what an application tells Helio about one session, and asks of it."""

from __future__ import annotations

import asyncio
import functools
import os
import time
import uuid
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Callable, Concatenate, Coroutine, Literal, Mapping, ParamSpec, TypeVar
from urllib.parse import quote

from .errors import HelioApprovalPending, HelioDenied, HelioError
from .transport import Transport

DEFAULT_URL = "http://127.0.0.1:3200"
Status = Literal["success", "error", "not_executed"]
F = TypeVar("F", bound=Callable[..., Any])
P = ParamSpec("P")
R = TypeVar("R")

# A stack and no reset tokens: one context may be entered in several threads and tasks at once.
_stack: ContextVar[tuple[HelioContext, ...]] = ContextVar("helio_contexts", default=())


def current() -> HelioContext:
    """The innermost context that this thread or task has entered. Raises HelioError when there is none."""
    if not _stack.get():
        raise HelioError("no HelioContext is active: use it inside `with HelioContext(...)`", "no_context")
    return _stack.get()[-1]


@dataclass(frozen=True)
class Evaluation:
    """A judged call. ``id`` is None for a peek; ``decision`` is allow, hold, simulate or deny."""

    id: str | None
    session: str
    decision: str
    allowed: bool
    feedback: dict[str, Any] | None = None
    approval_id: str | None = None
    #: ISO time until which the result must be reported; after it the outcome counts as unknown.
    expires_at: str | None = None


class HelioContext:
    """One session as Helio knows it. Safe to share between threads; use it as a context manager or call ``close()``.

    url: the sideband, default HELIO_SDK_URL or http://127.0.0.1:3200.
    token: default HELIO_SDK_TOKEN, which ``helio start`` prints.
    session: default that of the enclosing context, else the one MCP session that Helio has seen in the last 10 minutes.
    agent: who acts, for rules keyed by agent. timeout: seconds for each call, retries included.

    Every method raises HelioUnavailable when Helio does not answer in time, and HelioError when it refuses the request.
    """

    def __init__(
        self, url: str | None = None, token: str | None = None, session: str | None = None, agent: str | None = None,
        timeout: float = 5.0,
    ) -> None:
        outer = _stack.get()[-1] if _stack.get() else None
        self.session = session if session is not None or outer is None else outer.session
        self.agent = agent if agent is not None or outer is None else outer.agent
        self._token = token or os.environ.get("HELIO_SDK_TOKEN", "")
        self._adapter_token = token or os.environ.get("HELIO_ADAPTER_TOKEN") or self._token
        self._transport = Transport(url or os.environ.get("HELIO_SDK_URL") or DEFAULT_URL, timeout)

    def __enter__(self) -> HelioContext:
        _stack.set((*_stack.get(), self))
        return self

    def __exit__(self, *_exception: object) -> None:
        _stack.set(_stack.get()[:-1])
        self.close()

    def close(self) -> None:
        """Closes idle connections."""
        self._transport.close()

    # -- Evidence, steps, values ------------------------------------------------------------------------------------

    def mark_evidence(self, name: str, key: str, data: Any, ttl: float | None = None) -> dict[str, Any]:
        """Says that ``name`` (a tool, a lookup) gave ``data``. Rules ask for it by ``name`` or by ``key``.

        data: anything JSON; Decimal keeps its digits. ttl: seconds it counts, default ``evidence.ttl`` of helio.yaml.
        """
        body = {"tool_name": name, "evidence_key": key, "evidence_data": data}
        return self._tell("/evidence", {**body, **({} if ttl is None else {"ttl_seconds": ttl})})

    def completed(self, tool: str, success: bool = True) -> dict[str, Any]:
        """Says that a step was carried out outside MCP, for rules that ``require`` it."""
        return self._tell("/actions", {"tool_name": tool, "status": "success" if success else "failure"})

    def set(self, key: str, value: Any) -> dict[str, Any]:
        """Sets a value of the session for ``match.context``. Kept for a day."""
        return self._tell("/context", {"key": key, "value": value})

    def state(self) -> dict[str, Any]:
        """``session_id``, ``evidence``, ``actions`` and ``context`` as Helio has them now."""
        named = self.session is not None
        return self._ask("GET", f"/session/{quote(self.session or '', safe='')}/state" if named else "/sessions/current")

    def require_evidence(self, *names: str) -> None:
        """Raises HelioDenied (``evidence_missing``) unless the session has evidence of every name or key."""
        known = {word for entry in self.state()["evidence"] for word in entry["words"]}
        self._require("evidence", names, known)

    def requires(self, *tools: str) -> None:
        """Raises HelioDenied (``dependency_missing``) unless every tool has succeeded in the session."""
        steps = self.state()["actions"]
        self._require("dependency", tools, {step["tool_name"] for step in steps if step["status"] == "success"})

    def mcp_headers(self) -> dict[str, str]:
        """Headers for an MCP client, so that its calls belong to this session. Makes a session when none was given."""
        if self.session is None:
            self.session = f"py-{uuid.uuid4().hex}"
        return {"x-helio-session-id": self.session, **({"x-helio-agent": self.agent} if self.agent else {})}

    # -- Tools that run in this process -----------------------------------------------------------------------------

    def evaluate(
        self, tool: str, arguments: Mapping[str, Any] | None = None, *, definition: Mapping[str, Any] | None = None,
        upstream: str | None = None, peek: bool = False,
    ) -> Evaluation:
        """Asks whether a call may run, and takes what it costs. Follow it with ``report``.

        definition: of a tool that only this process has (``description``, ``inputSchema``, ``annotations`` as in MCP;
        ``{}`` will do); without it the tool must be one that an upstream advertises. peek: only judge, take nothing.
        Raises HelioDenied with the feedback, HelioApprovalPending when a person was asked; a peek raises neither.
        """
        body: dict[str, Any] = {"tool_name": tool, "arguments": dict(arguments or {})}
        more = {"session_id": self.session, "agent": self.agent, "tool": definition, "upstream": upstream}
        body.update({key: value for key, value in more.items() if value is not None})
        said = self._ask("POST", f"/evaluate{'?peek=true' if peek else ''}", body, adapter=True, repeatable=peek)
        feedback, approval = said.get("feedback"), said.get("approval_id")
        if not peek and said.get("decision") == "hold":
            raise HelioApprovalPending(approval, feedback or {})
        if not peek and said.get("allowed") is not True:
            raise HelioDenied(feedback or {})
        return Evaluation(
            said["evaluation_id"], said["session_id"], said["decision"], said["allowed"], feedback, approval, said.get("expires_at")
        )

    def report(self, evaluation: Evaluation | str, status: Status = "success", result: Any = None) -> dict[str, Any]:
        """Says how an evaluated call ended. ``not_executed`` gives back what it took. Repeating it changes nothing."""
        id = evaluation.id if isinstance(evaluation, Evaluation) else evaluation
        body = {"evaluation_id": id, "status": status, **({} if result is None else {"result": result})}
        return self._ask("POST", "/audit", body, adapter=True)

    def wait_for_approval(self, approval_id: str, timeout: float = 300.0) -> None:
        """Returns when people approved; evaluate again then. ``timeout`` in seconds.

        Raises HelioDenied when they refused or time ran out for them, HelioApprovalPending after ``timeout``.
        """
        end = time.monotonic() + timeout
        while True:
            wait = round(max(0.0, min(20.0, end - time.monotonic())), 3)
            path = f"/approval/{quote(approval_id, safe='')}?wait={wait}"
            said = self._ask("GET", path, adapter=True, timeout=wait + self._transport.timeout)
            if said["approved"]:
                return
            feedback = {"blocked": True, "approval": approval_id, "message": f"The approval is {said['state']}.", "retry_allowed": False}
            if said["decided"]:
                raise HelioDenied({**feedback, "reason": f"approval_{said['state']}"})
            if time.monotonic() >= end:
                raise HelioApprovalPending(approval_id, {**feedback, "reason": "approval_pending", "retry_allowed": True})

    def guard(self, name: str | None = None, *, wait: float = 0.0, annotations: Mapping[str, Any] | None = None) -> Callable[[F], F]:
        """As ``helio.guard``, always in this context."""
        from .guard import guard

        return guard(name, wait=wait, annotations=annotations, context=self)

    def _tell(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        return self._ask("POST", path, {**body, **({} if self.session is None else {"session_id": self.session})})

    def _ask(self, method: str, path: str, body: Any = None, *, adapter: bool = False, **more: Any) -> dict[str, Any]:
        token = self._adapter_token if adapter else self._token
        if not token:
            raise HelioError("there is no token: set HELIO_SDK_TOKEN to what `helio start` printed, or pass token=", "no_token")
        return self._transport.ask(method, path, token, body, **more)

    def _require(self, what: str, names: tuple[str, ...], known: set[str]) -> None:
        missing = [name for name in names if name not in known]
        if missing:
            said = f"This session lacks {'evidence of' if what == 'evidence' else 'a completed'} {', '.join(missing)}."
            raise HelioDenied({"blocked": True, "reason": f"{what}_missing", "message": said, "missing": missing, "retry_allowed": True})


def _in_thread(
    method: Callable[Concatenate[HelioContext, P], R],
) -> Callable[Concatenate[AsyncHelioContext, P], Coroutine[Any, Any, R]]:
    @functools.wraps(method)
    async def call(self: AsyncHelioContext, *args: P.args, **kwargs: P.kwargs) -> R:
        return await asyncio.to_thread(method, self.sync, *args, **kwargs)

    return call


class AsyncHelioContext:
    """HelioContext for asyncio: the same arguments, the same methods as coroutines. The calls run in worker threads."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.sync = HelioContext(*args, **kwargs)
        self.mcp_headers, self.guard = self.sync.mcp_headers, self.sync.guard

    async def __aenter__(self) -> AsyncHelioContext:
        self.sync.__enter__()
        return self

    async def __aexit__(self, *exception: object) -> None:
        self.sync.__exit__(*exception)

    mark_evidence = _in_thread(HelioContext.mark_evidence)
    completed = _in_thread(HelioContext.completed)
    set = _in_thread(HelioContext.set)
    state = _in_thread(HelioContext.state)
    require_evidence = _in_thread(HelioContext.require_evidence)
    requires = _in_thread(HelioContext.requires)
    evaluate = _in_thread(HelioContext.evaluate)
    report = _in_thread(HelioContext.report)
    wait_for_approval = _in_thread(HelioContext.wait_for_approval)
