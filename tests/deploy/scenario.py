"""The system as its users meet it: over HTTP, by its schedule, and by what reaches mailboxes and phones."""

import json
import re
import time

import amends
import books
import ses
import stripe
from issuer import new_key
from outside import buyer, instant, invoice, today
from proof import same, until
from world import link, stop_link, tags

# Longer than a minute, by which the schedule fires.
SCHEDULED_WITHIN = 75
# What is on its way arrives within so many seconds.
AT_ONCE = 10


def locks(world, proof):
    """Who may not, and who may, use the admin API."""
    outside, issuer = world.outside, world.issuer
    now = int(time.time())
    with proof.check("admin.jwt-refused", "the admin API refuses no token, and tokens that are forged, stale or for somebody else"):
        refused = {
            "no token": None,
            "another key": issuer.token("acme", "admin", key=new_key()),
            "another issuer": issuer.token("acme", "admin", iss="https://elsewhere.example"),
            "another audience": issuer.token("acme", "admin", aud="elsewhere"),
            "an expired token": issuer.token("acme", "admin", exp=now - 120),
            "a token of tomorrow": issuer.token("acme", "admin", nbf=now + 86_400),
        }
        for what, token in refused.items():
            headers = {"authorization": f"Bearer {token}"} if token else {}
            reply = outside.ask("GET", "/v1/settings", headers=headers)
            same((reply.status, reply.json()["type"].rsplit("/", 1)[-1]), (401, "unauthorized"), what)
    with proof.check("admin.jwt-accepted", "it accepts the issuer's token, and its role decides what it may do"):
        same(outside.admin("acme", "GET", "/v1/sources", role="viewer")["sources"][0]["source"], "canonical", "the first source")
        outside.admin("acme", "PUT", "/v1/settings", {"name": "Acme"}, role="viewer", wanted=(403,))
    with proof.check("admin.routes", "a vendor's sign-in comes back without a token, and anything else finds no route"):
        same(outside.ask("GET", "/oauth/quickbooks/callback?state=made-up&code=x").status, 400, "a state that nobody was given")
        same(outside.ask("GET", "/elsewhere").status, 404, "a path that no route has")
        same([outside.ask("GET", path).status for path in ("/openapi.json", "/docs", "/.well-known/oauth-protected-resource/mcp")], [200, 200, 200], "the document, for everybody")
    with proof.check("admin.keys", "a key of a machine opens what its scope allows, and nothing once it is revoked"):
        made = outside.admin("acme", "POST", "/v1/keys", {"name": "ERP", "role": "viewer", "scopes": ["read"]})
        headers = {"authorization": f"Bearer {made['token']}"}
        same(outside.ask("GET", "/v1/sources", headers=headers).status, 200, "a reading")
        same(outside.ask("PUT", "/v1/settings", {"name": "Acme"}, headers).status, 403, "a change")
        outside.admin("acme", "DELETE", f"/v1/keys/{made['key']['id']}")
        same(outside.ask("GET", "/v1/sources", headers=headers).status, 401, "once it is revoked")


def tenant(world, proof):
    """A tenant from nothing, in shadow first."""
    with proof.check("tenant.from-nothing", "made by the API alone, a tenant takes invoices and, in shadow, sends nothing"):
        world.tenant("acme", mode="shadow")
        customer = world.owes("acme")
        world.stack.tick("SweepFunction")
        record = until(lambda: world.outside.customer("acme", customer)["records"], "a decision in shadow")[0]
        same(record["body"]["message"]["mode"], "shadow", "the ledger of the message")
        same(world.mails_to(customer), [], "mails in shadow")
        world.outside.tenant("acme", mode="live")


