"""HelioContext: what an application tells Helio about a session, and asks. guard: asks around a function."""

import asyncio
import functools
import inspect
import logging
import os
import time
from collections.abc import Callable, Collection, Coroutine, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Concatenate, Literal, ParamSpec, TypeVar
from urllib.parse import quote

from .transport import HelioApprovalPending, HelioDenied, HelioError, Transport

Answer = dict[str, Any]
Json = Mapping[str, Any]
Status = Literal["success", "error", "not_executed"]
F = TypeVar("F", bound=Callable[..., Any])
P = ParamSpec("P")
R = TypeVar("R")
_log = logging.getLogger("helio")
# A stack and no reset tokens: one context may be entered in several threads and tasks at once.
_stack: ContextVar[tuple["HelioContext", ...]] = ContextVar("helio_contexts", default=())


def current() -> "HelioContext":
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
    feedback: Answer | None = None
    approval_id: str | None = None
    expires_at: str | None = None  # ISO time until which to report; after it the outcome counts as unknown


class HelioContext:
    """One session as Helio knows it. Threads may share it; use it as a context manager or call ``close()``.

    url: the sideband, default HELIO_SDK_URL or http://127.0.0.1:3200. token: default HELIO_SDK_TOKEN.
    session: default the enclosing context's, else the one MCP session that Helio saw in the last 10 minutes.
    agent: who acts, for rules keyed by agent. timeout: seconds for each call, retries included.
    Methods raise HelioUnavailable when Helio does not answer in time, HelioError when it refuses one."""

    def __init__(
        self, url: str | None = None, token: str | None = None, session: str | None = None,
        agent: str | None = None, timeout: float = 5.0,
    ) -> None:
        outer = _stack.get()[-1] if _stack.get() else None
        self.session = outer.session if session is None and outer else session
        self.agent = outer.agent if agent is None and outer else agent
        self._token = token or os.environ.get("HELIO_SDK_TOKEN", "")
        self._adapter_token = token or os.environ.get("HELIO_ADAPTER_TOKEN") or self._token
        url = url or os.environ.get("HELIO_SDK_URL") or "http://127.0.0.1:3200"
        self._transport = Transport(url, timeout)

    def __enter__(self) -> "HelioContext":
        _stack.set((*_stack.get(), self))
        return self

    def __exit__(self, *_exception: object) -> None:
        _stack.set(_stack.get()[:-1])
        self.close()

    def close(self) -> None:
        """Closes idle connections."""
        self._transport.close()

    def mark_evidence(self, name: str, key: str, data: Any, ttl: float | None = None) -> Answer:
        """Says that ``name`` (a tool, a lookup) gave ``data``. Rules ask for it by ``name`` or by ``key``.
        data: anything JSON; Decimal keeps its digits. ttl: seconds it counts, default ``evidence.ttl``."""
        said = {"tool_name": name, "evidence_key": key, "evidence_data": data}
        return self._tell("/evidence", said, ttl_seconds=ttl)

    def completed(self, tool: str, success: bool = True) -> Answer:
        """Says that a step was carried out outside MCP, for rules that ``require`` it."""
        return self._tell("/actions", {"tool_name": tool, "status": "success" if success else "failure"})

    def set(self, key: str, value: Any) -> Answer:
        """Sets a value of the session for ``match.context``: anything JSON, kept for a day."""
        return self._tell("/context", {"key": key, "value": value})

    def state(self) -> Answer:
        """``session_id``, ``evidence``, ``actions`` and ``context`` as Helio has them now."""
        named = None if self.session is None else f"/session/{quote(self.session, safe='')}/state"
        return self._ask("GET", named or "/sessions/current")

    def require_evidence(self, *names: str) -> None:
        """Raises HelioDenied (``evidence_missing``) unless the session has evidence of every name or key."""
        known = {word for entry in self.state()["evidence"] for word in entry["words"]}
        self._require(names, known, "evidence_missing", "evidence of")

    def requires(self, *tools: str) -> None:
        """Raises HelioDenied (``dependency_missing``) unless every tool has succeeded in the session."""
        known = {step["tool_name"] for step in self.state()["actions"] if step["status"] == "success"}
        self._require(tools, known, "dependency_missing", "a completed")

    def mcp_headers(self) -> dict[str, str]:
        """Headers that tie an MCP client to this session. Makes a session when none was given."""
        if self.session is None:
            self.session = f"py-{os.urandom(16).hex()}"
        return {"x-helio-session-id": self.session, **({"x-helio-agent": self.agent} if self.agent else {})}

    def evaluate(
        self, tool: str, arguments: Json | None = None, *, definition: Json | None = None,
        upstream: str | None = None, peek: bool = False, wait: float = 0.0,
    ) -> Evaluation:
        """Asks whether a call may run, and takes what it costs. Follow it with ``report``.

        definition: of a tool that only this process has (``description``, ``inputSchema``, ``annotations`` as
        in MCP, or ``{}``); without it an upstream must advertise the tool. peek: only judge, take nothing.
        wait: seconds to wait for people when one must approve. Raises HelioDenied with the feedback,
        HelioApprovalPending when a person was asked and has not answered; a peek raises neither."""
        asked = {"tool_name": tool, "arguments": dict(arguments or {})}
        path, how = "/evaluate?peek=true" if peek else "/evaluate", {"adapter": True, "repeatable": peek}
        said = self._tell(path, asked, how, agent=self.agent, tool=definition, upstream=upstream)
        feedback, approval = said.get("feedback"), said.get("approval_id")
        if peek or said["allowed"] is True:
            judged = said["evaluation_id"], said["session_id"], said["decision"], said["allowed"]
            return Evaluation(*judged, feedback, approval, said.get("expires_at"))
        if said["decision"] != "hold":
            raise HelioDenied(feedback or {})
        if wait <= 0 or approval is None:
            raise HelioApprovalPending(approval, feedback or {})
        self.wait_for_approval(approval, wait)
        return self.evaluate(tool, arguments, definition=definition, upstream=upstream)

    def report(self, evaluation: Evaluation | str, status: Status = "success", result: Any = None) -> Answer:
        """Says how an evaluated call ended; ``not_executed`` gives back what it took. The first counts."""
        id = evaluation.id if isinstance(evaluation, Evaluation) else evaluation
        said = {"evaluation_id": id, "status": status, **({} if result is None else {"result": result})}
        return self._ask("POST", "/audit", said, adapter=True)

    def wait_for_approval(self, approval_id: str, timeout: float = 300.0) -> None:
        """Returns when people approved; evaluate again then.
        Raises HelioDenied when they refused or were too late, HelioApprovalPending after timeout seconds."""
        end = time.monotonic() + timeout
        while True:
            wait = max(0.0, min(20.0, end - time.monotonic()))
            path = f"/approval/{quote(approval_id, safe='')}?wait={wait:.3f}"
            said = self._ask("GET", path, adapter=True, timeout=wait + self._transport.timeout)
            if said["approved"]:
                return
            if said["decided"]:
                raise HelioDenied(said["feedback"])
            if time.monotonic() >= end:
                raise HelioApprovalPending(approval_id, said["feedback"])

    def guard(self, name: str | None = None, **how: Any) -> Callable[[F], F]:
        """As ``helio.guard``, always in this context."""
        return guard(name, **how, context=self)

    def _tell(self, path: str, said: Answer, how: Json = {}, **optional: Any) -> Answer:
        optional["session_id"] = self.session
        given = {key: value for key, value in optional.items() if value is not None}
        return self._ask("POST", path, {**said, **given}, **how)

    def _ask(self, method: str, path: str, said: Any = None, adapter: bool = False, **how: Any) -> Answer:
        return self._transport.ask(method, path, self._adapter_token if adapter else self._token, said, **how)

    def _require(self, names: tuple[str, ...], known: Collection[str], reason: str, what: str) -> None:
        if missing := [name for name in names if name not in known]:
            message = f"This session lacks {what} {', '.join(missing)}."
            feedback = {"blocked": True, "reason": reason, "message": message, "retry_allowed": True}
            raise HelioDenied({**feedback, "missing": missing})

    def _settle(self, evaluation: Evaluation, status: Status, result: Any) -> None:
        try:
            try:
                self.report(evaluation, status, result)
            except HelioError as error:
                if error.code not in ("not_json", "too_large"):
                    raise
                self.report(evaluation, status, repr(result)[:10_000])
        except Exception as error:  # the function has run: its result must not be lost on this
            _log.warning("the result of %s could not be reported: %s", evaluation.id, error)


