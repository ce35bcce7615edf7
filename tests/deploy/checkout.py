"""A stand-in for Stripe Checkout, as far as a probe needs one: a session is made, and when it is to be ended it was paid, with one cent too much."""

import contextlib
import http.server
import json
import threading
import time
import urllib.parse

SECRETS = {"secret_key": "sk_test_probe0001", "webhook_secret": "whsec_probe0001"}


class Checkout(http.server.BaseHTTPRequestHandler):
    """Answers the two calls that begin and end a session."""

    sessions = {}

    def log_message(self, *_):
        """Nothing is logged."""

    def do_POST(self):
        """`/v1/checkout/sessions` and `/v1/checkout/sessions/{id}/expire`."""
        asked = dict(urllib.parse.parse_qsl(self.rfile.read(int(self.headers.get("content-length", 0))).decode()))
        parts = self.path.strip("/").split("/")
        if parts[-1] == "expire":
            session = self.sessions[parts[-2]] | {"status": "complete", "payment_status": "paid", "payment_intent": f"pi_{parts[-2]}"}
            session["amount_total"] += 1
        else:
            name = f"cs_{len(self.sessions)}"
            session = {
                **{"id": name, "object": "checkout.session", "status": "open", "payment_status": "unpaid", "payment_intent": None},
                **{"client_reference_id": asked["client_reference_id"], "url": f"http://127.0.0.1:9/{name}"},
                **{"currency": asked["line_items[0][price_data][currency]"], "payment_method_types": ["card"]},
                **{"amount_total": int(asked["line_items[0][price_data][unit_amount]"]), "expires_at": int(time.time()) + 1_860},
            }
            self.sessions[name] = session
        body = json.dumps(session).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextlib.contextmanager
def checkout():
    """The address of a stand-in that ends with the block."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Checkout)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
