"""One event for each function, of the kind that it is there for, and the least that a useful answer takes: which calls, and what it says.
The hellos take any event and make one call of each of their clients.
"""

import base64
import dataclasses
import hmac
import json
import time
from typing import Callable

from one_customer import CODE, CONTACT, INVOICE, MILLIS, PROFILE, SECRET, STORED, api_key, books, due, head, lane, linked, queued, second, sent, table

GET, QUERY, PUT = "DynamoDB.GetItem", "DynamoDB.Query", "DynamoDB.PutItem"
UPDATE, TRANSACT, BATCH = "DynamoDB.UpdateItem", "DynamoDB.TransactWriteItems", "DynamoDB.BatchGetItem"
BUS, DECRYPT, QUEUE = "AWSEvents.PutEvents", "TrentService.Decrypt", "AmazonSQS.SendMessage"
MAIL, TEXT, VENDOR = "SES.SendEmail", "SNS.Publish", "QuickBooks.Changes"
OBJECT, KEPT = "S3.PutObject", "S3.GetObject"


@dataclasses.dataclass
class First:
    """An event, the rows that the table has then, the calls that must be made (others may be), and whether an answer is right."""

    event: dict
    calls: set
    rows: list = dataclasses.field(default_factory=list)
    right: Callable = lambda answer: True


def batch(source, **record):
    """A batch of one record."""
    return {"Records": [{"eventSource": source, "awsRegion": "eu-central-1", **record}]}


def message(body):
    """A batch of one message of a queue."""
    return batch("aws:sqs", messageId="m-1", body=json.dumps(body), attributes={}, messageAttributes={})


def image(new):
    """A batch of one new row of a table's stream."""
    keys = {name: new[name] for name in (STORED["every"]["pk"], STORED["every"]["sk"])}
    change = {"Keys": keys, "NewImage": new, "SequenceNumber": "1", "SizeBytes": 1, "StreamViewType": "NEW_AND_OLD_IMAGES"}
    change["ApproximateCreationDateTime"] = MILLIS // 1000
    return batch("aws:dynamodb", eventID="1", eventName="INSERT", eventSourceARN="arn:aws:dynamodb:t", dynamodb=change)


def request(method, path, body="", **headers):
    """A request as API Gateway hands it over."""
    context = {"domainName": "api.cold.example", "http": {"method": method, "path": path}}
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    whole = {"version": "2.0", "routeKey": "$default", "rawPath": path, "rawQueryString": "", "requestContext": context}
    return {**whole, "headers": headers, "body": body, "isBase64Encoded": False}


def webhook():
    """An invoice of a customer whom the table does not have, signed as Standard Webhooks says."""
    customer = {name: value for name, value in PROFILE.items() if name not in ("id", "source")}
    invoice = {name: value for name, value in INVOICE.items() if name != "id"}
    document = {
        **{"type": "invoice.upserted", "customer": {**customer, "contacts": [{**CONTACT, "consents": ["sms"]}]}},
        "invoice": {**invoice, "paid_minor": 0, "credited_minor": 0},
    }
    body, at = json.dumps(document), str(int(time.time()))
    signature = base64.b64encode(hmac.digest(SECRET, f"evt-1.{at}.{body}".encode(), "sha256")).decode()
    signed = {"webhook_id": "evt-1", "webhook_timestamp": at, "webhook_signature": f"v1,{signature}"}
    return request("POST", "/webhooks/cold/canonical", body, content_type="application/json", **signed)


def page():
    """The customer follows the portal link in a message."""
    return request("GET", f"/p/{CODE}")


def wish():
    """A payer wishes to pay more than is due: what is due is read, and nothing begins, because this table keeps nothing that is written."""
    begin = {"kind": "begin", "id": "pay_0123456789abcdef", "link": "lnk_1", "currency": "USD", "provider": "transfer", "way": "transfer"}
    begin["lines"] = [{"invoice": "inv_1", "number": "I-1", "amount_minor": 1_000_000}]
    begin["words"] = {"invoice": "Invoice", "balance": "Account balance"}
    begin |= {name: f"https://pay.example/p/{CODE}/{name}" for name in ("return_url", "cancel_url")}
    return {"schema_version": 1, "tenant": "cold", "customer": "cus_1", "what": begin}


