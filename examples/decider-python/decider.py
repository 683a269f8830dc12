"""A decider for Helio in Python: refuses payments outside of office hours. Standard library only.

    python3 decider.py [PORT]
"""

import json
import sys
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


def decide(question):
    """The verdicts on one call. None at all: nothing to object to."""
    call = question["call"]
    hour = datetime.fromisoformat(question["now"].replace("Z", "+00:00")).hour
    if call["name"] == "create_payment" and not 8 <= hour < 18:
        return [
            {
                "effect": "deny",
                "code": "outside_office_hours",
                "reason": "Payments are made between 08:00 and 18:00 UTC.",
                "suggestion": "Try again after 08:00 UTC.",
                "retry": {"allowed": True},
            }
        ]
    return []


class Decider(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"  # keeps the connection: a new one for every call costs milliseconds

    def do_POST(self):
        question = json.loads(self.rfile.read(int(self.headers["content-length"])))
        answer = json.dumps({"verdicts": decide(question)}).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass  # arguments of calls do not belong in a log


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1]) if len(sys.argv) > 1 else 7000), Decider)
    print(f"http://127.0.0.1:{server.server_port}/", flush=True)
    server.serve_forever()
