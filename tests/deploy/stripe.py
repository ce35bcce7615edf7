"""Stripe's events, as far as they lead where the canonical document does not."""

import hashlib
import hmac
import json
import time

from proof import same
from world import NUMBERS

SECRET = "whsec_of_the_stripe_endpoint"


def connect(world, tenant):
    """Stores the endpoint's secret, which Stripe makes."""
    world.outside.admin(tenant, "PUT", "/v1/connections/stripe", {"secret": SECRET})


def body_of(kind, fields, name=None):
    """An event, as it is posted."""
    said = {
        **{"id": name or f"evt_{next(NUMBERS)}", "object": "event", "api_version": "2024-10-28.acacia", "created": int(time.time())},
        **{"type": kind, "data": {"object": fields}},
    }
    return json.dumps(said).encode()


def event(world, tenant, kind, fields, wanted=None, name=None):
    """Posts a signed event; the answer."""
    body, at = body_of(kind, fields, name), int(time.time())
    signed = hmac.new(SECRET.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    reply = world.outside.ask("POST", f"/webhooks/{tenant}/stripe", body, {"stripe-signature": f"t={at},v1={signed}"})
    if wanted:
        same(reply.status, wanted, f"{kind}: {reply!r}")
    return reply


def paid_invoice(number):
    """An invoice of Stripe, paid by a payment intent."""
    now = int(time.time())
    return {
        **{"id": f"in_{number}", "object": "invoice", "number": f"S-{number}", "customer": f"cus_{number}", "status": "paid"},
        **{"customer_name": "Birch", "customer_email": "s@buyer.example", "customer_address": {"country": "DE"}, "currency": "usd"},
        **{"total": 125_000, "amount_due": 125_000, "amount_paid": 125_000, "amount_remaining": 0, "created": now - 86_400},
        **{"due_date": now - 3_600, "collection_method": "send_invoice", "payment_intent": f"pi_{number}", "paid_out_of_band": False},
    }


def dispute(number):
    """A chargeback of that payment."""
    return {
        **{"id": f"dp_{number}", "object": "dispute", "status": "needs_response", "currency": "usd", "amount": 125_000},
        **{"payment_intent": f"pi_{number}", "charge": f"ch_{number}"},
    }
