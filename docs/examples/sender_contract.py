"""Plays Dunlin and a provider to a sender of one's own, and says where the sender would send twice, too much or in silence.

    python3 sender_contract.py COMMAND...

COMMAND starts the sender: `python3 sender.py`, or yours in any language. It gets the variables that sender.py describes, listens on PORT, takes
webhooks at any path, and sends by a POST of JSON to PROVIDER_URL. It is killed and started again in between, with the same JOURNAL. The kit
prints a line for each rule, and ends with 1 where one does not hold.
"""

import base64
import hashlib
import hmac
import http.server
import json
import os
import secrets
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request

KEY = secrets.token_bytes(32)
SECRET = "whsec_" + base64.b64encode(KEY).decode()
PATIENCE = 20


class Dunlin:
    """The API as a sender sees it: a message is held by one attempt, once; and the provider, which counts."""

    def __init__(self):
        self.lock = threading.RLock()
        self.messages, self.provider, self.on_claim, self.on_call = {}, [], None, None

    def queue(self, message, stands="queued"):
        """A message that waits, or that stands otherwise by the time that it is claimed."""
        with self.lock:
            self.messages[message] = {"stands": stands, "attempt": None, "results": [], "claims": 0}

    def claim(self, message):
        """What a claim answers."""
        with self.lock:
            known = self.messages[message]
            known["claims"] += 1
            if known["stands"] != "queued":
                status = known["stands"] if known["stands"] in ("superseded", "blocked", "deferred", "shadow") else "not_mine"
                return 200, {"message": message, "customer": "cus_1", "status": status}
            known["stands"], known["attempt"] = "calling", f"a-{message}"
            content = {"attempt": known["attempt"], "lease_until": "2126-01-01T00:00:00Z", "channel": "email", "contact": "p1"}
            content |= {"from": "ar@seller.example", "to": "ap@buyer.example", "subject": "Reminder", "text": f"Please pay ({message})."}
            return 200, {"message": message, "customer": "cus_1", "status": "held", "content": content}

    def result(self, message, said):
        """What a result answers."""
        with self.lock:
            known = self.messages[message]
            known["results"].append(said)
            if said.get("attempt") != known["attempt"] or known["stands"] not in ("calling", "unknown"):
                return 409, {}
            ends = {"sent": "sent", "refused": "failed", "retry": "retrying", "unknown": "unknown"}
            if said.get("status") not in ends:
                return 400, {}
            known["stands"] = ends[said["status"]]
            return 200, {"message": message, "customer": "cus_1", "status": known["stands"]}

    def calls(self, message):
        """How often the provider was asked to send a message."""
        with self.lock:
            return sum(message in json.dumps(call) for call in self.provider)


def serve(world):
    """Both on one port of this machine; its address."""

    class Door(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            body = json.loads(self.rfile.read(int(self.headers.get("content-length", 0))) or b"{}")
            parts = self.path.strip("/").split("/")
            if parts[0] == "provider":
                with world.lock:
                    world.provider.append(body)
                then = world.on_call(body) if world.on_call else (200, {"id": f"p-{len(world.provider)}"})
            elif parts[:2] == ["v1", "messages"] and parts[3:] == ["claim"]:
                then = world.claim(parts[2])
                then = world.on_claim(then) if world.on_claim else then
            elif parts[:2] == ["v1", "messages"] and parts[3:] == ["result"]:
                then = world.result(parts[2], body)
            else:
                then = (404, {})
            if then is None:
                return self.connection.close()
            status, said = then
            data = json.dumps(said).encode()
            try:
                self.send_response(status)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)
            except OSError:
                pass

        def log_message(self, *_):
            pass

    class Quiet(http.server.ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_):
            """Whoever is killed breaks connections."""

    server = Quiet(("127.0.0.1", 0), Door)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}"


class Sender:
    """The sender under test, as a process."""

    def __init__(self, command, address, journal):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        own = {"DUNLIN_URL": address, "DUNLIN_KEY": "key", "PROVIDER_URL": f"{address}/provider", "WEBHOOK_SECRET": SECRET}
        self.env = {**os.environ, **own, "JOURNAL": journal, "PORT": str(self.port)}
        self.command, self.process = command, None
        self.start()

    def start(self):
        """Starts it, and waits until it listens."""
        self.process = subprocess.Popen(self.command, env=self.env)
        ends = time.monotonic() + PATIENCE
        while time.monotonic() < ends:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                time.sleep(0.05)
        sys.exit(f"the sender does not listen on port {self.port}")

    def kill(self):
        """Ends it at once, as a crash does."""
        self.process.kill()
        self.process.wait()

    def tell(self, message, signed_by=KEY, event=None):
        """Posts `MessageQueued`; the status, or None where there was no answer."""
        event = event or f"evt_{message}"
        data = {"schema_version": 1, "id": event, "tenant": "acme", "customer": "cus_1", "message": message, "channel": "email", "number": 1}
        body = json.dumps({"type": "MessageQueued", "timestamp": "2026-01-01T00:00:00Z", "data": data}).encode()
        second = str(int(time.time()))
        tag = base64.b64encode(hmac.digest(signed_by, f"{event}.{second}.".encode() + body, hashlib.sha256)).decode()
        headers = {"content-type": "application/json", "webhook-id": event, "webhook-timestamp": second, "webhook-signature": f"v1,{tag}"}
        try:
            request = urllib.request.Request(f"http://127.0.0.1:{self.port}/", data=body, headers=headers)
            with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
                return answer.status
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return None


