"""Tools of agent frameworks, governed. The frameworks are imported only when a tool is wrapped.

Unverified: written against their documented interfaces, not run with the packages."""

import json
from collections.abc import Callable
from typing import Any

from .context import HelioContext, guard
from .transport import HelioDenied


def govern_langchain(tool: Any, *, wait: float = 0.0, context: HelioContext | None = None) -> Any:
    """A LangChain tool that runs only when Helio allows it; a refusal becomes its output: the model reads it.
    wait: seconds to wait for people. context: default the one that is active when the tool is called."""
    from langchain_core.tools import StructuredTool

    run = _told(tool, lambda **arguments: tool.invoke(arguments), wait, context)
    about = {"name": tool.name, "description": tool.description, "args_schema": tool.args_schema}
    return StructuredTool.from_function(func=run, **about)


def govern_crewai(tool: Any, *, wait: float = 0.0, context: HelioContext | None = None) -> Any:
    """The same for a CrewAI tool. Its agents may run tools in threads of their own: pass ``context``."""
    from crewai.tools import BaseTool

    run = _told(tool, lambda **arguments: tool.run(**arguments), wait, context)

    class Governed(BaseTool):  # type: ignore[misc]
        def _run(self, **arguments: Any) -> Any:
            return run(**arguments)

    return Governed(name=tool.name, description=tool.description, args_schema=tool.args_schema)


def _told(tool: Any, run: Callable[..., Any], wait: float, context: HelioContext | None) -> Any:
    run.__doc__ = tool.description
    guarded = guard(tool.name, wait=wait, context=context)(run)

    def told(**arguments: Any) -> Any:
        try:
            return guarded(**arguments)
        except HelioDenied as denied:
            return f"{denied} {json.dumps(denied.feedback)}"

    return told
