"""The rows of a table with one tenant and one customer, who owes one invoice that a reminder is due for.

Nothing here depends on the day: the tenant's hours are the whole day, in a country without holidays, and the invoice is ten days late
whenever it is looked at.
"""

import base64
import datetime
import hashlib
import json
import pathlib

# What the store calls its attributes, by kind of item and by the name that its code has for them.
KINDS = json.loads((pathlib.Path(__file__).parents[2] / "shared/store/attributes.json").read_text())
STORED = {kind["kind"]: {one["name"].lower(): one["stored"] for one in kind["attributes"]} for kind in KINDS}
NOW = datetime.datetime.now(datetime.timezone.utc)
MILLIS = int(NOW.timestamp() * 1000)
TENANT = "T#cold"
CUSTOMER = f"{TENANT}#C#cus_1"
# What the tenant's webhooks are signed with.
SECRET = bytes(range(32))
# The code of a portal link.
CODE = "k" * 22
# Secrets as store::Vault seals them: AES-256-GCM under 32 zero bytes, with a nonce of 12 zero bytes. The first is "whsec_" and SECRET in
# base 64, the second tokens of QuickBooks ("a", "r") that expire in 2100.
SEALED_SECRET = "AAAAAAAAAAAAAAAAuc8zWC4/Ki9CDYSk67XffxEpQJtY6m414e2x9jRUcOaQH/d6FBKmOSqJHlwwaH6ff3wb2tOFvvpgoHMr3pw2wDSt"
SEALED_TOKENS = (
    "AAAAAAAAAAAAAAAAtYUhXi4FGB1YOqq4352/IlJCYugbhggGtMSH6wZuavqyIdRGb3DBWTPKdQRlaU6HLjOukt7aCxJbXD/RmjwKMuD1okMQ/B0HWqWc2nGhPYLBImmW/z"
    "Njsj0THEbMFukKYA=="
)

