"""A stand-in for a channel of Slack, as far as a probe needs one: it takes whatever is posted."""

import contextlib
import http.server
import threading


@contextlib.contextmanager
def slack():
    """Its address, and what was posted there so far; it ends with the block."""
    posted = []

    class Channel(http.server.BaseHTTPRequestHandler):
        """Answers as an incoming webhook does."""

        def log_message(self, *_):
            """Nothing is logged."""

        def do_POST(self):
            """What is posted is kept."""
            posted.append(self.rfile.read(int(self.headers.get("content-length", 0))).decode())
            self.send_response(200)
            self.send_header("content-length", "2")
            self.end_headers()
            self.wfile.write(b"ok")

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Channel)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/services/T0/B0/probe", posted
    finally:
        server.shutdown()
