"""guard: a function of your own that runs only when Helio allows it."""

from __future__ import annotations

import asyncio
import functools
import inspect
import logging
from typing import Any, Callable, Mapping, TypeVar

from .context import Evaluation, HelioContext, Status, current
from .errors import HelioApprovalPending, HelioError

F = TypeVar("F", bound=Callable[..., Any])
_log = logging.getLogger("helio")


def guard(
    name: str | None = None, *, wait: float = 0.0, annotations: Mapping[str, Any] | None = None,
    context: HelioContext | None = None,
) -> Callable[[F], F]:
    """Decorates a function (or coroutine function): each call is judged first and reported after.

    name: the tool's name in rules, default the function's. wait: seconds to wait for people when one must approve.
    annotations: MCP hints (``readOnlyHint``, ``destructiveHint``, ...). context: default the one that is active at the call.
    Raises HelioDenied, HelioApprovalPending, HelioUnavailable instead of running the function.
    """

    def decorate(function: F) -> F:
        tool = name or function.__name__
        definition = {"description": inspect.getdoc(function) or "", "annotations": dict(annotations or {})}
        signature = inspect.signature(function)

        def permitted(args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[HelioContext, Evaluation]:
            ctx = context or current()
            arguments = _arguments(signature, args, kwargs)
            try:
                return ctx, ctx.evaluate(tool, arguments, definition=definition)
            except HelioApprovalPending as pending:
                if wait <= 0 or pending.approval_id is None:
                    raise
                ctx.wait_for_approval(pending.approval_id, wait)
            return ctx, ctx.evaluate(tool, arguments, definition=definition)

        if inspect.iscoroutinefunction(function):

            @functools.wraps(function)
            async def guarded_async(*args: Any, **kwargs: Any) -> Any:
                ctx, evaluation = await asyncio.to_thread(permitted, args, kwargs)
                try:
                    result = await function(*args, **kwargs)
                except BaseException as error:
                    # Shielded: a cancelled task has acted, or may have, and that goes on record.
                    await asyncio.shield(asyncio.to_thread(_settle, ctx, evaluation, "error", repr(error)))
                    raise
                await asyncio.to_thread(_settle, ctx, evaluation, "success", result)
                return result

            return guarded_async  # type: ignore[return-value]

        @functools.wraps(function)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            ctx, evaluation = permitted(args, kwargs)
            try:
                result = function(*args, **kwargs)
            except BaseException as error:
                _settle(ctx, evaluation, "error", repr(error))
                raise
            _settle(ctx, evaluation, "success", result)
            return result

        return guarded  # type: ignore[return-value]

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


def _settle(ctx: HelioContext, evaluation: Evaluation, status: Status, result: Any) -> None:
    """The function has run: its result must not be lost because Helio cannot be told. Helio then records it as unknown."""
    try:
        try:
            ctx.report(evaluation, status, result)
        except HelioError as error:
            if error.code != "not_json":
                raise
            ctx.report(evaluation, status, repr(result))
    except HelioError as error:
        _log.warning("the result of %s could not be reported: %s", evaluation.id, error)
