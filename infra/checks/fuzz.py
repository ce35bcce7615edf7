"""Fuzzes the API by its own document: docs/openapi.json against the local stack, with ids that are stored there.

usage: fuzz.py --schemathesis PROGRAM [--local PROGRAM] [--document FILE] [--examples N] [--seconds N] [--seed N] [--report FOLDER] [-- ARGUMENTS]

Starts the program of infra/local on free ports of loopback, gives it a tenant with customers, cases, agreements, tasks, charges, holds and
connected books, and lets schemathesis try every operation: examples, coverage, fuzzing and the stateful phase, which follows the links of the
document. Leaves with 1 where an answer is not as described, or a request is not refused or taken as described. What follows `--` goes to
schemathesis, such as `--include-operation-id put_hold`. Everything that it starts ends with it.
"""

import argparse
import base64
import contextlib
import datetime
import hashlib
import hmac
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
TENANT = "fuzz"
# A case of its own tries what a schema cannot say; the reason stands beside it. By operation: answers to what the document allows that are
# right all the same, beside 401, 403, 404, 409, 412 and success.
CANNOT_BE_SAID = {
    "take_payment": ([400], "days are counted from today, amounts from what is open, and invoices are the customer's"),
    "undo_payment": ([400], "blanks alone say nothing, and a reason names nobody"),
    "make_agreement": ([400], "days are counted from today, amounts from what is open, and parts add up"),
    "offer_plan": ([400], "invoices are the customer's, days are counted from today, and parts add up to what is open"),
    "withdraw_plan_offer": ([400], "blanks alone say nothing, and a reason names nobody"),
    "act_on_agreement": ([400], "only one act takes an amount, no more than is contested"),
    "act_on_charge": ([400], "only one act takes an amount and a day, which is not past"),
    "amend_agreement": ([400], "days are counted from today, amounts from what is open"),
    "write_message": ([400, 422], "contact, case and words belong to the customer, and a subject to an email"),
    "log_contact": ([400], "outcomes go by the kind, contact and case belong to the customer"),
    "set_message_result": ([400], "what goes with a status depends on it and on whether an attempt is named"),
    "add_note": ([400], "what it is about belongs to the customer, and blanks alone say nothing"),
    "edit_note": ([400], "blanks alone say nothing"),
    "answer_note": ([400], "blanks alone say nothing, and a file is an upload that is there"),
    "list_ratings": ([400], "the customer is needed, and a cursor is one of an earlier page"),
    "list_service_mails": ([400], "the customer is needed, and a cursor is one of an earlier page"),
    "list_replies": ([400], "a cursor is one of an earlier page"),
    "accept_reply": ([400], "days are counted from the day, amounts from what is open"),
    "dismiss_reply": ([400], "blanks alone say nothing, and a reason names nobody"),
    "list_notes": ([400], "the customer is needed, and a cursor is one of an earlier page"),
    "make_proposal": ([400], "an operation that there is, and the arguments that it takes"),
    "raise_task": ([400], "a day is counted from today, and blanks alone say nothing"),
    "assign_task": ([400], "no control characters"),
    "set_effect_result": ([400, 422], "the task is named where its id cannot be told from the effect's"),
    "set_owner": ([400], "no control characters"),
    "list_owned": ([400], "the owner is needed, and a cursor is one of an earlier page"),
    "hand_over": ([400], "two that differ"),
    "set_absence": ([400], "first and last day go together, in order and not past"),
    "run_bulk": ([400], "ids or a filter, not both; the number of customers is confirmed"),
    "show_bulk": ([422], "a cursor is the one of an earlier page"),
    "put_hold": ([400], "days are counted from today and stand in an order"),
    "give_order": ([400], "an order names what the customer has"),
    "put_settings": ([400, 422], "one condition at a time; zones, addresses, and a day's window that opens before it closes; live needs a sender"),
    "patch_settings": ([422], "zones, addresses, and a day's window that opens before it closes; live needs a sender"),
    "put_workflow": ([400, 422], "one condition at a time; conditions of the plan, templates that exist, and plans that come to an end"),
    "put_draft": ([400, 422], "it follows a version that there is, and reads as a workflow"),
    "begin_draft": ([400], "it begins from what is ready"),
    "validate_workflow": ([400, 422], "what it is asked about reads as a workflow"),
    "publish_workflow": ([400, 422], "a map names steps of both versions, and the prover refuses what the draft says"),
    "roll_back_workflow": ([400], "it goes back to a version that there was"),
    "preview_message": ([400], "a step or a template is named, with its workflow"),
    "simulate_workflow": ([400], "what a simulation is asked is read by its kind"),
    "start_job": ([400], "what a job is asked is read by its kind"),
    "create_upload": ([400], "a file is of a type that is read"),
    "list_jobs": ([422], "a cursor is the one of an earlier page"),
    "send_test_message": ([400], "it goes to the caller's own address or a member's"),
    "put_template": ([422], "Jinja, and variables that exist"),
    "preview_template": ([422], "Jinja, and variables that exist"),
    "finish_task": ([422], "an approval is answered otherwise than other tasks"),
    "finish_app_task": ([422], "an approval is answered otherwise than other tasks"),
    "put_notice_channel": ([400, 404], "an address is one of its vendor, and only slack and teams have one"),
    "delete_notice_channel": ([404], "only a channel that was entered can be taken away"),
    "list_notices": ([400], "a task and a status are words of ours, and a cursor is one of an earlier page"),
    "put_connection": ([400], "whose secret it is, and what it is made with, depends on the source"),
    "put_app": ([400], "what a vendor shows is visible ASCII"),
    "authorize_connection": ([400], "stand-ins are taken on loopback only"),
    "confirm_connection": ([400], "the company and the code are those of a page that somebody saw"),
    "put_tenant_senders": ([400], "an address or a domain, of channels that there are"),
    "list_tasks": ([400, 422], "whose work it is says something, and a cursor is the one of an earlier page"),
    "list_customers": ([400, 422], "a search has an order of its own, source and id go together, and a cursor is the one of an earlier page"),
    "list_invoices": ([400, 422], "a bucket and days exclude each other, a search has an order of its own, and a cursor is the one of an earlier page"),
    "list_baskets": ([422], "a cursor is the one of an earlier page"),
    "list_payments": ([422], "a cursor is the one of an earlier page"),
    "list_credit_notes": ([422], "a cursor is the one of an earlier page"),
    "list_cases": ([422], "a cursor is the one of an earlier page"),
    "list_messages": ([422], "a cursor is the one of an earlier page"),
    "list_agreements": ([400, 422], "a status and an order are of the kind, and a cursor is the one of an earlier page"),
    "search": ([400, 422], "two characters that are no spaces, and a cursor is the one of an earlier page"),
    "list_app_tasks": ([400], "a cursor is the one of an earlier page"),
    "list_suppressions": ([400], "an address is of its channel, and a cursor is the one of an earlier page"),
    "enter_suppression": ([400], "an address is of its channel"),
    "lift_suppression": ([400], "a reason is demanded, and says something; the entry is the one that stands"),
    "revoke_links": ([400], "a reason is demanded, and says something"),
    "revoke_link": ([400], "a reason is demanded, and says something"),
    "issue_link": ([400], "a contact is one of the customer's, with an address on the channel"),
    "list_links": ([400], "a cursor is the one of an earlier page"),
    "list_links_of": ([400], "a cursor is the one of an earlier page"),
    "reset_version": ([400], "a reason is demanded, and one object is named"),
    "list_audit": ([400, 422], "ids and cursors are those of earlier answers"),
    "list_app_audit": ([400, 422], "ids and cursors are those of earlier answers"),
    "apply_event": ([422], "what was put aside may still not be taken"),
    "end_sign_in": ([400], "a sign-in is known by its state, once"),
    "add_member": ([400], "an address is one, and a subject says something"),
    "invite_member": ([400], "an address is one"),
    "make_key": ([400], "a name says something"),
    "export_audit": ([400, 422], "a cursor is the one of an earlier page"),
    "list_webhooks": ([400, 422], "a cursor is the one of an earlier page of the same day"),
    "change_customer": ([400], "countries are those of ISO 3166-1, hours begin before they end, and null takes away what is needed"),
    "add_contact": ([400], "an address is one, and no other contact's of the customer"),
    "change_contact": ([400], "an address is one, and no other contact's of the customer"),
    "state_consent": ([400], "the contact has an address on the channel, words go with a consent, and nobody said it in the days to come"),
    "find_contact": ([400], "an address is of its channel"),
    "erase_contact": ([400], "a reason says something, and names nobody"),
    "find_key_accounts": ([400], "currencies are those of ISO 4217"),
    "make_subscription": ([400], "an address is a public one"),
    "change_subscription": ([400], "an address is a public one"),
    "list_deliveries": ([422], "a cursor is the one of an earlier page"),
    "replay_deliveries": ([400], "an instant has passed, and deliveries are those of the list"),
}
# By operation: answers besides to what the document does not allow.
TAKEN_ALL_THE_SAME = {
    "show_me": ([200], "a tenant's id that is none is answered with why the caller is in none: `why_not`"),
}
# Open pages, of which the gateway has the one method that is described: it answers 404 to another one, before the table of routes is asked.
ONE_METHOD = ["show_document", "show_document_page"]


