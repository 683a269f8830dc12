"""Helio's client: evidence, steps and context for the governance proxy; judgement of tools in process.

    from helio import HelioContext

    with HelioContext() as ctx:
        result = orders.lookup(order_id)
        ctx.mark_evidence("orders.lookup", "order_data", result)
"""

from .context import AsyncHelioContext, Evaluation, HelioContext, current, guard
from .transport import HelioApprovalPending, HelioDenied, HelioError, HelioUnavailable

__all__ = ["AsyncHelioContext", "Evaluation", "HelioContext", "current", "guard"]
__all__ += ["HelioApprovalPending", "HelioDenied", "HelioError", "HelioUnavailable"]
__version__ = "0.1.0"
