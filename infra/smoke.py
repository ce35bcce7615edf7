#!/usr/bin/env python3
"""Asks a deployed stack, as its users do, whether it works: from a signed webhook to a decision that is explained.

    DUNLIN_TOKEN=<token> python3 infra/smoke.py https://collect.example.com

Python 3.10 or later and nothing else. The token is an admin's of a tenant that is there for nothing but this, such as `smoke`: the test
makes that tenant on its first run, keeps it in mode `shadow`, in which nothing is ever sent, and refuses a tenant that somebody uses. It
leaves the tenant switched off. Ends with 0 when all holds and with 1 at the first thing that does not, which it names.
"""

import argparse
import base64
import datetime
import hashlib
import hmac
import http.client
import json
import os
import secrets
import sys
import time
import urllib.parse

# By this name the test knows a tenant as its own.
NAME = "Smoke test"
TIMEOUT_S = 35


class Failed(Exception):
    """Something does not hold."""


class Api:
    """The deployed API. `host` is its own name, where it is reached by another address."""

    def __init__(self, url, token, host=None):
        self.url, self.token, self.host = urllib.parse.urlsplit(url), token, host

    def ask(self, method, path, body=None, headers=None, token=None):
        """One request; status and body."""
        known = {"host": self.host or self.url.netloc, "content-type": "application/json", **(headers or {})}
        if token:
            known["authorization"] = f"Bearer {token}"
        kind = http.client.HTTPSConnection if self.url.scheme == "https" else http.client.HTTPConnection
        connection = kind(self.url.hostname, self.url.port, timeout=TIMEOUT_S)
        try:
            connection.request(method, self.url.path.rstrip("/") + path, body, known)
            answer = connection.getresponse()
            return answer.status, answer.read()
        except OSError as error:
            raise Failed(f"{method} {path}: {error}") from error
        finally:
            connection.close()

    def admin(self, method, path, body=None, wanted=(200,)):
        """A call of the admin API; what it answers, read."""
        status, said = self.ask(method, path, None if body is None else json.dumps(body), token=self.token)
        if status not in wanted:
            raise Failed(f"{method} {path} was answered {status}: {said[:300].decode(errors='replace')}")
        return status, json.loads(said) if said else None


def tenant_of(token):
    """The tenant that a token is for; the admin API judges the token, this only reads it."""
    try:
        middle = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(middle + "=" * (-len(middle) % 4)))
    except (IndexError, ValueError) as error:
        raise Failed("DUNLIN_TOKEN is no JSON Web Token") from error
    tenant, role = (claims.get(name, claims.get(f"custom:{name}")) for name in ("tenant", "role"))
    if not tenant or role != "admin":
        raise Failed(
            f"the token's claims are tenant {tenant!r} and role {role!r}; an admin's of a tenant of its own is meant. "
            "Of Cognito take the id token: an access token has no such claims"
        )
    return tenant


def settings(mode, sender):
    """Of a tenant that may be decided for at any hour of any day, anywhere."""
    days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
    # No table has holidays of Antarctica.
    known = {"name": NAME, "country": "AQ", "time_zone": "Etc/UTC", "mode": mode, "window": {"from": "00:00", "to": "23:59", "days": days}}
    return {**known, "sender": {"email": sender}} if sender else known


def signed(secret, document, name):
    """Headers of Standard Webhooks, and the body that they are for."""
    body, at = json.dumps(document).encode(), str(int(time.time()))
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signature = hmac.new(key, f"{name}.{at}.".encode() + body, hashlib.sha256).digest()
    return body, {"webhook-id": name, "webhook-timestamp": at, "webhook-signature": f"v1,{base64.b64encode(signature).decode()}"}


def owes(customer, version, paid_minor):
    """An invoice that has been due for ten days."""
    today = datetime.datetime.now(datetime.timezone.utc).date()
    issued_on, due_on = ((today - datetime.timedelta(days=ago)).isoformat() for ago in (40, 10))
    contact = {"external_id": "p1", "name": "Smoke Test", "roles": ["billing"], "email": f"{customer.lower()}@smoke.example"}
    return {
        "type": "invoice.upserted",
        "customer": {
            **{"external_id": customer, "source_version": 1, "name": f"Smoke {customer}", "country": "AQ", "time_zone": "Etc/UTC"},
            "contacts": [contact],
        },
        "invoice": {
            **{"external_id": customer, "source_version": version, "number": customer, "currency": "EUR", "total_minor": 100},
            **{"issued_on": issued_on, "due_on": due_on, "status": "open", "paid_minor": paid_minor, "credited_minor": 0},
        },
    }