def settled(world, message, wait=2.0):
    """The words of the results that were taken or refused so far, once one has come or the time is up."""
    ends = time.monotonic() + wait
    while time.monotonic() < ends and not world.messages[message]["results"]:
        time.sleep(0.05)
    return [said.get("status") for said in world.messages[message]["results"]]


def rules(world, sender):
    """Each rule with whether it holds and what was seen."""
    world.queue("msg_one")
    status = sender.tell("msg_one")
    seen = (status, world.calls("msg_one"), settled(world, "msg_one"))
    yield "what is held is sent once, and said to be", status in range(200, 300) and seen[1:] == (1, ["sent"]), seen
    known = world.messages["msg_one"]["results"]
    yield "the provider's id goes with the result", bool(known and known[0].get("provider_id")), known

    sender.tell("msg_one")
    yield "the same event again sends nothing", world.calls("msg_one") == 1, world.calls("msg_one")

    world.queue("msg_twice")
    both = [threading.Thread(target=sender.tell, args=("msg_twice",)) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join()
    yield "the same event twice at once is sent once", world.calls("msg_twice") == 1, world.calls("msg_twice")

    for stands in ("superseded", "blocked", "deferred", "shadow", "another's"):
        message = f"msg_{stands[:5]}"
        world.queue(message, stands)
        status = sender.tell(message)
        seen = (status, world.calls(message), world.messages[message]["results"])
        yield f"what is {stands} is not sent", seen[1:] == (0, []) and status in range(200, 300), seen

    world.queue("msg_forged")
    status = sender.tell("msg_forged", signed_by=b"somebody else")
    seen = (status, world.messages["msg_forged"]["claims"])
    yield "what is signed by somebody else claims nothing", seen[1] == 0 and status in range(400, 500), seen

    # The answer to the first result is lost: it is said again, and nothing is sent again.
    world.queue("msg_result")
    taken, lost = world.result, []

    def lossy(message, said):
        answer = taken(message, said)
        if message == "msg_result" and not lost:
            lost.append(said)
            return None
        return answer

    world.result = lossy
    sender.tell("msg_result")
    ends = time.monotonic() + PATIENCE
    while time.monotonic() < ends and len(world.messages["msg_result"]["results"]) < 2:
        time.sleep(0.05)
    world.result = taken
    said = [one.get("status") for one in world.messages["msg_result"]["results"]]
    seen = (world.calls("msg_result"), said)
    yield "a result that was lost is said again, and the message is not sent again", seen[0] == 1 and len(said) >= 2 and set(said) == {"sent"}, seen

    # It dies after its claim and before the call.
    world.queue("msg_before")

    def die_with_claim(then):
        world.on_claim = None
        sender.kill()
        return then

    world.on_claim = die_with_claim
    sender.tell("msg_before")
    sender.start()
    sender.tell("msg_before")
    said = settled(world, "msg_before", 1.0)
    seen = (world.calls("msg_before"), said)
    yield "a crash before the call sends nothing by guess", seen[0] == 0 and "sent" not in said, seen

    # It dies in the call, after the provider took the message.
    world.queue("msg_after")

    def die_with_call(_):
        world.on_call = None
        sender.kill()
        return None

    world.on_call = die_with_call
    sender.tell("msg_after")
    sender.start()
    sender.tell("msg_after")
    said = settled(world, "msg_after")
    seen = (world.calls("msg_after"), said)
    yield "a crash after the call does not send again, nor says that nothing left", seen[0] == 1 and not {"retry", "refused"} & set(said), seen

    for stands, answer, wanted in (("no answer", None, "unknown"), ("a refusal", (400, {}), "refused"), ("too busy", (429, {}), "retry")):
        message = f"msg_{wanted}"
        world.queue(message)
        world.on_call = lambda _, answer=answer: answer
        sender.tell(message)
        world.on_call = None
        seen = (world.calls(message), settled(world, message))
        yield f"{stands} of the provider is {wanted}", seen[0] == 1 and seen[1][:1] == [wanted], seen


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    world, failed = Dunlin(), 0
    with tempfile.TemporaryDirectory() as folder:
        sender = Sender(sys.argv[1:], serve(world), os.path.join(folder, "journal"))
        try:
            for rule, holds, seen in rules(world, sender):
                failed += not holds
                print(f"{'holds' if holds else 'FAILS'}  {rule}" + ("" if holds else f": {seen}"), flush=True)
        finally:
            sender.kill()
    print(f"{failed} rules do not hold" if failed else "every rule holds")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
