"""A real, built Helio in front of the demo shop, and an MCP client of a few lines. Skips loudly where they cannot run."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.request
from pathlib import Path

SDK = Path(__file__).resolve().parent.parent
ROOT = SDK.parent
CLI = ROOT / "dist/kernel/cli/main.js"
SHOP = ROOT / "dist/examples/demo-upstream/main.js"
sys.path.insert(0, str(SDK / "src"))

START_SECONDS = 30


def require_built() -> None:
    if not CLI.exists() or shutil.which("node") is None:
        raise unittest.SkipTest("Helio is not built, or node is missing: run `npm run build` first")


class Helio:
    """Started by the constructor; ``url`` and ``token`` are the sideband's."""

    def __init__(self, policy: str, **env: str) -> None:
        require_built()
        self.folder = Path(tempfile.mkdtemp(prefix="helio-sdk-"))
        (self.folder / "helio.yaml").write_text(
            f"version: '1'\nupstream: {{ command: node, args: ['{SHOP}'] }}\nlisten: {{ port: 0 }}\n{policy}"
        )
        self._log = open(self.folder / "log", "w")
        bare = {"PATH": os.environ["PATH"], "HOME": str(self.folder), "NO_COLOR": "1", **env}
        self.process = subprocess.Popen(
            ["node", str(CLI), "start", "-c", str(self.folder / "helio.yaml")],
            cwd=self.folder, env=bare, stdout=subprocess.PIPE, stderr=self._log, text=True,
        )
        watchdog = _Watchdog(self.process, START_SECONDS)
        line = self.process.stdout.readline()
        watchdog.stop()
        if not line.startswith("{"):
            self.stop()
            raise RuntimeError(f"Helio did not start: {line}{self.log()}")
        said = json.loads(line)
        self.mcp, self.url, self.dashboard = said["mcp"], said["sideband"], said.get("dashboard")
        printed = re.search(r"clients\):\n  ([0-9a-f]{64})\n", self.log())
        self.token = env.get("HELIO_SDK_TOKEN") or (printed[1] if printed else "")

    def log(self) -> str:
        return (self.folder / "log").read_text()

    def connect(self, **headers: str) -> McpClient:
        return McpClient(self.mcp, headers)

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()
        self._log.close()
        shutil.rmtree(self.folder, ignore_errors=True)


class _Watchdog:
    def __init__(self, process: subprocess.Popen, seconds: float) -> None:
        import threading

        self._timer = threading.Timer(seconds, process.kill)
        self._timer.start()

    def stop(self) -> None:
        self._timer.cancel()


class McpClient:
    """An agent: one MCP session over streamable HTTP (2025-06-18)."""

    def __init__(self, url: str, headers: dict[str, str]) -> None:
        self._url, self._headers, self.session = url, headers, None
        self._send("initialize", {
            "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "agent", "version": "1"},
        })
        self._send("notifications/initialized", {}, id=None)
        self._send("tools/list", {})

    def call(self, tool: str, **arguments: object) -> dict:
        return self._send("tools/call", {"name": tool, "arguments": arguments})["result"]

    def reason(self, tool: str, **arguments: object) -> str | None:
        """Why Helio refused; None when the tool ran."""
        result = self.call(tool, **arguments)
        feedback = result.get("_meta", {}).get("com.gethelio/feedback")
        return feedback["reason"] if feedback else None

    def _send(self, method: str, params: dict, id: int | None = 1) -> dict | None:
        message = {"jsonrpc": "2.0", "method": method, "params": params, **({} if id is None else {"id": id})}
        headers = {
            "content-type": "application/json", "accept": "application/json, text/event-stream", **self._headers,
            **({"mcp-session-id": self.session} if self.session else {}),
        }
        with urllib.request.urlopen(urllib.request.Request(self._url, json.dumps(message).encode(), headers), timeout=30) as answer:
            self.session = answer.headers.get("mcp-session-id") or self.session
            text = answer.read().decode()
        lines = [line[5:] for line in text.splitlines() if line.startswith("data:")] or [text]
        found = [json.loads(line) for line in lines if '"id"' in line]
        return found[-1] if found else None


def wait_until(true: object, seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            raise AssertionError("it did not happen in time")
        time.sleep(0.05)
