"""The SDK against a real Helio in front of the demo shop."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
import types
import unittest
import unittest.mock
import urllib.request
from decimal import Decimal
from pathlib import Path

from running import CLI, SDK, SHOP, Helio, require_built, wait_until

from helio import (
    AsyncHelioContext,
    HelioApprovalPending,
    HelioContext,
    HelioDenied,
    HelioError,
    current,
    guard,
)

SECRET = "an-operator-secret-for-tests"
POLICY = f"""
dashboard: {{ port: 0, api_secret: {SECRET} }}
sdk: {{ port: 0 }}
policies:
  default: allow
  rules:
    - match: {{ tool: process_refund }}
      action: deny
      evidence: {{ requires: ['orders.lookup'] }}
    - match: {{ tool: create_payment }}
      evidence: {{ requires: [{{ name: quote, where: {{ '$.total': {{ gte_input: '$.amount' }} }} }}] }}
    - match: {{ tool: stripe_charge }}
      requires: ['kyc.check']
    - match: {{ tool: send_email, context: {{ role: guest }} }}
      action: deny
    - match: {{ tool: wipe }}
      action: deny
    - match: {{ tool: publish }}
      action: require_approval
    - match: {{ tool: search }}
      action: rate_limit
      limits: {{ max_calls: 2, window: 1h, key: session }}
"""
REFUND = {"order_id": "A-17", "amount": 1}

# As it stands in the README, as a script of its own.
SNIPPET = """
class orders:
    @staticmethod
    def lookup(order_id):
        return {"order_id": order_id, "total": 40}

order_id = "A-17"

from helio import HelioContext

with HelioContext() as ctx:
    result = orders.lookup(order_id)
    ctx.mark_evidence("orders.lookup", "order_data", result)