def arguments():
    """What it was called with."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    parser.add_argument("--schemathesis", required=True, help="the program `schemathesis`, as infra/checks/fuzz.txt pins it")
    parser.add_argument("--local", default=target / "debug/local", help="the program of infra/local")
    parser.add_argument("--document", default=ROOT / "docs/openapi.json")
    parser.add_argument("--examples", type=int, default=10, help="requests made up for each operation")
    parser.add_argument("--seconds", type=int, help="goes on until so much time is spent")
    parser.add_argument("--seed", type=int, default=1, help="the same requests each time; 0 for others each time")
    parser.add_argument("--report", help="where every request and answer is kept")
    own, more = (sys.argv[1:], []) if "--" not in sys.argv else (
        sys.argv[1 : sys.argv.index("--")],
        sys.argv[sys.argv.index("--") + 1 :],
    )
    return parser.parse_args(own), more


def free_port():
    """A port of loopback that nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


class Stack:
    """The local stack, and what is asked of it."""

    def __init__(self, url):
        self.url = url

    def ask(self, method, path, body=None, token=None, headers=None):
        """The answer as JSON; an error names what was asked and what was said."""
        url = path if path.startswith("http") else self.url + path
        data = None if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        request = urllib.request.Request(url, data=data, method=method, headers={"content-type": "application/json", **(headers or {})})
        if token:
            request.add_header("authorization", f"Bearer {token}")
        try:
            with urllib.request.urlopen(request, timeout=120) as answer:
                said = answer.read()
        except urllib.error.HTTPError as error:
            raise SystemExit(f"{method} {path} answered {error.code}: {error.read().decode()}") from None
        return json.loads(said) if said[:1] in (b"{", b"[") else said

    def token(self, tenant, role="admin"):
        """A token, good for an hour of the stack's clock, which stands still."""
        return self.ask("POST", "/_local/token", {"tenant": tenant, "role": role})["token"]

    def advance(self, span):
        """Moves the clock; answers what time it is then."""
        return datetime.datetime.fromisoformat(self.ask("POST", "/_local/clock", {"advance": span})["now"].replace("Z", "+00:00"))


