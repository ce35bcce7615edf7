"""Capacity units of the core loop, as the local stack's table counts them: per ingested invoice, per idle sweep, per step.

    cargo run -- --empty --now 2026-02-02T05:00:00Z --port 8787
    python3 infra/checks/units.py http://127.0.0.1:8787

    python3 infra/checks/units.py http://127.0.0.1:8787 100 spread

Each needs a stack that was just started so. Units do not depend on how the stack was compiled.
"""

import base64
import datetime
import hashlib
import hmac
import json
import sys
import urllib.error
import urllib.request

BASE = sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8787"
DUE = int(sys.argv[2]) if len(sys.argv) > 2 else 100
SETTINGS = {
    "name": "Bench",
    "country": "DE",
    "time_zone": "Europe/Berlin",
    "breaker": {"factor": 1000, "minimum": 1000000},
}
UNITS = [(kind, name) for kind in ("write_units", "read_units") for name in ("table", "due", "chase")]


def call(method, path, body=None, headers=None):
    data = body if isinstance(body, (bytes, type(None))) else json.dumps(body).encode()
    url = BASE + path if path.startswith("/") else path
    request = urllib.request.Request(url, data=data, method=method, headers={"content-type": "application/json", **(headers or {})})
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def clock(**to):
    status, text = call("POST", "/_local/clock", to)
    assert status == 200, text
    moved = json.loads(text)
    assert moved["errors"] == 0, text
    return moved["now"]


def tenant(name):
    status, text = call("POST", "/_local/tenants", {"tenant": name, "settings": SETTINGS})
    assert status == 200, text
    return json.loads(text)["webhooks"]["canonical"]


def send(hook, document, event):
    body = json.dumps(document).encode()
    second = str(int(datetime.datetime.fromisoformat(clock(advance="PT0S").replace("Z", "+00:00")).timestamp()))
    secret = base64.b64decode(hook["secret"].removeprefix("whsec_"))
    signature = base64.b64encode(hmac.new(secret, f"{event}.{second}.".encode() + body, hashlib.sha256).digest()).decode()
    headers = {"webhook-id": event, "webhook-timestamp": second, "webhook-signature": "v1," + signature}
    return call("POST", hook["url"], body, headers)[0]


def invoice(customer, number, version, due_on):
    contact = {"external_id": "p1", "name": "Anna Weber", "roles": ["billing"], "email": f"ap@{customer}.example"}
    return {
        "type": "invoice.upserted",
        "customer": {
            "external_id": customer, "source_version": 1, "name": "Beispiel GmbH", "kind": "company", "language": "de",
            "country": "DE", "region": "BE", "time_zone": "Europe/Berlin", "contacts": [contact],
        },
        "invoice": {
            "external_id": number, "source_version": version, "number": number, "currency": "EUR", "total_minor": 125000,
            "issued_on": "2026-01-05", "due_on": due_on, "status": "open",
        },
    }  # fmt: skip


def metrics():
    return json.loads(call("GET", "/_local/metrics")[1])


def sent():
    return len(json.loads(call("GET", "/_local/outbox?tenant=bench")[1]))


def show(what, before, per=1):
    after = metrics()
    spent = [(after[kind].get(name, 0) - before[kind].get(name, 0)) / per for kind, name in UNITS]
    print(f"| {what} | " + " | ".join(f"{units:.2f}" for units in spent) + " |", flush=True)


def main():
    hook = tenant("bench")
    clock(advance="PT2M")
    send(hook, invoice("warm", "warm", 1, "2026-12-01"), "warm")
    print("| | W table | W `due` | W `chase` | R table | R `due` | R `chase` |\n|---|---|---|---|---|---|---|")
    for what, event, wanted, document in [
        ("invoice, first of its customer", "e1", 202, invoice("C1", "I1", 1, "2026-12-01")),
        ("invoice, first time, known customer", "e2", 202, invoice("C1", "I2", 1, "2026-12-01")),
        ("invoice, newer version", "e3", 202, invoice("C1", "I1", 2, "2026-12-01")),
        ("invoice, version already known, new event", "e4", 200, invoice("C1", "I1", 2, "2026-12-01")),
        ("same event again", "e3", 200, invoice("C1", "I1", 2, "2026-12-01")),
    ]:
        before = metrics()
        status = send(hook, document, event)
        assert status == wanted, (what, status)
        show(what, before)
    for tenants, more in enumerate(("second", "third", None), 1):
        clock(advance="PT5M")
        # Anything that is written makes the idle schedule tick once more.
        send(hook, {"type": "source.heartbeat"}, f"heartbeat {tenants}")
        before = metrics()
        clock(advance="PT1M")
        show(f"idle sweep, tenants: {tenants}", before)
        if more:
            tenant(more)
    for number in range(DUE):
        assert send(hook, invoice(f"D{number}", f"D{number}", 1, "2026-02-09"), f"d{number}") == 202
    before = metrics()
    clock(to="2026-02-02T06:00:00Z")
    show("first decision, which opens the case", before, DUE)
    # Wednesday's messages all in one sweep, then nothing more.
    call("POST", "/_local/faults", {"target": "sweep", "mode": "skip", "times": 100000})
    clock(to="2026-02-04T15:40:00Z")
    call("POST", "/_local/faults", {"target": "sweep", "mode": "skip", "times": 0})
    already, before = sent(), metrics()
    clock(to="2026-02-04T15:45:00Z")
    assert sent() - already == DUE, "as many leave as are due"
    show("step with all that follows, all due in one sweep", before, DUE)


def spread():
    """The same step with every customer at its own moment of the day, idle sweeps in between included."""
    hook = tenant("bench")
    clock(advance="PT2M")
    for number in range(DUE):
        assert send(hook, invoice(f"S{number}", f"S{number}", 1, "2026-02-09"), f"s{number}") == 202
    clock(to="2026-02-03T20:00:00Z")
    already, before = sent(), metrics()
    clock(to="2026-02-04T20:00:00Z")
    assert sent() - already == DUE, "as many leave as are due"
    swept = metrics()["invocations"]["sweep"] - before["invocations"]["sweep"]
    show(f"step with all that follows, spread over a day's hours, {swept} sweeps", before, DUE)


if __name__ == "__main__":
    spread() if sys.argv[3:] == ["spread"] else main()
