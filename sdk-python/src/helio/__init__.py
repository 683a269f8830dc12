"""Helio's client: evidence, steps and context for the governance proxy, and judgement of tools that run in process.

    from helio import HelioContext

    with HelioContext() as ctx:
        result = orders.lookup(order_id)
        ctx.mark_evidence("orders.lookup", "order_data", result)
"""

from .context import AsyncHelioContext, Evaluation, HelioContext, current
from .errors import HelioApprovalPending, HelioDenied, HelioError, HelioUnavailable
from .guard import guard

__all__ = [
    "AsyncHelioContext",
    "Evaluation",
    "HelioApprovalPending",
    "HelioContext",
    "HelioDenied",
    "HelioError",
    "HelioUnavailable",
    "current",
    "guard",
]
__version__ = "0.1.0"
