"""What holds without a Helio: unavailable in time, size, imports, packaging."""

from __future__ import annotations

import ast
import copy
import multiprocessing
import os
import pickle
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import zipfile
from pathlib import Path

from running import SDK

from helio import (
    AsyncHelioContext,
    HelioApprovalPending,
    HelioContext,
    HelioDenied,
    HelioError,
    HelioUnavailable,
    guard,
)

SOURCES = sorted((SDK / "src/helio").glob("*.py"))


def listening() -> socket.socket:
    server = socket.socket()
    server.bind(("127.0.0.1", 0))
    server.listen(50)
    return server


class Unavailable(unittest.TestCase):
    def ask(self, port: int) -> float:
        started = time.monotonic()
        with self.assertRaises(HelioUnavailable) as caught:
            HelioContext(f"http://127.0.0.1:{port}", "token", "s", timeout=1.0).mark_evidence("a", "b", 1)
        self.assertIn(str(port), str(caught.exception))
        return time.monotonic() - started

    def test_nobody_listens(self) -> None:
        with listening() as server:
            port = server.getsockname()[1]
        self.assertLess(self.ask(port), 2.0)

    def test_somebody_listens_and_never_answers(self) -> None:
        with listening() as server:
            self.assertLess(self.ask(server.getsockname()[1]), 2.0)

    def test_what_answers_is_something_else(self) -> None:
        with listening() as server:
            threading.Thread(target=self.answer, args=(server, b"<html>"), daemon=True).start()
            self.ask(server.getsockname()[1])

    def test_what_may_not_run_twice_is_sent_once(self) -> None:
        with listening() as server:
            got: list[bytes] = []
            threading.Thread(target=self.answer, args=(server, None, got), daemon=True).start()
            with self.assertRaises(HelioUnavailable):
                HelioContext(f"http://127.0.0.1:{server.getsockname()[1]}", "token", "s", timeout=2.0).evaluate("pay")
            self.assertEqual(len(got), 1)

    def test_what_may_run_twice_outlives_a_connection_that_has_ended(self) -> None:
        with listening() as server:
            threading.Thread(target=self.answer, args=(server, b'{"session_id": "s"}'), daemon=True).start()
            with HelioContext(f"http://127.0.0.1:{server.getsockname()[1]}", "token", "s") as ctx:
                for _ in range(5):  # each answer leaves a connection behind that the server has closed
                    self.assertEqual(ctx.set("k", 1), {"session_id": "s"})

    def test_a_refusal_with_a_reason_is_told_apart_from_an_outage(self) -> None:
        for status, body, kind, said in (
            (401, b'{"error": {"code": "unauthorized", "message": "No.", "fix": "mend it"}}', HelioError, "No.: mend it"),
            (503, b'{"error": {"code": "stopping", "message": "Helio is stopping"}}', HelioUnavailable, "is stopping"),
            (404, b'{"error": "not here"}', HelioUnavailable, "something else (HTTP 404)"),
            (200, b"[]", HelioUnavailable, "something else (HTTP 200)"),
        ):
            with self.subTest(status=status, body=body), listening() as server:
                threading.Thread(target=self.answer, args=(server, body, None, status), daemon=True).start()
                with HelioContext(f"http://127.0.0.1:{server.getsockname()[1]}", "token", "s") as ctx:
                    with self.assertRaises(HelioError) as caught:
                        ctx.set("k", 1)
                self.assertIs(type(caught.exception), kind)
                self.assertIn(said, str(caught.exception))

    def test_a_guarded_function_does_not_run(self) -> None:
        with listening() as server:
            port = server.getsockname()[1]

        @guard("pay", context=HelioContext(f"http://127.0.0.1:{port}", "token", "s", timeout=0.5))
        def pay() -> None:
            raise AssertionError("it ran")

        with self.assertRaises(HelioUnavailable):
            pay()

    def test_without_a_token_nothing_is_sent(self) -> None:
        kept = {name: os.environ.pop(name) for name in ("HELIO_SDK_TOKEN", "HELIO_ADAPTER_TOKEN") if name in os.environ}
        self.addCleanup(os.environ.update, kept)
        with self.assertRaises(HelioError) as caught:
            HelioContext(session="s").set("k", 1)
        self.assertEqual(caught.exception.code, "no_token")

    @staticmethod
    def answer(server: socket.socket, body: bytes | None, got: list[bytes] | None = None, status: int = 200) -> None:
        try:
            while True:
                connection, _ = server.accept()
                with connection:
                    seen = connection.recv(65536)
                    if got is not None:
                        got.append(seen)
                    if body is not None:
                        connection.sendall(b"HTTP/1.1 %d Said\r\ncontent-length: %d\r\n\r\n%s" % (status, len(body), body))
        except OSError:
            return