@contextlib.contextmanager
def started(program, log):
    """The local stack, from its start to its end."""
    port = free_port()
    process = subprocess.Popen(
        [program, "--empty", "--port", str(port)], stdout=subprocess.PIPE, stderr=log, text=True, start_new_session=True
    )
    try:
        for line in process.stdout:
            if line.startswith("ready "):
                break
        else:
            raise SystemExit(f"{program} did not start; it left with {process.wait()}")
        yield Stack(line.split()[1])
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


PLAN = {
    "name": "Something of everything",
    "scope": "invoice",
    "min_gap": "P1D",
    "steps": [
        {"id": "reminder", "at": {"anchor": "due_date", "offset": "P1D"}, "action": {"send": {"channels": ["email"], "template": "reminder", "to": ["billing"]}}},
        {"id": "call", "at": {"anchor": "due_date", "offset": "P3D"}, "action": {"task": {"title": "Call them"}}},
        {"id": "fee", "at": {"anchor": "due_date", "offset": "P4D"}, "action": {"fee": {"kind": "fixed", "amount_minor": 500}}},
        {"id": "agency", "at": {"anchor": "due_date", "offset": "P30D"}, "approval": "required", "action": {"hand_off": {"agency": "northgate"}}},
    ],
}


def post_invoices(stack, webhook, now):
    """Two customers with invoices that are overdue by some weeks, as a system of one's own sends them."""
    key = base64.b64decode(webhook["secret"].removeprefix("whsec_"))
    day = lambda days: (now.date() - datetime.timedelta(days=days)).isoformat()
    for number in range(6):
        customer = f"C-{number % 2}"
        body = json.dumps({
            "type": "invoice.upserted",
            "customer": {"external_id": customer, "source_version": 1, "name": "Birch & Sons", "country": "US", "contacts": [
                {"external_id": "p1", "name": "Robin Birch", "roles": ["billing"], "email": f"ap{number % 2}@birch.example"}]},
            "invoice": {"external_id": f"INV-{number}", "source_version": 1, "number": str(1000 + number), "currency": "USD",
                        "total_minor": 125000, "issued_on": day(60), "due_on": day(20 - 2 * number), "status": "open",
                        "paid_minor": 0, "credited_minor": 0},
        }).encode()
        at, event = str(int(now.timestamp())), f"evt-{number}"
        signature = base64.b64encode(hmac.new(key, f"{event}.{at}.".encode() + body, hashlib.sha256).digest()).decode()
        stack.ask("POST", webhook["url"], body, headers={"webhook-id": event, "webhook-timestamp": at, "webhook-signature": f"v1,{signature}"})