def guard(
    name: str | None = None, *, wait: float = 0.0, annotations: Json | None = None,
    context: HelioContext | None = None,
) -> Callable[[F], F]:
    """Decorates a function (or coroutine function): each call is judged first and reported after.

    name: the tool's name in rules, default the function's. wait: seconds to wait for people who must approve.
    annotations: MCP hints (``readOnlyHint``, ...). context: default the one that is active at the call.
    Raises HelioDenied, HelioApprovalPending, HelioUnavailable instead of running the function."""

    def decorate(function: F) -> F:
        tool, signature = name or function.__name__, inspect.signature(function)
        definition = {"description": inspect.getdoc(function) or "", "annotations": dict(annotations or {})}

        def permitted(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Callable[[Status, Any], None]:
            ctx, arguments = context or current(), _arguments(signature, args, kwargs)
            evaluation = ctx.evaluate(tool, arguments, definition=definition, wait=wait)
            return functools.partial(ctx._settle, evaluation)

        @functools.wraps(function)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            settle = permitted(args, kwargs)
            try:
                result = function(*args, **kwargs)
            except BaseException as error:
                settle("error", repr(error))
                raise
            settle("success", result)
            return result

        @functools.wraps(function)
        async def guarded_async(*args: Any, **kwargs: Any) -> Any:
            settle = await asyncio.to_thread(permitted, args, kwargs)
            try:
                result = await function(*args, **kwargs)
            except BaseException as error:
                # Shielded: a cancelled task has acted, or may have, and that goes on record.
                await asyncio.shield(asyncio.to_thread(settle, "error", repr(error)))
                raise
            await asyncio.to_thread(settle, "success", result)
            return result

        return guarded_async if inspect.iscoroutinefunction(function) else guarded  # type: ignore

    return decorate


def _arguments(signature: inspect.Signature, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
    """What the function is called with, by name, defaults included: that is what rules compare."""
    bound = signature.bind(*args, **kwargs)
    bound.apply_defaults()
    named: dict[str, Any] = {}
    for index, (key, value) in enumerate(bound.arguments.items()):
        if signature.parameters[key].kind is inspect.Parameter.VAR_KEYWORD:
            named.update(value)
        elif index > 0 or key not in ("self", "cls"):
            named[key] = value
    return named


def _in_thread(
    method: Callable[Concatenate[HelioContext, P], R],
) -> Callable[Concatenate["AsyncHelioContext", P], Coroutine[Any, Any, R]]:
    @functools.wraps(method)
    async def call(self: "AsyncHelioContext", *args: P.args, **kwargs: P.kwargs) -> R:
        return await asyncio.to_thread(method, self.sync, *args, **kwargs)

    return call


class AsyncHelioContext:
    """HelioContext for asyncio: the same arguments, the same methods as coroutines, run in worker threads."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.sync = HelioContext(*args, **kwargs)
        self.mcp_headers, self.guard = self.sync.mcp_headers, self.sync.guard

    async def __aenter__(self) -> "AsyncHelioContext":
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
