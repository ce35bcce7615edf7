"""A sender of one's own: it is told of messages by a webhook, claims each, has a provider send it, and says what became of it.

    python3 sender.py

It is set up by variables:

    DUNLIN_URL       where the API is, such as https://collect.example.com
    DUNLIN_KEY       a key with the scope write:messages (or a token)
    WEBHOOK_SECRET   the secret of the subscription to MessageQueued
    PROVIDER_URL     what takes messages: POST, JSON; replace `call_provider` by your provider's API
    JOURNAL          a file of this sender's own, in which it notes what it is about to do
    PORT             where it listens on this machine

Rules that make it safe, whatever crashes:

1. Nothing is sent that was not claimed. Only the status `held` is a claim; every other one means that there is nothing to send.
2. The attempt is noted in the journal before the provider is called. After a crash that is how it is known that the call may have happened: then
   the result is `unknown`, and a person or the provider's receipt settles it. It is never sent a second time by guess.
3. `retry` is said only where the provider certainly did nothing. No answer is `unknown`.
4. A result is said until Dunlin has heard it. 409 means that it is settled already.
"""

import base64
import hashlib
import hmac
import http.server
import json
import os
import pathlib
import time
import urllib.error
import urllib.request

API, KEY, PROVIDER = os.environ["DUNLIN_URL"], os.environ["DUNLIN_KEY"], os.environ["PROVIDER_URL"]
SECRET = base64.b64decode(os.environ["WEBHOOK_SECRET"].removeprefix("whsec_"))
JOURNAL = pathlib.Path(os.environ["JOURNAL"])


def verified(headers, body):
    """Whether Dunlin signed it, within five minutes. While a secret is rotated there are two signatures; one is enough."""
    event, second = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not second.isdigit() or abs(time.time() - int(second)) > 300:
        return False
    signed = f"{event}.{second}.".encode() + body
    expected = "v1," + base64.b64encode(hmac.digest(SECRET, signed, hashlib.sha256)).decode()
    return any(hmac.compare_digest(expected, one) for one in headers.get("webhook-signature", "").split(" "))


def call(url, body, headers=None):
    """The status of an answer and what it says; None where there was no answer."""
    data = json.dumps(body).encode()
    request = urllib.request.Request(url, data=data, headers={"content-type": "application/json", **(headers or {})})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, json.loads(answer.read() or b"{}")
    except urllib.error.HTTPError as error:
        return error.code, {}
    except OSError:
        return None, {}


def dunlin(path, body):
    """A call of Dunlin's API, made again for as long as there is no clear answer."""
    for wait in (0.2, 1, 5, 15, None):
        status, said = call(API + path, body, {"authorization": f"Bearer {KEY}"})
        if status is not None and status < 500 and status != 429:
            return status, said
        if wait is None:
            raise ConnectionError("Dunlin does not answer; the webhook comes again")
        time.sleep(wait)


def call_provider(message, content):
    """What became of the call: the parts of a result. The message's id goes along, so that the provider's receipts can name it."""
    asked = {"reference": message, "to": content["to"], "from": content["from"], "text": content["text"]}
    status, said = call(PROVIDER, {**asked, "subject": content.get("subject")})
    if status is None or status >= 500 and status != 503:
        return {"status": "unknown", "note": "the provider gave no clear answer"}
    if status in (429, 503):
        return {"status": "retry", "after_s": 60, "note": f"the provider answered {status}"}
    if status >= 400:
        return {"status": "refused", "note": f"the provider answered {status}"}
    return {"status": "sent", "provider_id": str(said.get("id", ""))}


def noted():
    """The attempts that may have called the provider and of which no result was heard: message, customer and attempt."""
    open_ones = {}
    for line in JOURNAL.read_text().splitlines() if JOURNAL.exists() else []:
        entry = json.loads(line)
        if entry["what"] == "calling":
            open_ones[entry["attempt"]] = entry
        else:
            open_ones.pop(entry["attempt"], None)
    return list(open_ones.values())


def note(what, message, customer, attempt):
    """Notes something so that a crash after it does not undo it."""
    with JOURNAL.open("a") as file:
        file.write(json.dumps({"what": what, "message": message, "customer": customer, "attempt": attempt}) + "\n")
        file.flush()
        os.fsync(file.fileno())


def say(message, customer, attempt, result):
    """Says what became of an attempt. 200 and 409 both mean that it is settled."""
    status, _ = dunlin(f"/v1/messages/{message}/result", {"customer": customer, "attempt": attempt, **result})
    if status in (200, 409):
        note("settled", message, customer, attempt)
    else:
        raise ConnectionError(f"Dunlin answered {status} to a result")


def deliver(message, customer):
    """Claims a message, has it sent and says so. Whatever else the claim answers, there is nothing to send."""
    status, claim = dunlin(f"/v1/messages/{message}/claim", {"customer": customer})
    if status != 200 or claim["status"] != "held":
        return
    content = claim["content"]
    note("calling", message, customer, content["attempt"])
    say(message, customer, content["attempt"], call_provider(message, content))


def recover():
    """After a start: what was being sent when this sender died may have left. Ask your provider here if it can be asked."""
    for entry in noted():
        say(entry["message"], entry["customer"], entry["attempt"], {"status": "unknown", "note": "the sender died in the call"})


class Hook(http.server.BaseHTTPRequestHandler):
    """Where Dunlin posts events."""

    def do_POST(self):
        """Answers with success only after the work is done: else the event comes again."""
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        if not verified(self.headers, body):
            return self.answered(401)
        event = json.loads(body)
        if event["type"] != "MessageQueued":
            return self.answered(204)
        try:
            deliver(event["data"]["message"], event["data"]["customer"])
        except ConnectionError:
            return self.answered(503)
        return self.answered(204)

    def answered(self, status):
        """An answer without a body."""
        self.send_response(status)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_):
        """Nothing: paths and addresses belong into no log."""


if __name__ == "__main__":
    recover()
    http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Hook).serve_forever()