class TheSources(unittest.TestCase):
    def test_are_under_500_lines_none_of_them_crammed(self) -> None:
        lines = [line for path in SOURCES for line in path.read_text("utf-8").splitlines()]
        self.assertLess(len(lines), 500)
        self.assertEqual([line for line in lines if len(line) > 110], [])
        for path in SOURCES:
            starts = [node.lineno for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.stmt)]
            self.assertEqual(len(starts), len(set(starts)), f"{path.name} has a line with two statements")

    def test_import_the_standard_library_alone_and_frameworks_only_when_asked(self) -> None:
        for path in SOURCES:
            for node in ast.parse(path.read_text("utf-8")).body:
                names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
                if isinstance(node, ast.ImportFrom) and node.level == 0:
                    names.append(node.module or "")
                for name in names:
                    self.assertIn(name.split(".")[0], sys.stdlib_module_names, path.name)

    def test_a_missing_framework_is_named_when_a_tool_is_wrapped(self) -> None:
        from helio.frameworks import govern_crewai, govern_langchain

        for wrap, package in ((govern_langchain, "langchain_core"), (govern_crewai, "crewai")):
            if package in sys.modules or _is_installed(package):
                self.skipTest(f"{package} is installed here")
            with self.assertRaises(ModuleNotFoundError) as caught:
                wrap(object())
            self.assertEqual(caught.exception.name.split(".")[0], package)

    def test_every_public_name_says_what_it_does(self) -> None:
        import helio

        for name in helio.__all__:
            self.assertTrue(getattr(helio, name).__doc__, name)
        for kind in (helio.HelioContext, helio.AsyncHelioContext):
            for name, member in vars(kind).items():
                if callable(member) and not name.startswith("_"):
                    self.assertTrue(member.__doc__, name)

    def test_every_method_of_the_context_is_there_for_asyncio(self) -> None:
        names = [name for name in vars(HelioContext) if not name.startswith("_") and name != "close"]
        asynchronous = AsyncHelioContext(token="token")
        self.assertEqual([name for name in names if not callable(getattr(asynchronous, name, None))], [])


class Errors(unittest.TestCase):
    FEEDBACK = {"blocked": True, "reason": "rate_limited", "message": "Too many.", "retry_allowed": True, "limit": 2}

    def all(self) -> list[HelioError]:
        return [
            HelioError("no", "unauthorized"),
            HelioUnavailable("nobody is there", "unavailable"),
            HelioDenied(self.FEEDBACK),
            HelioDenied({}),
            HelioApprovalPending("apr_1", {"reason": "approval_pending", "message": "Wait."}),
        ]

    def assert_same(self, one: Exception, other: Exception) -> None:
        self.assertIs(type(one), type(other))
        self.assertEqual((str(one), vars(one)), (str(other), vars(other)))

    def test_survive_pickle_and_copy(self) -> None:
        for error in self.all():
            for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
                self.assert_same(pickle.loads(pickle.dumps(error, protocol)), error)
            self.assert_same(copy.deepcopy(error), error)

    def test_reach_the_parent_of_a_worker_process(self) -> None:
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            for error in self.all():
                with self.assertRaises(type(error)) as caught:
                    pool.apply(fail, (error,))
                self.assert_same(caught.exception, error)

    def test_say_what_to_do(self) -> None:
        denied = HelioDenied({**self.FEEDBACK, "suggestion": "Wait a minute."})
        self.assertEqual((str(denied), denied.reason, denied.code), ("Too many. Wait a minute.", *["rate_limited"] * 2))
        self.assertTrue(denied.retry_allowed)
        self.assertFalse(HelioDenied({}).retry_allowed)


def fail(error: Exception) -> None:
    raise error


class ThePackage(unittest.TestCase):
    def test_installs_without_a_network(self) -> None:
        if subprocess.run([sys.executable, "-m", "pip", "--version"], capture_output=True).returncode != 0:
            self.skipTest("there is no pip here")
        for editable in ([], ["-e"]):
            with self.subTest(editable=bool(editable)), tempfile.TemporaryDirectory() as folder:
                where = Path(folder) / "venv"
                subprocess.run([sys.executable, "-m", "venv", "--without-pip", where], check=True, timeout=120)
                python = where / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
                pip = [sys.executable, "-m", "pip", "--python", str(python), "--disable-pip-version-check"]
                # --no-index: a package index that is reached is a failure, also for what builds the wheel.
                ran = subprocess.run(
                    [*pip, "install", "--no-index", *editable, str(SDK)], capture_output=True, text=True, timeout=240
                )
                self.assertEqual(ran.returncode, 0, ran.stderr)
                told = subprocess.run(
                    [python, "-c", "import helio, importlib.metadata as m; print(m.version('helio-client'), helio.__file__)"],
                    capture_output=True, text=True, cwd=folder, timeout=60,
                    env={key: value for key, value in os.environ.items() if key != "PYTHONPATH"},
                )
                self.assertEqual(told.returncode, 0, told.stderr)
                version, file = told.stdout.split(maxsplit=1)
                self.assertEqual(version, __import__("helio").__version__)
                self.assertEqual(file.startswith(str(SDK)), bool(editable))

    def test_says_that_it_is_typed_and_leaves_tests_out(self) -> None:
        sys.path.insert(0, str(SDK / "backend"))
        self.addCleanup(sys.path.remove, str(SDK / "backend"))
        import helio_backend

        with tempfile.TemporaryDirectory() as folder:
            names = zipfile.ZipFile(Path(folder) / helio_backend.build_wheel(folder)).namelist()
        self.assertIn("helio/py.typed", names)
        self.assertIn("helio/context.py", names)
        self.assertFalse([name for name in names if "test" in name or "__pycache__" in name])


def _is_installed(package: str) -> bool:
    import importlib.util

    return importlib.util.find_spec(package) is not None


if __name__ == "__main__":
    unittest.main()
