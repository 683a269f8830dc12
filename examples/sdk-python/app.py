"""Unlocks a refund by evidence, and issues vouchers until the limit says no. Needs HELIO_SDK_TOKEN."""

from decimal import Decimal

from helio import HelioContext, HelioDenied, guard

ORDERS = {"A-17": {"order_id": "A-17", "total": Decimal("40.00")}}  # stands for your own database


@guard("issue_voucher", annotations={"destructiveHint": False})
def issue_voucher(customer: str, amount: int) -> str:
    return f"voucher of {amount} GBP for {customer}"


with HelioContext(session="case-4711") as ctx:
    ctx.mark_evidence("orders.lookup", "order_data", ORDERS["A-17"])
    refund = ctx.evaluate("process_refund", {"order_id": "A-17", "amount": 40}, peek=True)
    print(f"a refund of 40: {refund.decision}")
    refund = ctx.evaluate("process_refund", {"order_id": "A-17", "amount": 41}, peek=True)
    print(f"a refund of 41: {refund.decision}, {refund.feedback['reason']}")
    try:
        while True:
            print(issue_voucher("C-1001", 20))
    except HelioDenied as denied:
        print(f"no more vouchers: {denied.reason}")