def connect_books(stack, token):
    """Signs in at the stand-in of QuickBooks, as a person does in a browser, and confirms the company with the code that the page shows."""
    vendors = stack.ask("GET", "/_local/vendors")
    base = next(vendor["base_url"] for vendor in vendors if vendor["source"] == "quickbooks")
    begun = stack.ask("POST", "/v1/connections/quickbooks/authorize", {"base_url": base}, token)
    page = stack.ask("GET", begun["url"]).decode()
    company, code = re.search("to read the books of (.*?) \\(", page)[1], re.search("the code ([A-Z0-9-]+)", page)[1]
    stack.ask("POST", "/v1/connections/quickbooks/confirm", {"company": company, "code": code}, token)


def tell_of_nobodys_books(stack):
    """A webhook of a company that nobody is connected to: work for the operator."""
    note = {"realmId": "999", "dataChangeEvent": {"entities": [
        {"name": "Invoice", "id": "1", "operation": "Update", "lastUpdated": "2026-01-01T00:00:00.000Z"}]}}
    body = json.dumps({"eventNotifications": [note]}).encode()
    signature = base64.b64encode(hmac.new(b"local-quickbooks-webhook-secret", body, hashlib.sha256).digest()).decode()
    stack.ask("POST", "/webhooks/app/quickbooks", body, headers={"intuit-signature": signature})