def webhooks(world, proof):
    """What ingest takes and refuses."""
    outside, document = world.outside, invoice(buyer("C-W"), "INV-W", paid_minor=125_000)
    with proof.check("ingest.refuses", "webhooks with a wrong secret, a changed body, or of a tenant that is not there are refused"):
        same(outside.webhook("acme", document, secret="whsec_" + "A" * 44).status, 401, "another secret")
        same(outside.webhook("acme", document, tamper=True).status, 401, "a changed body")
        same(outside.webhook("nobody", document, secret=outside.secrets["acme"]).status, 404, "no tenant")
    with proof.check("ingest.once", "a signed webhook is taken, and its repetition changes nothing"):
        same(outside.webhook("acme", document, event="evt-once").status, 202, "the first time")
        same(outside.webhook("acme", document, event="evt-once").status, 200, "the second time")


    with proof.check("bucket.only-over-tls", "the bucket refuses a request without TLS; the webhook behind it is taken later"):
        stripe.connect(world, "acme")
        same(stripe.event(world, "acme", "invoice.paid", {"object": "invoice"}, name="evt_parked").status, 503, "a body to be kept")
        assert any("explicit deny in a resource-based policy" in line for line in world.stack.log("IngestFunction")), "no deny in the log"
        amends.open_bucket(world.stack)
        same(stripe.event(world, "acme", "invoice.paid", {"object": "invoice"}, name="evt_parked").status, 202, "the same again")
        assert any("evt_parked" in one["detail"] for one in world.exceptions("acme")), "there is no exception"


def messages(world, proof, by_schedule=True):
    """From webhook to mailbox and phone, with nobody's hand in between: the schedule fires. Else somebody ticks, who has no minute."""
    phone = "+15005550111"
    by_mail, by_phone = world.owes("acme"), world.owes("acme", phone=phone, email=False)
    with proof.check("schedule.fires", "the schedule fires by itself; a message is decided, put on the bus, queued, claimed, sent"):
        if not by_schedule:
            world.stack.tick("SweepFunction")
        (mail,) = until(lambda: world.mails_to(by_mail), "the mail", SCHEDULED_WITHIN if by_schedule else AT_ONCE)
    with proof.check("email.sent", "the mail has the tenant's sender, the amount and the way to the customer's own page"):
        same(mail["Source"], '"Acme" <ar@acme.example>', "the sender")
        assert "1,250.00" in mail["BodyText"], mail["BodyText"]
        assert re.fullmatch("/p/[0-9A-Za-z]{22}", link(mail)), link(mail)
    with proof.check("sms.sent", "the text message reaches the phone"):
        (text,) = until(lambda: world.texts_to(phone), "the text message", SCHEDULED_WITHIN if by_schedule else AT_ONCE)
        assert "1,250.00" in text["Message"], text
    with proof.check("record.explains", "the API says why, and that it was sent"):
        record = until(lambda: world.sent("acme", by_mail), "the record")
        assert "sent: email" in record["explained"][0]["why"], record["explained"]
        until(lambda: world.sent("acme", by_phone), "the record of the text message")
    return by_mail, mail


def hearing(world, proof, customer, mail):
    """A mail comes back."""
    with proof.check("feedback.bounce", "a bounce event of SES on the default bus is noted and keeps the address from being used again"):
        shown = world.outside.customer("acme", customer)
        (address,) = mail["To"]
        bounced = [{"emailAddress": address, "action": "failed", "status": "5.1.1"}]
        bounce = {"bounceType": "Permanent", "bounceSubType": "General", "timestamp": instant(), "bouncedRecipients": bounced}
        about = tags("acme", shown, world.sent("acme", customer))
        ses.publish(world.stack, "Email Bounced", ses.event("Bounce", mail, about, bounce=bounce))
        until(lambda: suppressed(world, customer).get("email"), "the suppression")


def suppressed(world, customer):
    """Why a customer's first contact may not be written to, by channel."""
    return world.outside.customer("acme", customer)["customer"]["contacts"][0]["suppressed"]


