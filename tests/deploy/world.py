"""All that a check works with, and small things that several checks do."""

import dataclasses
import itertools
import re
import urllib.parse

from books import Books
from emulator import Emulator
from issuer import Issuer
from outside import Outside, buyer, invoice
from stack import Stack

NUMBERS = itertools.count(1)


@dataclasses.dataclass
class World:
    """A deployed stack and everybody around it."""

    emulator: Emulator
    stack: Stack
    issuer: Issuer
    outside: Outside
    books: Books

    def verify(self, domain):
        """An operator verifies a domain in SES, as before every first mail."""
        self.stack.client("sesv2").create_email_identity(EmailIdentity=domain)

    def tenant(self, name, **settings):
        """A tenant from nothing whose mail may leave."""
        self.verify(f"{name}.example")
        self.outside.tenant(name, **settings)

    def owes(self, tenant, **contact):
        """A fresh customer with one overdue invoice; the customer's own id there."""
        number = next(NUMBERS)
        customer = buyer(f"C-{number}", **contact)
        self.outside.post(tenant, invoice(customer, f"INV-{number}"))
        return customer["external_id"]

    def pays(self, tenant, customer, **contact):
        """The invoice of a customer of [`owes`] is paid."""
        self.outside.post(tenant, invoice(buyer(customer, **contact), numbered(customer), version=2, paid_minor=125000))

    def moves_due(self, tenant, customer):
        """The invoice of a customer of [`owes`] has been due for twenty days."""
        self.outside.post(tenant, invoice(buyer(customer), numbered(customer), version=2, due=-20))

    def mails_to(self, customer):
        """What was sent to a customer's person by email."""
        return [mail for mail in self.emulator.mails() if mail["To"] == [f"{customer.lower()}@buyer.example"]]

    def texts_to(self, phone):
        """What was sent to a phone."""
        return self.emulator.texts(phone)["sms_messages"][phone]

    def sent(self, tenant, customer):
        """The newest record of a message to a customer that says `sent`, once there is one."""
        shown = self.outside.customer(tenant, customer)
        return next((one for one in shown["records"] if one["message_id"] and one["status"] == "sent"), None)

    def tasks(self, tenant, kind):
        """The tenant's open tasks of a kind, however many there are."""
        path = f"/v1/tasks?kind={kind}&limit=100"
        found, cursor = [], ""
        while cursor is not None:
            page = self.outside.admin(tenant, "GET", path + cursor, role="viewer")
            found += page["tasks"]
            cursor = f"&cursor={urllib.parse.quote(page['next'], safe='')}" if page.get("next") else None
        return found

    def exceptions(self, tenant):
        """The tenant's exceptions."""
        return self.tasks(tenant, "exception")


def numbered(customer):
    """The number of the invoice of a customer of [`World.owes`]."""
    return f"INV-{customer.removeprefix('C-')}"


def link(mail):
    """The path of the customer's own page in a mail."""
    return re.search(r"https?://[^/\s]+(/p/[^\s/?)]+)", mail["BodyText"]).group(1)


def stop_link(mail):
    """The path in a mail that stops mail to its reader."""
    return re.search(r"https?://[^/\s]+(/p/[^\s/?)]+/opt-out[^\s)]*)", mail["BodyText"]).group(1)


def tags(tenant, shown, record):
    """The tags by which SES's events say whose message it was."""
    said = {"tenant": tenant, "customer": shown["customer"]["id"], "message": record["message_id"], "number": str(record["number"])}
    return {f"dunlin_{name}": [value] for name, value in said.items()}
