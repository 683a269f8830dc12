"""Tools of agent frameworks, governed. The frameworks are imported only when a tool is wrapped.

Unverified: written against the documented interfaces (langchain_core.tools, crewai.tools), not run against the packages.
"""

from __future__ import annotations

import json
from typing import Any, Callable

from .context import HelioContext
from .errors import HelioDenied
from .guard import guard


def govern_langchain(tool: Any, *, wait: float = 0.0, context: HelioContext | None = None) -> Any:
    """A LangChain tool that runs only when Helio allows it; a refusal becomes its output, so that the model reads it."""
    from langchain_core.tools import StructuredTool

    run = _told(tool, lambda arguments: tool.invoke(arguments), wait, context)
    return StructuredTool.from_function(
        func=run, name=tool.name, description=tool.description, args_schema=tool.args_schema
    )


def govern_crewai(tool: Any, *, wait: float = 0.0, context: HelioContext | None = None) -> Any:
    """The same for a CrewAI tool. Its agents may run tools in threads of their own: pass ``context``."""
    from crewai.tools import BaseTool

    run = _told(tool, lambda arguments: tool.run(**arguments), wait, context)

    class Governed(BaseTool):  # type: ignore[misc]
        def _run(self, **arguments: Any) -> Any:
            return run(**arguments)

    return Governed(name=tool.name, description=tool.description, args_schema=tool.args_schema)


def _told(
    tool: Any, run: Callable[[dict[str, Any]], Any], wait: float, context: HelioContext | None
) -> Callable[..., Any]:
    def call(**arguments: Any) -> Any:
        return run(arguments)

    call.__doc__ = tool.description
    guarded = guard(tool.name, wait=wait, context=context)(call)

    def told(**arguments: Any) -> Any:
        try:
            return guarded(**arguments)
        except HelioDenied as denied:
            return f"{denied} {json.dumps(denied.feedback)}"

    return told