def seed(stack):
    """Fills the stack; answers the tokens, and the ids that are stored there, by what they are of."""
    made = stack.ask("POST", "/_local/tenants", {"tenant": TENANT, "settings": {"name": "Fuzz Ltd", "mode": "live"}})
    token = stack.token(TENANT)
    stack.ask("PUT", "/v1/workflows/everything", PLAN | {"id": "everything", "priority": 900}, token)
    post_invoices(stack, made["webhooks"]["canonical"], stack.advance("PT0S"))
    # Days pass, and cases come to their steps. With books that are read they would pass slowly.
    stack.advance("P12D")
    token = stack.token(TENANT)
    connect_books(stack, token)
    tell_of_nobodys_books(stack)
    stack.advance("PT2M")
    matters = [stack.ask("GET", f"/v1/customers/canonical/C-{number}", token=token) for number in range(2)]
    customers = [matter["customer"]["id"] for matter in matters]
    today = stack.advance("PT0S").date()
    later = lambda days: (today + datetime.timedelta(days=days)).isoformat()
    agreements = [
        stack.ask("POST", "/v1/agreements", {"customer": customers[0], **terms}, token)["id"]
        for terms in [
            {"kind": "promise", "pays_on": later(20), "amount_minor": 100, "scope": {"case": "USD"}},
            {"kind": "dispute", "reason": "quality", "amount_minor": 200, "scope": {"case": "USD"}},
            {"kind": "pause", "reason": "manual", "until_on": later(3)},
        ]
    ]
    stack.ask("PUT", f"/v1/customers/{customers[1]}/holds/ours", {"reason": "manual", "until_on": later(10)}, token)
    tasks = [task["id"] for task in stack.ask("GET", "/v1/tasks", token=token)["tasks"]]
    operator = stack.token("", "operator")
    app_tasks = [task["id"] for task in stack.ask("GET", "/v1/apps/tasks", token=operator)["tasks"]]
    charges = [charge["id"] for matter in matters for charge in matter["charges"]]
    items = [item["item"].split("/")[0] for matter in matters for item in matter["due_items"]]
    stored = {
        "customers": customers,
        "agreements": agreements,
        "tasks": tasks,
        "app_tasks": app_tasks,
        "charges": charges,
        "invoices": [item for item in items if item.startswith("inv_")],
        "workflows": ["standard", "everything"],
        "templates": ["reminder", "own"],
        "sources": ["canonical", "stripe", "quickbooks", "xero"],
        "external_ids": ["C-0", "C-1"],
        "holds": ["ours", "theirs"],
        "steps": ["reminder", "call", "agency"],
        "tenants": [TENANT, "another"],
        "realms": ["9130347596842384"],
    }
    empty = [name for name, ids in stored.items() if not ids]
    if empty:
        raise SystemExit(f"nothing is stored of {', '.join(empty)}; the plan of this script no longer comes to it")
    return {"tenant": token, "operator": operator}, stored


# Which parameters, and which fields of bodies, take stored ids: by operation ids, or everywhere.
BOUND = {
    None: {"path.customer_id": "customers", "path.source": "sources", "path.external_id": "external_ids", "path.name": "holds"},
    ("show_agreement", "act_on_agreement"): {"path.id": "agreements"},
    ("act_on_charge",): {"path.id": "charges"},
    ("show_task", "show_event", "apply_event"): {"path.id": "tasks"},
    ("enter_suppression", "lift_suppression"): {"body.customer": "customers"},
    ("list_audit", "list_app_audit", "list_invoices", "list_payments", "list_credit_notes", "list_messages"): {"query.customer": "customers"},
    ("show_invoice",): {"path.id": "invoices"},
    ("list_customers",): {"query.source": "sources", "query.external_id": "external_ids"},
    ("finish_task", "list_task_customers"): {"path.id": "tasks", "query.after": "customers"},
    ("finish_app_task",): {"path.id": "app_tasks"},
    ("show_workflow", "put_workflow", "unpublish_workflow", "show_workflow_version"): {"path.id": "workflows"},
    ("show_template", "put_template"): {"path.id": "templates"},
    ("make_agreement", "take_payment"): {"body.customer": "customers"},
    ("list_baskets", "list_service_mails", "list_ratings"): {"query.customer": "customers"},
    ("show_tenant_senders", "put_tenant_senders"): {"path.tenant": "tenants"},
    ("show_company", "free_company"): {"path.realm": "realms"},
    ("give_order",): {"body.invoice": "invoices", "body.step": "steps"},
}
# Every operation but these of a tenant's is tried with the tenant's token.
OPERATORS = [
    *("list_apps", "list_app_audit", "list_app_tasks", "finish_app_task", "put_app"),
    *("show_tenant_senders", "put_tenant_senders", "show_company", "free_company"),
]


