"""A company's books at QuickBooks Online, as far as one customer and its invoices need, on loopback.

`infra/doubles` is the whole vendor; this is only what lets a deployed `sync` read something.
"""

import base64
import datetime
import hashlib
import hmac
import http.server
import json
import re
import threading
import time
import urllib.parse
import zlib

APP = {"client_id": "test-client", "client_secret": "test-client-secret", "webhook_secret": "test-verifier-token"}
KINDS = ["Customer", "Invoice", "Payment", "CreditMemo"]


def moment(later=0):
    """Now, or so many seconds later, as the vendor writes it: to the second."""
    at = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=later)
    return at.strftime("%Y-%m-%dT%H:%M:%S+00:00")


class Books:
    """The books, the same for every company; `objects` by kind and id."""

    def __init__(self):
        self.objects = {kind: {} for kind in KINDS}
        books = self

        class Handler(http.server.BaseHTTPRequestHandler):
            """The vendor's side."""

            def do_GET(self):
                url = urllib.parse.urlsplit(self.path)
                asked = dict(urllib.parse.parse_qsl(url.query))
                status, answer = books.answer(url.path.split("/", 4)[4], asked)
                body = json.dumps({"time": moment(), **answer}).encode()
                self.send_response(status)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    def answer(self, path, asked):
        """The answer to one request below the company's address."""
        if path.startswith("companyinfo/"):
            return 200, {"CompanyInfo": {"CompanyName": "Birch & Daughters", "Country": "US"}}
        if path == "query":
            return 200, {"QueryResponse": self.query(asked["query"])}
        if path == "cdc":
            found = [{kind: list(self.objects[kind].values())} for kind in asked["entities"].split(",") if self.objects[kind]]
            return 200, {"CDCResponse": [{"QueryResponse": found}]}
        kind, _, name = path.partition("/")
        kind = next((known for known in KINDS if known.lower() == kind), None)
        if kind and name in self.objects[kind]:
            return 200, {kind: self.objects[kind][name]}
        return 400, {"Fault": {"Error": [{"Message": "Object Not Found", "code": "610"}], "type": "ValidationFault"}}

    def query(self, text):
        """`select * from Kind …`, as `sync` writes it."""
        kind = re.search(r"from (\w+)", text).group(1)
        if kind == "Preferences":
            return {"Preferences": [{"CurrencyPrefs": {"HomeCurrency": {"value": "USD"}}}]}
        found, ids = list(self.objects[kind].values()), re.search(r"Id in \(([^)]*)\)", text)
        if ids:
            wanted = re.findall(r"'([^']+)'", ids.group(1))
            found = [one for one in found if one["Id"] in wanted]
        if "Balance > '0'" in text:
            found = [one for one in found if float(one["Balance"]) > 0]
        start = int((re.search(r"startposition (\d+)", text) or [0, "1"])[1])
        return {kind: found[start - 1 :]} if found[start - 1 :] else {}

    def put(self, kind, name, later=0, **fields):
        """Writes an object, as of now or so many seconds later."""
        self.objects[kind][name] = {"Id": name, "SyncToken": "0", "MetaData": {"LastUpdatedTime": moment(later)}, **fields}

    def owe(self, customer, invoice, due_on, issued_on, email, later=0):
        """A customer who owes an invoice of 1,250 dollars."""
        usd = {"value": "USD"}
        self.put(
            *("Customer", customer, later),
            **{"DisplayName": f"Birch {customer}", "Active": True, "CurrencyRef": usd, "PrimaryEmailAddr": {"Address": email}},
        )
        self.put(
            *("Invoice", invoice, later),
            **{"DocNumber": f"QB-{invoice}", "TxnDate": issued_on, "DueDate": due_on, "TotalAmt": 1250.00, "Balance": 1250.00},
            **{"CurrencyRef": usd, "CustomerRef": {"value": customer}, "BillEmail": {"Address": email}},
        )


def realm(tenant):
    """The id of a tenant's company: a company has one tenant."""
    return str(9130340000000000 + zlib.crc32(tenant.encode()))


def connect(world, tenant, books):
    """The operator sets the app up, and the tenant's admin connects the company with tokens from elsewhere."""
    world.outside.operator("PUT", "/v1/apps/quickbooks", APP)
    tokens = {"access_token": "a", "refresh_token": "r", "expires_at": "2099-01-01T00:00:00Z"}
    body = {"realm": realm(tenant), "tokens": tokens, "base_url": books.url}
    return world.outside.admin(tenant, "PUT", "/v1/connections/quickbooks", body)


def notify(world, tenant, kind, name):
    """The vendor's webhook: something happened to an object; only its id is said."""
    event = {
        **{"specversion": "1.0", "id": f"evt-{time.time_ns()}", "source": "intuit.test=", "type": f"qbo.{kind.lower()}.updated.v1"},
        **{"time": moment(), "intuitentityid": name, "intuitaccountid": realm(tenant), "data": {}},
    }
    body = json.dumps([event]).encode()
    signed = base64.b64encode(hmac.new(APP["webhook_secret"].encode(), body, hashlib.sha256).digest()).decode()
    headers = {"content-type": "application/json", "intuit-signature": signed}
    return world.outside.ask("POST", "/webhooks/app/quickbooks", body, headers)