SETTINGS = {
    **{"name": "Cold & Sons", "country": "AQ", "time_zone": "Etc/UTC", "mode": "live", "shards": 1},
    **{"sender": {"email": "ar@cold.example", "sms": "+15005550100"}, "sms": {"countries": ["US"]}},
    "window": {"from": "00:00:00", "to": "23:59:59", "days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]},
}
SEND = {"channels": ["email", "sms"], "template": "reminder", "to": ["billing"]}
STEP = {"id": "reminder", "at": {"anchor": "due_date", "offset": "P5D"}, "action": {"send": SEND}}
WORKFLOW = {"id": "standard", "version": 1, "name": "Standard", "scope": "customer", "min_gap": "P3D", "steps": [STEP]}
CONTACT = {
    **{"external_id": "p1", "name": "Robin Birch", "roles": ["billing"], "email": "p1@buyer.example", "phone": "+15005550111"},
    **{"consents": [{"channel": "sms"}]},
}
PROFILE = {
    **{"id": "cus_1", "source": "canonical", "external_id": "C-1", "source_version": 1, "name": "Birch Ltd", "kind": "company"},
    **{"language": "en", "country": "AQ", "time_zone": "Etc/UTC", "contacts": [CONTACT]},
}


def second(days=0):
    """The instant so many days from now, in whole seconds."""
    return (NOW + datetime.timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")


INVOICE = {
    **{"id": "inv_1", "external_id": "I-1", "source_version": 1, "number": "I-1", "currency": "USD", "total_minor": 125000},
    **{"issued_on": second(-40)[:10], "due_on": second(-10)[:10], "status": "open"},
}


def attribute(value):
    """A value as DynamoDB writes it; a dictionary in a list of one becomes a text of JSON."""
    match value:
        case str():
            return {"S": value}
        case bytes():
            return {"B": base64.b64encode(value).decode()}
        case int():
            return {"N": str(value)}
        case [document]:
            return {"S": json.dumps(document)}
        case dict():
            return {"M": {name: attribute(each) for name, each in value.items()}}


def stored(kind, **attributes):
    """Attributes of a kind of item, or of every kind, under their names in the table."""
    names = {**STORED["every"], **STORED["document"], **STORED[kind]}
    return {names[name]: value for name, value in attributes.items()}


def row(kind, key, **attributes):
    """A row of the table."""
    return attribute(stored(kind, pk=key[0], sk=key[1], **attributes))["M"]


def template(channel):
    """The text of the reminder."""
    subject = {"subject": "Reminder: invoice {{ invoices[0].number }}"} if channel == "email" else {}
    body = "Hello {{ contact.name }}, **{{ invoices[0].due_now | money }}** is open: {{ links.portal }}\n\n{{ tenant.name }}"
    return {"id": "reminder", "channel": channel, "language": "en", "version": 1, **subject, "body": body}


def head(**more):
    """The customer's head, decided once."""
    case = {"USD": [["case_1", "standard", 1, MILLIS - 86_400_000, "open"]]}
    return row("head", (CUSTOMER, "HEAD"), version=1, shard=0, decision=1, tip="", cases=[case], open_invoices=1, **more)


def due():
    """The head of the customer who is due, with nothing on its way."""
    return head(due_pk="cold:00", due_sk=f"{second()}#cus_1", pending={})


def queued(channel):
    """The head while a message waits for its sender, decided a moment ago."""
    message = stored(
        "pending",
        **{"number": 1, "position": 0, "status": "queued", "decided_at": MILLIS, "mode": "live", "balance": "USD", "workflow": "standard"},
        **{"channel": channel, "contact": "p1", "template": "reminder", "template_version": 1},
        **{"rows": [[["reminder", "", [["inv_1", 125000]]]]], "dispatches": 1, "dispatched_at": MILLIS},
    )
    return head(pending={"msg_1": message})


def sent():
    """The record of the message after it was sent."""
    about = {
        **{"id": "msg_1", "position": 0, "mode": "live", "channel": "email", "contact": "p1", "template": "reminder"},
        **{"template_version": 1, "decided_at": second()},
    }
    body = {"previous": "", "number": 1, "at": second(), "status": "sent", "message": about, "head_version": 1}
    key = (CUSTOMER, "COV#0000000001#000")
    return row("record", key, body=[body], status="sent", outcome="sent", provider_id="mail-1")


def digest(*parts):
    """What domain::id::digest makes of parts."""
    told = hashlib.sha256(b"".join(len(part).to_bytes(8, "big") + part.encode() for part in parts)).digest()
    bits = int.from_bytes(told[:13], "big") >> 4
    return "".join("0123456789abcdefghjkmnpqrstvwxyz"[bits >> 5 * place & 31] for place in reversed(range(20)))


def linked():
    """The portal link whose code is CODE, for the contact's email address."""
    link, address = f"lnk_{digest('portal link', CODE)}", digest(f"email:{CONTACT['email']}")
    told = {"id": link, "generation": 1, "channel": "email", "contact": "p1", "shown": "p…@buyer.example"}
    until = MILLIS + 86_400_000
    return [
        row("link", (f"LINK#{link}", "LINK"), tenant="cold", customer="cus_1", address=address),
        row("link", (CUSTOMER, f"LINK#{address}"), chase=f"A#LINK#{address}", **told, made_at=MILLIS, expires_at=until),
    ]


def books(vendor):
    """A connection to QuickBooks, found at `vendor`, that was read whole yesterday and is due for a poll."""
    progress = {
        **{"realm": "1", "base": vendor, "company": {"name": "Cold & Sons", "country": "AQ", "currency": "USD"}},
        **{"backfill": {"began_at": second(-2), "finished_at": second(-1)}, "changed_until": second(-1)},
        **{"poll_at": second(), "compare_at": second(1)},
    }
    at = f"{second()}#cold#quickbooks"
    return [
        row("connection", (TENANT, "CONN#quickbooks"), secret=base64.b64decode(SEALED_TOKENS), config=[{}], revision=1),
        row("books", (TENANT, "BOOKS#quickbooks"), doc=[progress], realm="1", due_pk="BOOKS", due_sk=at),
    ]


def lane():
    """What is delivered of one customer to a subscription, due now."""
    return row("lane", (f"{TENANT}#DLV#sub_1#cus_1", "LANE"), next=1, touched=1, due_pk="DELIVER", due_sk=f"{second()}#sub_1#cus_1")


def api_key():
    """A key of a machine that reads, and the row that is kept of it. It was just used, so that no use is noted."""
    secret, name = "ab" * 32, "0" * 24
    hashed = hashlib.sha256(secret.encode()).hexdigest()
    what = {"called": "Cold", "role": "viewer", "scopes": [["read"]], "hash": hashed, "revision": 1}
    kept = row("api_key", (f"{TENANT}#KEYS", f"APIKEY#key_{name}"), made_at=MILLIS, made_by="robin", used_at=MILLIS, **what)
    return f"dun_cold_{name}_{secret}", kept


def table(*more):
    """The tenant, its customer, and what else there is."""
    first = "n00000000000000000001"
    texts = {channel: f"TPL#reminder#{channel}#en" for channel in ("email", "sms")}
    return [
        row("registry", ("TENANTS", "cold"), mode="live", paused=0, shards=1, revision=1),
        row("settings", (TENANT, "SETTINGS"), doc=[SETTINGS], revision=1, policy_revision=1),
        row("data_key", (TENANT, "KEY"), wrapped=b"wrapped"),
        row("data_key", (TENANT, "KEY#LINKS"), wrapped=b"wrapped"),
        row("connection", (TENANT, "CONN#canonical"), secret=base64.b64decode(SEALED_SECRET), config=[{}], revision=1),
        row("pointer", (TENANT, "WF#standard"), version=1, published=1),
        row("document", (TENANT, "WFV#standard#000001"), doc=[WORKFLOW]),
        *(row("document", (TENANT, key), doc=[template(channel)]) for channel, key in texts.items()),
        row("profile", (CUSTOMER, "PROFILE"), chase="A#PROFILE", doc=[PROFILE]),
        row("fact", (CUSTOMER, "INV#inv_1"), chase="I#inv_1", version=first, doc=[INVOICE]),
        *more,
    ]
