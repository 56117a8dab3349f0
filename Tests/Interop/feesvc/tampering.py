"""A fee service as a liar on the way shows it: answers pass through, and some are changed."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Change = Callable[[bytes], bytes]


class Tampering:
    """Forwards every request to a service; the answers' bodies of the paths in `changes` are changed.

    `posted` has the paths of requests that were not GET. Without `changes` everything passes as it is. While it is `away`,
    nothing is answered.
    """

    def __init__(self, address: str, changes: dict[str, Change] | None = None):
        self.changes, self.posted, self.away = changes or {}, [], False
        host, port = address.rsplit(":", 1)
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def forward(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                kind = {"Content-Type": self.headers["content-type"]} if body else {}
                if outer.away:
                    self.close_connection = True
                    return
                if self.command != "GET":
                    outer.posted.append(self.path)
                upstream = http.client.HTTPConnection(host, int(port), timeout=60)
                upstream.request(self.command, self.path, body or None, kind)
                answer = upstream.getresponse()
                content = answer.read()
                upstream.close()
                content = outer.changes.get(self.path, bytes)(content)
                self.send_response(answer.status)
                self.send_header("Content-Type", answer.headers["content-type"])
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = forward

            def log_message(self, *_) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"

    def __enter__(self) -> Tampering:
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_) -> None:
        self.server.shutdown()
        self.server.server_close()