def portal(world, proof):
    """What a customer sees and may do."""
    with proof.check("portal.page", "the link of a mail opens the customer's page, and a changed one does not"):
        customer = world.owes("acme")
        world.stack.tick("SweepFunction")
        (mail,) = until(lambda: world.mails_to(customer), "the mail")
        page = world.outside.ask("GET", link(mail))
        same(page.status, 200, "the page")
        assert b"1,250.00" in page.body, page
        same(world.outside.ask("GET", link(mail)[:-4] + "AAAA").status, 404, "a changed link")
    with proof.check("portal.revoked", "a link that was revoked opens nothing, at once, and one that is given out does"):
        customer_id = world.outside.customer("acme", customer)["customer"]["id"]
        (known,) = world.outside.admin("acme", "GET", f"/v1/customers/{customer_id}/links", role="viewer")["data"]
        world.outside.admin("acme", "POST", f"/v1/links/{known['id']}/revoke", {"reason": "forwarded"})
        same(world.outside.ask("GET", link(mail)).status, 410, "the page of a link that was revoked")
        given = world.outside.admin("acme", "POST", f"/v1/customers/{customer_id}/links", {"contact": known["contact"], "channel": "email"})
        same(world.outside.ask("GET", given["url"][given["url"].index("/p/"):]).status, 200, "the page of a link that was given out")
    with proof.check("portal.opt-out", "one click there stops mail to that address"):
        same(world.outside.ask("GET", stop_link(mail)).status, 200, "the question")
        form = {"content-type": "application/x-www-form-urlencoded"}
        same(world.outside.ask("POST", stop_link(mail), b"List-Unsubscribe=One-Click", form).status, 200, "the answer")
        assert suppressed(world, customer).get("email"), "nothing is suppressed"


def reading(world, proof):
    """Books that are read back."""
    books_, outside = world.books, world.outside
    with proof.check("sync.first-reading", "a company connected at the API is read back, by the schedule's tick"):
        books_.owe("7", "31", today(-10), today(-40), "qb7@buyer.example")
        books.connect(world, "acme", books_)
        world.stack.tick("SyncFunction")
        health = outside.admin("acme", "GET", "/v1/connections/quickbooks", role="viewer")
        same((health["status"], health["objects_read"]), ("good", 1), "the connection's health")
    with proof.check("sync.by-webhook", "a webhook that says only an id goes through stream, bus and queue, and the object is read"):
        books_.owe("8", "32", today(-10), today(-40), "qb8@buyer.example")
        same(books.notify(world, "acme", "Invoice", "32").status, 200, "the webhook")
        outside_token = {"authorization": f"Bearer {world.issuer.token('acme', 'viewer')}"}
        path = "/v1/customers/quickbooks/8"
        until(lambda: outside.ask("GET", path, headers=outside_token).status == 200, "the customer", 20)


def dead_letters(world, proof):
    """What was given up reaches a person."""
    sqs, queue = world.stack.client("sqs"), world.stack.ids["SweepQueue"]
    with proof.check("queues.give-up", "what fails five times on its queue goes to DeadLetters and becomes an exception in the worklist"):
        usual = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["VisibilityTimeout"])["Attributes"]
        # Six minutes between two tries are more than a test has.
        sqs.set_queue_attributes(QueueUrl=queue, Attributes={"VisibilityTimeout": "0"})
        # It does not say when it was handed over, which no sweep can take.
        sqs.send_message(QueueUrl=queue, MessageBody=json.dumps({"tenant": "acme", "shard": 0}))
        until(lambda: any("sweep" in one["title"] for one in world.exceptions("acme")), "the exception", 30)
        sqs.set_queue_attributes(QueueUrl=queue, Attributes=usual)


def tell(world, proof, by_schedule=True):
    """All of it, in order."""
    locks(world, proof)
    tenant(world, proof)
    webhooks(world, proof)
    customer, mail = messages(world, proof, by_schedule)
    hearing(world, proof, customer, mail)
    portal(world, proof)
    reading(world, proof)
    dead_letters(world, proof)