def begin(api, sender):
    """The tenant is the test's own, or nobody's yet, and takes webhooks; their secret."""
    status, known = api.admin("GET", "/v1/settings", wanted=(200, 404))
    if status == 200 and known["settings"]["name"] != NAME:
        raise Failed(f"the tenant is {known['settings']['name']!r}, which somebody uses; take a token of a tenant for this test alone")
    if status == 200 and known["settings"].get("mode") == "live":
        raise Failed("the test's tenant is live; somebody changed it")
    api.admin("PUT", "/v1/settings", settings("shadow", sender))
    return api.admin("PUT", "/v1/connections/canonical", {})[1]["secret"]


def post(api, tenant, secret, document, wanted, what):
    """A signed webhook, and how it must be answered."""
    body, headers = signed(secret, document, f"smoke-{time.time_ns()}")
    status, said = api.ask("POST", f"/webhooks/{tenant}/canonical", body, headers)
    if status != wanted:
        raise Failed(f"{what} was answered {status}, and {wanted} is meant: {said[:300].decode(errors='replace')}")


def decided(api, customer, seconds, written):
    """Waits until the sweep, which comes each minute, has decided a message, or until it is `written`; its mode, and why."""
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        status, shown = api.admin("GET", f"/v1/customers/canonical/{customer}", wanted=(200, 404))
        if status == 200 and shown["records"]:
            record = shown["records"][0]
            return record["body"]["message"]["mode"], record["explained"][0]["why"]
        if status == 200 and shown["pending"] and not written:
            return shown["pending"][0]["mode"], shown["now"][0]["why"]
        time.sleep(2)
    look = "SendEmailErrorsAlarm, the tenant's exceptions and the log of SendEmailFunction" if written else "SweepErrorsAlarm and SweepSilentAlarm"
    raise Failed(f"no message was {'written' if written else 'decided'} within {seconds} s: look at {look}")


def run(api, seconds, sender=None, say=print):
    """All of it."""
    tenant, customer = tenant_of(api.token), f"SMOKE-{time.time_ns()}"
    status, _ = api.ask("GET", "/v1/settings")
    if status != 401:
        raise Failed(f"the admin API answered {status} to a request without a token, and 401 is meant")
    say("the admin API refuses a request without a token")
    secret = begin(api, sender)
    say(f"the admin API takes the token, and tenant {tenant} is there in shadow")
    try:
        post(api, tenant, "whsec_" + "A" * 44, {"type": "source.heartbeat"}, 401, "a webhook with another secret")
        say("a webhook with another secret is refused")
        post(api, tenant, secret, owes(customer, 1, 0), 202, "a signed webhook")
        say("a signed webhook is taken")
        mode, why = decided(api, customer, seconds, written=bool(sender))
        if mode != "shadow":
            raise Failed(f"what was decided is in mode {mode!r}, and shadow is meant")
        say(f"a message is {'written' if sender else 'decided'}, in shadow: {why}")
        status, _ = api.ask("GET", f"/p/{secrets.token_hex(11)}")
        if status != 404:
            raise Failed(f"the portal answered {status} to a link that nobody was given, and 404 is meant")
        say("the portal refuses a link that nobody was given")
        post(api, tenant, secret, owes(customer, 2, 100), 202, "the payment")
    finally:
        api.admin("PUT", "/v1/settings", settings("off", sender))
    say("all holds; the tenant is switched off")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("url", help="the output ApiUrl of the stack, or your domain")
    parser.add_argument("--sender", help="an address that an operator listed for the tenant (PUT /v1/tenants/{tenant}/senders): then the message is written too, and still not sent")
    parser.add_argument("--seconds", type=int, default=180, help="how long a decision may take (180)")
    given = parser.parse_args()
    try:
        run(Api(given.url, os.environ.get("DUNLIN_TOKEN", "")), given.seconds, given.sender, lambda line: print(f"ok: {line}", flush=True))
    except Failed as failed:
        print(f"FAILED: {failed}", file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