def config(tokens, stored):
    """The configuration of schemathesis."""
    text = json.dumps  # A string or a list of strings reads the same in TOML.
    bind = lambda bound: "".join(f"{text(at)} = {{ dictionary = {text(name)}, probability = 0.8 }}\n" for at, name in bound.items())
    lines = [f'headers = {{ Authorization = "Bearer {tokens["tenant"]}" }}', "[warnings]", "fail-on = []"]
    lines += [f"[dictionaries.{name}]\nvalues = {text(ids)}" for name, ids in stored.items()]
    lines += ["[parameters]", bind(BOUND[None])]
    # What nobody described is refused by the table of routes before it is looked at; a token that is missing, by the door.
    # Of a request that is wrong in two ways either may be said: a revision is looked at before the body.
    refused = [400, 401, 403, 404, 405, 406, 409, 412, 415, 422, 428, 429, "5xx"]
    lines += ["[checks]", "unsupported_method.enabled = true", f"negative_data_rejection.expected-statuses = {text(refused)}"]
    # Of whatever takes an If-Match: a revision that is not the stored one is a good form, and refused.
    lines.append(f"positive_data_acceptance.expected-statuses = {text(['2xx', '3xx', 401, 403, 404, 409, 412, 429])}")
    for operation, (statuses, _) in TAKEN_ALL_THE_SAME.items():
        lines += ["[[operations]]", f"include-operation-id = {text([operation])}"]
        lines.append(f"checks.negative_data_rejection.expected-statuses = {text([*refused, *statuses])}")
    lines += ["[[operations]]", f"include-operation-id = {text(ONE_METHOD)}", "checks.unsupported_method.enabled = false"]
    for operations, bound in BOUND.items():
        if operations:
            lines += ["[[operations]]", f"include-operation-id = {text(list(operations))}", "[operations.parameters]", bind(bound)]
    # An Idempotency-Key that came with another request before: no schema says which did.
    paths = json.loads((ROOT / "docs/openapi.json").read_text())["paths"]
    repeatable = [methods["post"]["operationId"] for methods in paths.values() if "post" in methods]
    for operation in {**CANNOT_BE_SAID, **{operation: CANNOT_BE_SAID.get(operation, ([], "")) for operation in repeatable}}:
        statuses = [*CANNOT_BE_SAID.get(operation, ([], ""))[0], *([422] if operation in repeatable else [])]
        taken = ["2xx", "3xx", 401, 403, 404, 409, 412, *statuses]
        lines += [
            "[[operations]]",
            f"include-operation-id = {text([operation])}",
            f"checks.positive_data_acceptance.expected-statuses = {text(taken)}",
        ]
        if operation in OPERATORS:
            lines.append(f'headers = {{ Authorization = "Bearer {tokens["operator"]}" }}')
    others = [operation for operation in OPERATORS if operation not in CANNOT_BE_SAID and operation not in repeatable]
    lines += ["[[operations]]", f"include-operation-id = {text(others)}", f'headers = {{ Authorization = "Bearer {tokens["operator"]}" }}']
    return "\n".join(lines) + "\n"


def main():
    """Starts, seeds, fuzzes, stops."""
    asked, more = arguments()
    if not shutil.which(asked.schemathesis):
        raise SystemExit(f"there is no {asked.schemathesis}; pip install --requirement infra/checks/fuzz.txt makes it")
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        with open(folder / "log", "w+") as log, started(asked.local, log) as stack:
            tokens, stored = seed(stack)
            print(f"seeded in {time.monotonic() - began:.0f} s", flush=True)
            (folder / "schemathesis.toml").write_text(config(tokens, stored))
            command = [asked.schemathesis, "--config-file", folder / "schemathesis.toml", "--no-color", "run", asked.document]
            command += ["--url", stack.url, "--max-examples", str(asked.examples), "--workers", "1", "--continue-on-failure"]
            command += ["--seed", str(asked.seed)] if asked.seed else []
            command += ["--max-time", str(asked.seconds)] if asked.seconds else []
            command += ["--report", "ndjson", "--report-dir", asked.report] if asked.report else []
            # It keeps what it found before beside itself; each run stands for itself.
            ended = subprocess.run([*command, *more], cwd=folder, check=False).returncode
            log.seek(0)
            sys.stderr.write(log.read())
    print(f"fuzzed in {time.monotonic() - began:.0f} s")
    sys.exit(1 if ended else 0)


if __name__ == "__main__":
    main()
