"""One pipeline, two ways in: what an agent is told over MCP, an application is told by `evaluate`."""

from __future__ import annotations

import random
import threading
import unittest
from collections import Counter

from running import Helio

from helio import HelioApprovalPending, HelioContext, HelioDenied

POLICY = """
dashboard: { port: 0, api_secret: an-operator-secret-for-tests }
sdk: { port: 0 }
approval: { wait: 1ms, max_pending: 10000 }
policies:
  default: allow
  rules:
    - match: { tool: 'delete_*' }
      action: deny
    - match: { tool: process_refund }
      action: deny
      evidence: { requires: ['orders.lookup'] }
    - match: { tool: stripe_charge }
      requires: ['orders.lookup', 'customer.verify']
    - match: { tool: search_products }
      action: rate_limit
      limits: { max_calls: 5, window: 1h, key: session }
    - match: { tool: create_payment }
      action: spend_limit
      limits: { max_spend: { field: '$.amount', limit: 120, currency: GBP, window: 24h, key: session } }
    - match: { tool: create_payment, input: { '$.amount': { gt: 20 } } }
      action: require_approval
    - match: { tool: send_email }
      action: dry_run
"""
CALLS = {
    "orders.lookup": lambda made: {"order_id": made.choice(["A-17", "B-23", "X-0"])},
    "customer.verify": lambda made: {"customer_id": made.choice(["C-1001", "C-0"])},
    "process_refund": lambda made: {"order_id": "A-17", "amount": made.randint(1, 5)},
    "stripe_charge": lambda made: {"customer_id": "C-1001", "amount": made.randint(1, 5)},
    "search_products": lambda made: {"query": made.choice(["lamp", "desk"])},
    "create_payment": lambda made: {"recipient": "x", "amount": made.randint(1, 45)},
    "send_email": lambda made: {"to": "a@example.com", "subject": "s", "body": "b"},
    "delete_account": lambda made: {"customer_id": "C-1001"},
    "get_weather": lambda made: {"city": "Oslo"},
}
EFFECTS = {"dry_run": "simulate", "approval_pending": "hold"}


class TheTwoWays(unittest.TestCase):
    def setUp(self) -> None:
        self.helio = Helio(POLICY)
        self.addCleanup(self.helio.stop)

    def test_decide_alike_for_400_generated_calls(self) -> None:
        other = Helio(POLICY)
        self.addCleanup(other.stop)
        made, seen = random.Random(20261122), Counter()
        agents, apps = {}, {}
        for number in range(400):
            session, tool = f"session-{made.randrange(12)}", made.choice(list(CALLS))
            arguments = CALLS[tool](made)
            if session not in agents:
                apps[session] = HelioContext(other.url, other.token, session)
                self.addCleanup(apps[session].close)
                agents[session] = self.helio.connect(**apps[session].mcp_headers())
                other.connect(**apps[session].mcp_headers())  # its tools are known there too
            result = agents[session].call(tool, **arguments)
            feedback = result.get("_meta", {}).get("com.gethelio/feedback")
            over_mcp = feedback and feedback["reason"]
            self.assertEqual(self.judged(apps[session], tool, arguments, result), over_mcp, (number, session, tool, arguments))
            seen["allow" if over_mcp is None else EFFECTS.get(over_mcp, "deny")] += 1
        for effect in ("allow", "hold", "simulate", "deny"):
            self.assertGreaterEqual(seen[effect], 20, effect)

    def judged(self, ctx: HelioContext, tool: str, arguments: dict, result: dict) -> str | None:
        """The reason of a refusal; a call that may run is reported with what the tool answered over MCP."""
        try:
            evaluation = ctx.evaluate(tool, arguments)
        except HelioDenied as denied:  # HelioApprovalPending among them
            return denied.reason
        ctx.report(evaluation, "error" if result.get("isError") else "success", result["content"][0]["text"])
        return None

    def test_200_parallel_evaluates_against_a_limit_of_5_take_exactly_5(self) -> None:
        outcomes: list[str] = []
        with HelioContext(self.helio.url, self.helio.token, "parallel", timeout=60.0) as ctx:

            def ask() -> None:
                try:
                    ctx.evaluate("search_products", {"query": "lamp"}, definition={})
                    outcomes.append("allowed")
                except HelioApprovalPending:
                    outcomes.append("held")
                except HelioDenied as denied:
                    outcomes.append(denied.reason)

            threads = [threading.Thread(target=ask) for _ in range(200)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        self.assertEqual(Counter(outcomes), {"allowed": 5, "rate_limited": 195})


if __name__ == "__main__":
    unittest.main()