"""


class WithHelio(unittest.TestCase):
    helio: Helio

    @classmethod
    def setUpClass(cls) -> None:
        cls.helio = Helio(POLICY)
        cls.addClassCleanup(cls.helio.stop)

    def context(self, session: str | None = None, **more) -> HelioContext:
        session = session or f"test-{self.id().rsplit('.', 1)[-1]}"
        return HelioContext(self.helio.url, self.helio.token, session, **more)

    def agent(self, ctx: HelioContext):
        return self.helio.connect(**ctx.mcp_headers())


class TheSnippet(unittest.TestCase):
    def test_unlocks_the_refund_for_the_mcp_session_and_for_no_other(self) -> None:
        helio = Helio(POLICY)
        self.addCleanup(helio.stop)
        agent = helio.connect()
        self.assertEqual(agent.reason("process_refund", **REFUND), "evidence_missing")
        env = {**os.environ, "HELIO_SDK_URL": helio.url, "HELIO_SDK_TOKEN": helio.token, "PYTHONPATH": str(SDK / "src")}
        ran = subprocess.run([sys.executable, "-c", SNIPPET], env=env, capture_output=True, text=True, timeout=60)
        self.assertEqual((ran.returncode, ran.stderr), (0, ""))
        self.assertIsNone(agent.reason("process_refund", **REFUND))
        other = helio.connect()
        self.assertEqual(other.reason("process_refund", **REFUND), "evidence_missing")
        # Two sessions now: which one is meant must be said.
        with self.assertRaises(HelioError) as caught:
            HelioContext(helio.url, helio.token).mark_evidence("orders.lookup", "k", 1)
        self.assertEqual(caught.exception.code, "session_ambiguous")
        self.assertIn("session=", str(caught.exception))


class Tokens(unittest.TestCase):
    def test_a_given_token_is_respected_and_not_echoed(self) -> None:
        token = "a-token-from-the-environment"
        helio = Helio(POLICY, HELIO_SDK_TOKEN=token)
        self.addCleanup(helio.stop)
        HelioContext(helio.url, token, "s").set("k", 1)
        self.assertIn("SDK sideband listening on", helio.log())
        self.assertNotIn(token, helio.log())
        self.assertNotIn("SDK token", helio.log())

    @unittest.skipUnless(os.path.isdir("/proc/self"), "needs /proc")
    def test_no_token_is_handed_to_a_stdio_upstream(self) -> None:
        helio = Helio(POLICY, HELIO_SDK_TOKEN="sdk-token-for-nobody", HELIO_ADAPTER_TOKEN="adapter-token-for-nobody")
        self.addCleanup(helio.stop)
        helio.connect()
        children = [
            path.parent
            for path in Path("/proc").glob("[0-9]*/stat")
            if _text(path).rpartition(")")[2].split()[1:2] == [str(helio.process.pid)]
        ]
        self.assertTrue(any("demo-upstream" in _text(child / "cmdline") for child in children))
        for child in children:
            self.assertNotIn("token-for-nobody", _text(child / "environ"))


    def test_the_adapters_token_judges_and_marks_nothing(self) -> None:
        helio = Helio(POLICY, HELIO_SDK_TOKEN="sdk-token-for-nobody", HELIO_ADAPTER_TOKEN="adapter-token-for-nobody")
        self.addCleanup(helio.stop)
        environment = {"HELIO_SDK_URL": helio.url, "HELIO_ADAPTER_TOKEN": "adapter-token-for-nobody"}
        kept = {name: os.environ.pop(name) for name in ("HELIO_SDK_TOKEN",) if name in os.environ}
        self.addCleanup(os.environ.update, kept)
        with unittest.mock.patch.dict(os.environ, environment), HelioContext(session="s") as ctx:
            ctx.report(ctx.evaluate("greet", definition={}))
            with self.assertRaises(HelioError) as caught:
                ctx.mark_evidence("orders.lookup", "order_data", {})
            self.assertEqual(caught.exception.code, "no_token")
        with HelioContext(helio.url, "adapter-token-for-nobody", "s") as ctx, self.assertRaises(HelioError) as caught:
            ctx.mark_evidence("orders.lookup", "order_data", {})
        self.assertEqual(caught.exception.code, "unauthorized")


class Frameworks(WithHelio):
    """With stand-ins for the packages: what the glue does, not that it fits the packages."""

    def stand_in(self, module: str, **members: object) -> None:
        names = [module.rpartition(".")[0], module]
        made = {name: types.ModuleType(name) for name in names}
        vars(made[module]).update(members)
        patch = unittest.mock.patch.dict(sys.modules, made)
        patch.start()
        self.addCleanup(patch.stop)

    def test_a_tool_runs_when_it_may_and_a_refusal_becomes_its_output(self) -> None:
        class StructuredTool:
            @staticmethod
            def from_function(func, **about):
                return types.SimpleNamespace(invoke=lambda arguments: func(**arguments), **about)

        class BaseTool:
            def __init__(self, **about):
                vars(self).update(about)

        self.stand_in("langchain_core.tools", StructuredTool=StructuredTool)
        self.stand_in("crewai.tools", BaseTool=BaseTool)
        from helio.frameworks import govern_crewai, govern_langchain

        ran = []

        def tool(name: str) -> object:
            about = {"name": name, "description": f"Does {name}.", "args_schema": None}
            return types.SimpleNamespace(
                invoke=lambda arguments: ran.append((name, arguments)) or "done",
                run=lambda **arguments: ran.append((name, arguments)) or "done",
                **about,
            )

        with self.context() as ctx:
            for govern, ask in (
                (govern_langchain, lambda governed, **arguments: governed.invoke(arguments)),
                (govern_crewai, lambda governed, **arguments: governed._run(**arguments)),
            ):
                greet, wipe = govern(tool("greet"), context=ctx), govern(tool("wipe"), context=ctx)
                self.assertEqual((greet.name, greet.description), ("greet", "Does greet."))
                self.assertEqual(ask(greet, who="Jane"), "done")
                said = ask(wipe, disk="/dev/sda")
                self.assertEqual(json.loads(said[said.index("{") :])["reason"], "policy_denied")
        self.assertEqual(ran, [("greet", {"who": "Jane"})] * 2)


class UnderStdio(unittest.TestCase):
    def test_the_sideband_is_off(self) -> None:
        require_built()
        with tempfile.TemporaryDirectory() as folder:
            with socket.socket() as free:
                free.bind(("127.0.0.1", 0))
                port = free.getsockname()[1]
            config = Path(folder) / "helio.yaml"
            config.write_text(
                f"version: '1'\nupstream: {{ command: node, args: ['{SHOP}'] }}\n"
                f"dashboard: {{ enabled: false }}\nsdk: {{ port: {port} }}\npolicies: {{ default: allow }}\n"
            )
            command = ["node", str(CLI), "stdio", "-c", str(config)]
            pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
            with subprocess.Popen(command, cwd=folder, text=True, **pipes) as helio:
                self.addCleanup(helio.kill)
                params = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}
                hello = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params}
                helio.stdin.write(json.dumps(hello) + "\n")
                helio.stdin.flush()
                self.assertIn("result", json.loads(helio.stdout.readline()))
                with self.assertRaises(ConnectionRefusedError):
                    socket.create_connection(("127.0.0.1", port), 2).close()
                _, said = helio.communicate(timeout=30)
            self.assertNotIn("SDK token", said)


class TheExample(unittest.TestCase):
    def test_prints_what_its_readme_says(self) -> None:
        example = SDK.parent / "examples/sdk-python"
        policies = (example / "helio.yaml").read_text().partition("policies:")[2]
        helio = Helio(f"dashboard: {{ enabled: false }}\nsdk: {{ port: 0 }}\npolicies:{policies}")
        self.addCleanup(helio.stop)
        env = {**os.environ, "HELIO_SDK_URL": helio.url, "HELIO_SDK_TOKEN": helio.token, "PYTHONPATH": str(SDK / "src")}
        ran = subprocess.run([sys.executable, example / "app.py"], env=env, capture_output=True, text=True, timeout=60)
        self.assertEqual(ran.returncode, 0, ran.stderr)
        self.assertIn(f"```\n{ran.stdout}```", (example / "README.md").read_text())


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8", "replace")
    except OSError:  # it has just ended
        return ""


class Evidence(WithHelio):
    def test_a_wrong_token_is_an_error_with_what_to_do(self) -> None:
        with self.assertRaises(HelioError) as caught:
            HelioContext(self.helio.url, "wrong", "s").mark_evidence("a", "b", 1)
        self.assertEqual(caught.exception.code, "unauthorized")
        self.assertIn("HELIO_SDK_TOKEN", str(caught.exception))

    def test_expires(self) -> None:
        with self.context() as ctx:
            agent = self.agent(ctx)
            ctx.mark_evidence("orders.lookup", "order_data", {}, ttl=0.3)
            ctx.require_evidence("orders.lookup", "order_data")
            time.sleep(0.4)
            self.assertEqual(agent.reason("process_refund", **REFUND), "evidence_expired")
            with self.assertRaises(HelioDenied) as caught:
                ctx.require_evidence("orders.lookup")
            self.assertEqual((caught.exception.reason, caught.exception.retry_allowed), ("evidence_missing", True))

    def test_keeps_the_digits_of_decimals(self) -> None:
        with self.context() as ctx:
            ctx.mark_evidence("quote", "quote", {"total": Decimal("9007199254740993.10")})
            (entry,) = ctx.state()["evidence"]
            self.assertEqual(entry["values"], {"$.total": ["9007199254740993.10"]})

    def test_binds_the_call_to_what_was_looked_up(self) -> None:
        with self.context() as ctx:
            agent = self.agent(ctx)
            ctx.mark_evidence("quote", "quote", {"total": Decimal("19.99")})
            self.assertEqual(agent.reason("create_payment", amount=20, recipient="x"), "evidence_mismatch")
            self.assertIsNone(agent.reason("create_payment", amount=19.99, recipient="x"))

    def test_is_marked_by_100_threads_at_once(self) -> None:
        failures: list[BaseException] = []

        with self.context(timeout=30.0) as ctx:

            def mark(number: int) -> None:
                try:
                    ctx.mark_evidence(f"lookup-{number}", "data", {"number": number})
                except BaseException as failure:
                    failures.append(failure)

            threads = [threading.Thread(target=mark, args=(number,)) for number in range(100)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            self.assertEqual(failures, [])
            words = {word for entry in ctx.state()["evidence"] for word in entry["words"]}
            self.assertLessEqual({f"lookup-{number}" for number in range(100)}, words)

    def test_of_what_is_no_json_is_refused_here(self) -> None:
        with self.context() as ctx:
            for value in (object(), float("nan"), {1, 2}):
                with self.assertRaises(HelioError) as caught:
                    ctx.mark_evidence("a", "b", value)
                self.assertEqual(caught.exception.code, "not_json")


class StepsAndValues(WithHelio):
    def test_a_completed_step_lets_the_call_through_that_requires_it(self) -> None:
        with self.context() as ctx:
            agent = self.agent(ctx)
            charge = {"customer_id": "C-1001", "amount": 1}
            self.assertEqual(agent.reason("stripe_charge", **charge), "dependency_missing")
            with self.assertRaises(HelioDenied):
                ctx.requires("kyc.check")
            ctx.completed("kyc.check", success=False)
            self.assertEqual(agent.reason("stripe_charge", **charge), "dependency_missing")
            ctx.completed("kyc.check")
            ctx.requires("kyc.check")
            self.assertIsNone(agent.reason("stripe_charge", **charge))

    def test_a_value_is_what_match_context_reads(self) -> None:
        with self.context() as ctx:
            agent = self.agent(ctx)
            mail = {"to": "jane@example.com", "subject": "hi", "body": "hi"}
            ctx.set("role", "guest")
            self.assertEqual(agent.reason("send_email", **mail), "policy_denied")
            ctx.set("role", "staff")
            self.assertIsNone(agent.reason("send_email", **mail))
            self.assertEqual(ctx.state()["context"], {"role": "staff"})


class InProcess(WithHelio):
    def test_a_call_is_judged_taken_and_reported_once(self) -> None:
        with self.context() as ctx:
            peeked = ctx.evaluate("search", {"q": "a"}, definition={}, peek=True)
            self.assertEqual((peeked.allowed, peeked.id), (True, None))
            first = ctx.evaluate("search", {"q": "a"}, definition={})
            self.assertEqual(ctx.report(first, "success", {"hits": 1})["repeated"], False)
            self.assertEqual(ctx.report(first, "error")["repeated"], True)
            unused = ctx.evaluate("search", definition={})
            ctx.report(unused, "not_executed")
            ctx.evaluate("search", definition={})
            with self.assertRaises(HelioDenied) as caught:
                ctx.evaluate("search", definition={})
            self.assertEqual(caught.exception.feedback["reason"], "rate_limited")
            self.assertFalse(ctx.evaluate("search", definition={}, peek=True).allowed)

    def test_a_tool_that_nobody_declared_is_unknown(self) -> None:
        with self.context() as ctx, self.assertRaises(HelioDenied) as caught:
            ctx.evaluate("search")
        self.assertEqual(caught.exception.reason, "unknown_tool")

    def test_guard_runs_the_function_only_when_it_may(self) -> None:
        ran: list[object] = []

        @guard("wipe")
        def wipe(disk: str, *, force: bool = False) -> str:
            ran.append(disk)
            return "wiped"

        @guard()
        def greet(name: str, *more: str, **options: int) -> str:
            """Says hello."""
            ran.append(name)
            if name == "":
                raise ValueError("nobody")
            return f"hello {name}"

        with self.assertRaises(HelioError) as caught:
            greet("outside")
        self.assertEqual(caught.exception.code, "no_context")
        with self.context():
            with self.assertRaises(HelioDenied):
                wipe("/dev/sda")
            self.assertEqual(greet("Jane", "x", y=1), "hello Jane")
            with self.assertRaises(ValueError):
                greet("")
        self.assertEqual(ran, ["Jane", ""])

    def test_guard_runs_coroutines_too(self) -> None:
        @guard("wipe")
        async def wipe() -> None:
            raise AssertionError("it ran")

        @guard("greet")
        async def greet(name: str) -> str:
            return f"hello {name}"

        async def main() -> str:
            async with AsyncHelioContext(self.helio.url, self.helio.token, "async-guard"):
                with self.assertRaises(HelioDenied):
                    await wipe()
                return await greet("Jane")

        self.assertEqual(asyncio.run(main()), "hello Jane")

    def test_guard_waits_for_people(self) -> None:
        with self.context() as ctx:

            @ctx.guard(wait=30)
            def publish(page: str) -> str:
                return f"published {page}"

            with self.assertRaises(HelioApprovalPending) as caught:
                ctx.evaluate("publish", {"page": "home"}, definition={"description": "", "annotations": {}})
            pending = caught.exception
            self.assertTrue(pending.approval_id)
            with self.assertRaises(HelioApprovalPending):
                ctx.wait_for_approval(pending.approval_id, timeout=0.2)
            decider = threading.Timer(0.5, self.decide, (pending.approval_id, "approve"))
            decider.start()
            self.assertEqual(publish("home"), "published home")
            decider.join()

    def test_evaluate_waits_for_people_when_it_is_told_to(self) -> None:
        with self.context() as ctx:
            with self.assertRaises(HelioApprovalPending) as caught:
                ctx.evaluate("publish", {"page": "late"}, definition={}, wait=0.2)
            self.assertEqual(caught.exception.reason, "approval_pending")
            self.assertIn("has not answered", str(caught.exception))
            self.decide(caught.exception.approval_id, "approve")
            self.assertTrue(ctx.evaluate("publish", {"page": "late"}, definition={}, wait=30).allowed)

    def test_guard_returns_what_the_function_gave_whatever_that_is(self) -> None:
        class Odd:
            def isoformat(self) -> str:
                raise RuntimeError("not today")

        for index, result in enumerate((object(), "x" * 2_000_000, "\ud800", Odd(), {"ok": Decimal("1.10")})):
            with self.context(f"odd-{index}") as ctx:

                @ctx.guard("greet")
                def greet() -> object:
                    return result

                reported = []
                real, ctx.report = ctx.report, lambda *args: reported.append(real(*args))
                self.assertIs(greet(), result)
            if not isinstance(result, Odd):
                self.assertEqual([said["outcome"] for said in reported], ["forwarded"], index)

    def test_many_calls_leave_no_connections_behind(self) -> None:
        with self.context() as ctx:
            before = len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else None
            for _ in range(40):
                ctx.report(ctx.evaluate("greet", definition={}))
            if before is None:
                self.skipTest("there is no /proc here")
            self.assertLessEqual(len(os.listdir("/proc/self/fd")), before + 2)

    def test_a_refused_approval_is_a_denial(self) -> None:
        with self.context() as ctx:
            with self.assertRaises(HelioApprovalPending) as caught:
                ctx.evaluate("publish", {"page": "news"}, definition={})
            self.decide(caught.exception.approval_id, "deny")
            with self.assertRaises(HelioDenied) as denied:
                ctx.wait_for_approval(caught.exception.approval_id)
            self.assertEqual(denied.exception.reason, "approval_denied")

    def decide(self, id: str, how: str) -> None:
        request = urllib.request.Request(
            f"{self.helio.dashboard}/api/approvals/{id}/{how}",
            b"{}",
            {"authorization": f"Bearer {SECRET}", "content-type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            json.load(answer)


class Sessions(WithHelio):
    def test_inner_contexts_inherit_and_tasks_do_not_mix(self) -> None:
        with self.context("outer", agent="bot") as outer:
            inner = HelioContext(self.helio.url, self.helio.token)
            self.assertEqual((inner.session, inner.agent), ("outer", "bot"))
            with self.context("inner") as ctx:
                self.assertIs(current(), ctx)
            self.assertIs(current(), outer)

        async def one(session: str) -> tuple[str, dict]:
            async with AsyncHelioContext(self.helio.url, self.helio.token, session) as ctx:
                await ctx.set("who", session)
                await asyncio.sleep(0)
                return current().session, (await ctx.state())["context"]

        async def all_of_them() -> list:
            return await asyncio.gather(*(one(f"task-{number}") for number in range(20)))

        for number, (session, values) in enumerate(asyncio.run(all_of_them())):
            self.assertEqual((session, values), (f"task-{number}", {"who": f"task-{number}"}))

    def test_mcp_headers_make_a_session_and_keep_it(self) -> None:
        ctx = HelioContext(self.helio.url, self.helio.token)
        headers = ctx.mcp_headers()
        self.assertEqual(headers, ctx.mcp_headers())
        agent = self.helio.connect(**headers)
        ctx.mark_evidence("orders.lookup", "order_data", {})
        self.assertIsNone(agent.reason("process_refund", **REFUND))

    def test_a_forked_process_uses_connections_of_its_own(self) -> None:
        if not hasattr(os, "fork"):
            self.skipTest("there is no fork here")
        with self.context() as ctx:
            ctx.set("who", "parent")
            child = os.fork()
            if child == 0:
                try:
                    for number in range(20):
                        ctx.set(f"child-{number}", number)
                finally:
                    os._exit(0 if len(ctx.state()["context"]) >= 21 else 1)
            for number in range(20):
                ctx.set(f"parent-{number}", number)
            self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), 0)
            self.assertEqual(len(ctx.state()["context"]), 41)

    def test_what_is_too_large_is_refused_by_name(self) -> None:
        with self.context() as ctx, self.assertRaises(HelioError) as caught:
            ctx.mark_evidence("a", "b", "x" * 1_048_577)
        self.assertEqual(caught.exception.code, "too_large")

    def test_one_connection_serves_many_calls(self) -> None:
        with self.context() as ctx:
            opened = []
            real = ctx._transport._new
            ctx._transport._new = lambda *args, **kwargs: opened.append(1) or real(*args, **kwargs)
            for number in range(20):
                ctx.set("number", number)
        self.assertEqual(len(opened), 1)


class Unreported(unittest.TestCase):
    def test_ends_as_unknown_and_stays_charged(self) -> None:
        helio = Helio(POLICY.replace("sdk: { port: 0 }", "sdk: { port: 0, evaluation_ttl: 200ms }"))
        self.addCleanup(helio.stop)
        with HelioContext(helio.url, helio.token, "s") as ctx:
            late = [ctx.evaluate("search", definition={}) for _ in range(2)]

            def expired() -> bool:
                try:
                    ctx.report("made-up")
                except HelioError:
                    pass
                try:
                    ctx.report(late[0])
                except HelioError as error:
                    return error.code == "evaluation_expired"
                raise AssertionError("it was settled")

            time.sleep(0.4)
            wait_until(expired)
            with self.assertRaises(HelioDenied) as caught:
                ctx.evaluate("search", definition={})
            self.assertEqual(caught.exception.reason, "rate_limited")


if __name__ == "__main__":
    unittest.main()
