"""Has events delivered by the local stack, and verified by the Standard Webhooks libraries of Python and Node.

usage: webhooks_out.py --node-modules FOLDER [--local PROGRAM]

Runs with a Python that has the packages of infra/checks/webhooks.txt; FOLDER is where `npm ci` put what infra/checks/webhooks/package.json names.
A subscriber on loopback gets what happens to customers and a sample of each kind of event, some of it while the secret is rotated. Both libraries
must take each event, with the secret of its time, and refuse it where its body, its id or the secret is another. Everything that it starts ends
with it.
"""

import argparse
import http.server
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import threading

from fuzz import ROOT, post_invoices, started
from standardwebhooks.webhooks import Webhook

TENANT = "hooks"
KINDS = json.loads((ROOT / "docs/schemas/events.schema.json").read_text(encoding="utf-8"))["properties"]["detail-type"]["enum"]
SIGNED = ("webhook-id", "webhook-timestamp", "webhook-signature")


def arguments():
    """What it was called with."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    parser.add_argument("--local", default=target / "debug/local", help="the program of infra/local")
    parser.add_argument("--node-modules", type=pathlib.Path, required=True, help="where npm put the library of Node")
    return parser.parse_args()


class Subscriber:
    """Takes everything, and keeps it."""

    def __init__(self):
        got = self.got = []

        class Hook(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"])).decode()
                got.append(({name: self.headers[name] for name in SIGNED}, body))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hook)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"

    def taken(self):
        """What came since it was last asked."""
        some, self.got[:] = list(self.got), []
        return some


def python_takes(each):
    """Whether the library of Python takes each."""
    def takes(secret, headers, body):
        try:
            return Webhook(secret).verify(body, headers) is not None
        except Exception:  # noqa: BLE001 - the library raises errors of its own and of what it uses
            return False

    return [takes(*one) for one in each]


def node_takes(each, modules):
    """Whether the library of Node takes each."""
    with tempfile.TemporaryDirectory() as folder:
        program = shutil.copy(ROOT / "infra/checks/webhooks/verify.mjs", folder)
        os.symlink(modules.resolve(), pathlib.Path(folder) / "node_modules")
        asked = json.dumps([{"secret": secret, "headers": headers, "body": body} for secret, headers, body in each])
        done = subprocess.run(["node", program], input=asked, capture_output=True, text=True, timeout=120, check=True)
    return json.loads(done.stdout)


def same(found, wanted, what):
    """Demands what is wanted."""
    if found != wanted:
        raise SystemExit(f"webhooks_out: {what}: {found!r}, and {wanted!r} is meant")


def check(stack, modules):
    """What a subscriber sees; how many events were verified."""
    subscriber = Subscriber()
    made = stack.ask("POST", "/_local/tenants", {"tenant": TENANT, "settings": {"name": "Hooks Ltd", "mode": "live"}})
    token = stack.token(TENANT)
    asked = {"url": subscriber.url, "events": KINDS}
    subscription = stack.ask("POST", "/v1/subscriptions", asked, token)
    first, path = subscription["secret"], f"/v1/subscriptions/{subscription['id']}"
    # From here on the clock stands still: the libraries believe what is at most five minutes old.
    post_invoices(stack, made["webhooks"]["canonical"], stack.advance("PT0S"))
    stack.advance("PT1M")
    happened = subscriber.taken()
    kinds = [json.loads(body)["type"] for _, body in happened]
    same(kinds.count("InvoiceUpserted"), 6, "invoices that were told of")
    same(len({headers["webhook-id"] for headers, _ in happened}), len(happened), "events that came once")
    for kind in KINDS:
        stack.ask("POST", f"{path}/test", {"event": kind}, token)
    stack.advance("PT1M")
    samples = [one for one in subscriber.taken() if one[0]["webhook-id"].startswith("evt_sample")]
    same([json.loads(body)["type"] for _, body in samples], KINDS, "samples")
    second = stack.ask("POST", f"{path}/rotate", {}, token)["secret"]
    stack.ask("POST", f"{path}/test", {"event": "PromiseMade"}, token)
    stack.advance("PT1M")
    (both,) = [one for one in subscriber.taken() if one[0]["webhook-id"].startswith("evt_sample")]

    right = [(first, *one) for one in happened + samples] + [(first, *both), (second, *both)]
    headers, body = samples[0]
    other = {**headers, "webhook-id": "evt_other"}
    wrong = [(first, headers, body + " "), (first, other, body), (second, headers, body), (first, {**headers, "webhook-timestamp": "1"}, body)]
    for library, takes in (("Python", python_takes), ("Node", lambda each: node_takes(each, modules))):
        same(takes(right), [True] * len(right), f"what the library of {library} takes")
        same(takes(wrong), [False] * len(wrong), f"what the library of {library} refuses")
    return len(right)


def main():
    """Starts, asks, stops."""
    asked = arguments()
    with tempfile.TemporaryDirectory() as folder, open(pathlib.Path(folder) / "log", "w+", encoding="utf-8") as log:
        with started(asked.local, log) as stack:
            count = check(stack, asked.node_modules)
        log.seek(0)
        sys.stderr.write(log.read())
    print(f"webhooks_out: the libraries of Python and Node both verify {count} deliveries, and refuse what was changed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