def order(channel):
    """What the bus puts on a sender's queue."""
    detail = {"schema_version": 1, "tenant": "cold", "customer": "cus_1", "message": "msg_1", "channel": channel, "number": 1}
    return message({"source": "dunlin", "detail-type": "MessageQueued", "detail": detail})


def delivered():
    """SES's word that a mail arrived."""
    tags = {"dunlin_tenant": ["cold"], "dunlin_customer": ["cus_1"], "dunlin_message": ["msg_1"], "dunlin_number": ["1"]}
    mail = {"timestamp": second(), "messageId": "mail-1", "destination": ["p1@buyer.example"], "tags": tags}
    detail = {"eventType": "Delivery", "mail": mail, "delivery": {"timestamp": second(), "recipients": ["p1@buyer.example"]}}
    return message({"source": "aws.ses", "detail-type": "Email Delivered", "detail": detail})


def says(**parts):
    """Whether an answer has these parts."""
    return lambda answer: parts.items() <= answer.items()


def sample_events(vendor):
    """By the name of the binary; `vendor` is where the stand-in for an accounting system is."""
    key, kept = api_key()
    tick, taken = {"source": "aws.events"}, says(batchItemFailures=[])
    return {
        # A machine looks at a customer, by its key: all that is known of it, and what would be decided now.
        "admin": First(
            request("GET", "/v1/cases/cus_1", authorization=f"Bearer {key}"), {GET, QUERY}, table(due(), kept), says(statusCode=200)
        ),
        # A payment is begun.
        "begin-payment": First(wish(), {GET, QUERY}, table(due()), says(status="not_payable")),
        # A tick finds a lane due in which nothing waits any more: it is taken, looked at and left.
        "deliver": First(tick, {QUERY, UPDATE, GET}, table(lane()), says(delivered=0, failed=0)),
        # A message was decided: its order goes on the bus.
        "dispatch": First(image(queued("email")), {BUS}, [], taken),
        # A tick finds no notice due.
        "escalate": First(tick, {QUERY}, table(due()), says(told=0)),
        # A mail arrived: its record says so.
        "feedback": First(delivered(), {GET, UPDATE}, table(head(), sent()), taken),
        # An invoice is taken in: the secret is opened, the signature checked, all of it written.
        "ingest": First(webhook(), {GET, DECRYPT, TRANSACT}, table(due()), says(statusCode=202)),
        # A statement is made, because there is none of today yet.
        "make-documents": First(
            {"schema_version": 1, "tenant": "cold", "customer": "cus_1", "document": {"kind": "statement"}},
            *({GET, QUERY, KEPT, OBJECT}, table(due()), says(status="made")),
        ),
        # A customer reads what is open.
        "portal": First(page(), {GET, BATCH, QUERY}, table(due(), *linked()), says(statusCode=200)),
        # A customer was decided: its rows are read anew and written.
        "read-model": First(image(due()), {BATCH, PUT}, table(due()), taken),
        # A message goes out: guarded, rendered, claimed, sent, recorded.
        "send-email": First(order("email"), {GET, DECRYPT, MAIL, PUT, UPDATE}, table(queued("email")), taken),
        "send-sms": First(order("sms"), {GET, DECRYPT, TEXT, PUT, UPDATE}, table(queued("sms")), taken),
        # A tick finds a customer due and decides a message.
        "sweep": First(tick, {GET, QUERY, UPDATE}, table(due()), says(decided=1, messages=1, failed=0)),
        # A tick finds a connection due for its poll, which finds nothing new.
        "sync": First(tick, {GET, QUERY, DECRYPT, VENDOR, UPDATE}, table(due(), *books(vendor)), says(read=1)),
        "hello-runtime": First({}, set()),
        "hello-bus": First({}, {BUS}),
        "hello-table": First({}, {GET}),
        "hello-table-kms": First({}, {GET, DECRYPT}),
        "hello-table-kms-mail-objects": First({}, {GET, DECRYPT, MAIL, OBJECT}),
        "hello-table-kms-objects": First({}, {GET, DECRYPT, OBJECT}),
        "hello-table-kms-queue": First({}, {GET, DECRYPT, QUEUE}),
        "hello-table-kms-texts": First({}, {GET, DECRYPT, TEXT}),
        "hello-table-objects": First({}, {GET, OBJECT}),
        "hello-table-queue": First({}, {GET, QUEUE}),
    }
