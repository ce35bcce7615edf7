"""Everybody outside the stack: a seller's system that signs webhooks, an admin with a token, a customer, SES's events."""

import base64
import datetime
import hashlib
import hmac
import json
import time
import urllib.parse

import web

class Outside:
    """Speaks to the deployed API, over HTTP and by its own host name."""

    def __init__(self, stack, issuer):
        self.stack, self.issuer, self.port = stack, issuer, stack.emulator.port
        self.secrets = {}

    @property
    def host(self):
        """The API's own name."""
        return urllib.parse.urlsplit(self.stack.outputs["ApiUrl"]).netloc

    def ask(self, method, path, body=None, headers=None):
        """Any request to the API."""
        return web.call(self.port, method, path, body, headers, host=self.host)

    def form(self, path, **fields):
        """A form of a customer's page, as a browser posts it; the answer leads to a page that says what became of it."""
        kind = {"content-type": "application/x-www-form-urlencoded"}
        reply = self.ask("POST", path, urllib.parse.urlencode(fields).encode(), kind)
        if reply.status != 303:
            raise AssertionError(f"POST {path} answered {reply!r}")
        return reply

    def admin(self, tenant, method, path, body=None, role="admin", wanted=(200, 201, 204)):
        """A request to the admin API with a token; its answer must be one of `wanted`."""
        token = self.issuer.token(tenant, role)
        reply = self.ask(method, path, body, {"authorization": f"Bearer {token}"})
        if reply.status not in wanted:
            raise AssertionError(f"{method} {path} answered {reply!r}")
        return reply.json() if reply.body else None

    def operator(self, method, path, body=None):
        """A request of somebody who operates the deployment."""
        return self.admin(None, method, path, body, role="operator")

    def webhook(self, tenant, document, event=None, secret=None, tamper=False):
        """Signs a document as Standard Webhooks says and posts it."""
        body = json.dumps(document).encode()
        event, at = event or f"evt-{time.time_ns()}", str(int(time.time()))
        key = base64.b64decode((secret or self.secrets[tenant]).removeprefix("whsec_"))
        signed = hmac.new(key, f"{event}.{at}.".encode() + body, hashlib.sha256).digest()
        headers = {
            "content-type": "application/json",
            "webhook-id": event,
            "webhook-timestamp": at,
            "webhook-signature": f"v1,{base64.b64encode(signed).decode()}",
        }
        return self.ask("POST", f"/webhooks/{tenant}/canonical", body + b" " if tamper else body, headers)

    def post(self, tenant, document, wanted=202):
        """A webhook that must be taken."""
        reply = self.webhook(tenant, document)
        if reply.status != wanted:
            raise AssertionError(f"POST /webhooks/{tenant}/canonical was answered {reply!r}")
        return reply

    def customer(self, tenant, external_id):
        """What the admin API shows of a customer."""
        return self.admin(tenant, "GET", f"/v1/customers/canonical/{external_id}", role="viewer")

    def tenant(self, tenant, mode="live", **settings):
        """A tenant from nothing, through the admin API alone."""
        given = {
            "name": tenant.title(),
            # No table has holidays of Antarctica, and the window is all day: the test may run at any moment.
            "country": "AQ",
            "time_zone": here(),
            "mode": mode,
            "window": {"from": "00:00", "to": "23:59", "days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]},
            "sender": {"email": f"ar@{tenant}.example", "sms": "+15005550100"},
            "sms": {"countries": ["US"]},
            "freshness": {"canonical": "P1D"},
            # All that a test day brings becomes due at once.
            "breaker": {"factor": 3, "minimum": 10_000},
            **settings,
        }
        listed = {channel: [sender] for channel, sender in given["sender"].items()}
        self.operator("PUT", f"/v1/tenants/{tenant}/senders", {"senders": listed})
        self.admin(tenant, "PUT", "/v1/settings", given)
        answer = self.admin(tenant, "PUT", "/v1/connections/canonical", {})
        self.secrets[tenant] = answer["secret"]
        self.post(tenant, {"type": "source.heartbeat"})
        return answer

def here():
    """A zone in which it is about noon, so that no day ends while the test runs."""
    hours = 12 - datetime.datetime.now(datetime.timezone.utc).hour
    # Its sign is the other way round in these names.
    return "Etc/GMT" if hours == 0 else f"Etc/GMT{-hours:+d}"


def today(days=0):
    """The date there, so many days later."""
    hours = 12 - datetime.datetime.now(datetime.timezone.utc).hour
    now = datetime.datetime.now(datetime.timezone(datetime.timedelta(hours=hours)))
    return (now.date() + datetime.timedelta(days=days)).isoformat()


def instant():
    """Now, as AWS writes it."""
    return datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def buyer(external_id, phone=None, email=True):
    """A company that owes, with one person to write to."""
    contact = {"external_id": "p1", "name": "Robin Birch", "roles": ["billing"]}
    if email:
        contact["email"] = f"{external_id.lower()}@buyer.example"
    if phone:
        contact |= {"phone": phone, "consents": ["sms"]}
    return {
        **{"external_id": external_id, "source_version": 1, "name": f"Birch {external_id}", "kind": "company"},
        **{"language": "en", "country": "AQ", "time_zone": here(), "contacts": [contact]},
    }


def invoice(customer, number, version=1, due=-10, **changes):
    """An open invoice that has been due for ten days."""
    return {
        "type": "invoice.upserted",
        "customer": customer,
        "invoice": {
            **{"external_id": number, "source_version": version, "number": number, "currency": "USD", "total_minor": 125000},
            **{"issued_on": today(due - 30), "due_on": today(due), "status": "open", "paid_minor": 0, "credited_minor": 0},
            **changes,
        },
    }
