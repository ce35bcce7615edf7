"""For each role, the fewest things its function has to do so that every action of the role is needed.

A probe is cheap: it starts its function anew, because a running one remembers what it was allowed to read, and calls it by hand where a
queue would only cost time. It asserts what a user would see.
"""

import base64
import html
import json
import pathlib
import re
import time
import urllib.parse

import books
import ses
import stripe
import web
from channel import slack
from checkout import SECRETS, checkout
from outside import buyer, instant, invoice, today
from proof import same, until
from world import NUMBERS, link, stop_link, tags

# What a probe waits for comes at once or not at all.
PATIENCE = 4
TENANT = "probe"
# Where answers by mail come in.
ANSWERS = "answers.example"
# What the store calls its attributes, by kind of item and by the name that its code has for them.
KINDS = json.loads((pathlib.Path(__file__).parents[2] / "shared/store/attributes.json").read_text())
STORED = {kind["kind"]: {one["name"].lower(): one["stored"] for one in kind["attributes"]} for kind in KINDS}


def prepare(world):
    """What all probes need: a tenant, and a sender's queue that nobody but they reads."""
    world.tenant(TENANT)
    stripe.connect(world, TENANT)
    for schedule in ("SweepFunctionTick", "SyncFunctionTick", "DeliverFunctionTick", "EscalateFunctionTick"):
        world.stack.client("events").disable_rule(Name=world.stack.ids[schedule])
    for function in (*world.stack.senders(), "SyncFunction", "JobsFunction", "DeliverFunction", "EscalateFunction"):
        world.stack.switch(function, False)


def restart(world, function):
    """The next call of a function is answered by a new process."""
    client, name = world.stack.client("lambda"), world.stack.ids[function]
    usual = client.get_function_configuration(FunctionName=name)["MemorySize"]
    client.update_function_configuration(FunctionName=name, MemorySize=usual)


def hand_over(world, function, seconds, event):
    """What a function answers that has no time for any work: its own margin takes all of its `seconds`."""
    client, name = world.stack.client("lambda"), world.stack.ids[function]
    usual = client.get_function_configuration(FunctionName=name)["Timeout"]
    client.update_function_configuration(FunctionName=name, Timeout=seconds)
    try:
        return world.stack.invoke(function, event)
    finally:
        client.update_function_configuration(FunctionName=name, Timeout=usual)


def records(*bodies):
    """A batch, as Lambda takes it from a queue."""
    each = ({"messageId": f"m-{at}", "eventSource": "aws:sqs", "body": json.dumps(body)} for at, body in enumerate(bodies))
    return {"Records": [{**one, "attributes": {}, "messageAttributes": {}} for one in each]}


def ingest_applies(world):
    """A webhook is applied."""
    restart(world, "IngestFunction")
    world.owes(TENANT)


def ingest_parks(world):
    """What does not read is kept in the bucket for a person."""
    same(stripe.event(world, TENANT, "invoice.paid", {"object": "invoice"}).json()["result"], "parked", "the result")


def ingest_reverses(world):
    """A chargeback of a payment that is known."""
    number = next(NUMBERS)
    stripe.event(world, TENANT, "invoice.paid", stripe.paid_invoice(number), 202)
    stripe.event(world, TENANT, "charge.dispute.created", stripe.dispute(number), 202)


def ingest_waits(world):
    """A chargeback that comes before its payment waits for it."""
    number = next(NUMBERS)
    stripe.event(world, TENANT, "charge.dispute.created", stripe.dispute(number), 202)
    stripe.event(world, TENANT, "invoice.paid", stripe.paid_invoice(number), 202)


def ingest_moves(world):
    """An invoice comes to another customer."""
    number = next(NUMBERS)
    for version, customer in ((1, f"A-{number}"), (2, f"B-{number}")):
        world.outside.post(TENANT, invoice(buyer(customer), f"M-{number}", version=version))


def sweep_decides(world):
    """A message is decided."""
    restart(world, "SweepFunction")
    customer = world.owes(TENANT)
    world.stack.tick("SweepFunction")
    assert world.outside.customer(TENANT, customer)["pending"], "no message is pending"


def sweep_asks(world):
    """Somebody whom nobody can write to becomes a task."""
    customer = world.owes(TENANT, email=False)
    world.stack.tick("SweepFunction")
    shown = world.outside.customer(TENANT, customer)
    assert any(mark["outcome"] == "missed" for record in shown["records"] for mark in record["body"].get("marks", [])), shown["records"]


def sweep_withdraws(world):
    """Work whose reason is gone is taken back."""
    customer = world.owes(TENANT, email=False)
    world.stack.tick("SweepFunction")
    named = world.outside.customer(TENANT, customer)["customer"]["id"]

    def known():
        keys = [(row[STORED["every"]["pk"]]["S"], row[STORED["every"]["sk"]]["S"]) for row in rows(world)]
        return [sk for pk, sk in keys if named in pk and sk.startswith("PROFILE#WORK#")]

    assert known(), "no work is open"
    world.pays(TENANT, customer, email=False)
    world.stack.tick("SweepFunction")
    assert not known(), "it is still open"


def sweep_hands_over(world):
    """A sweep without time puts the rest on its queue."""
    world.owes(TENANT)
    answer = hand_over(world, "SweepFunction", 10, {"source": "aws.events"})
    assert answer["handed_over"] > 0, answer


def dispatch_publishes(world):
    """What subscribers are told: an invoice came in."""
    restart(world, "DispatchFunction")
    events, sqs, stack = world.stack.client("events"), world.stack.client("sqs"), world.stack
    queue = sqs.create_queue(QueueName=f"subscriber-{next(NUMBERS)}")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    rule, bus = queue.rsplit("/", 1)[-1], stack.outputs["BusName"]
    events.put_rule(Name=rule, EventBusName=bus, EventPattern=json.dumps({"source": ["dunlin"]}))
    events.put_targets(Rule=rule, EventBusName=bus, Targets=[{"Id": "one", "Arn": arn}])
    world.owes(TENANT)
    try:
        until(lambda: world.emulator.waiting()[rule], "an event on the bus", PATIENCE)
    finally:
        events.remove_targets(Rule=rule, EventBusName=bus, Ids=["one"])
        events.delete_rule(Name=rule, EventBusName=bus)
        sqs.delete_queue(QueueUrl=queue)


def read_model_lists(world):
    """Whoever owes is listed."""
    restart(world, "ReadModelFunction")
    before = len([row for row in rows(world) if row[STORED["every"]["sk"]]["S"].startswith("L#")])
    world.owes(TENANT)

    def more():
        return len([row for row in rows(world) if row[STORED["every"]["sk"]]["S"].startswith("L#")]) > before

    until(more, "a row of a list", PATIENCE)


def read_model_seals(world):
    """What history says of people is sealed, under a key of a tenant that no process has opened yet."""
    tenant = f"seals-{next(NUMBERS)}"
    world.outside.tenant(tenant, mode="off")
    world.owes(tenant)
    pk, sealed, table = STORED["every"]["pk"], STORED["version"]["sealed"], world.stack.ids["Table"]

    def kept():
        pages = world.stack.client("dynamodb").get_paginator("scan").paginate(TableName=table)
        return [row for page in pages for row in page["Items"] if sealed in row and row[pk]["S"].startswith(f"T#{tenant}#")]

    until(kept, "a version with something sealed", PATIENCE)


def read_model_moves(world):
    """An invoice whose due date changes is listed once."""
    customer = world.owes(TENANT)
    named = world.outside.customer(TENANT, customer)["customer"]["id"]

    def listed():
        keys = [(row[STORED["every"]["pk"]]["S"], row[STORED["every"]["sk"]]["S"]) for row in rows(world)]
        return {sk for pk, sk in keys if "#L#invoices#" in pk and pk.endswith(named)}

    before = until(listed, "a row of its invoice", PATIENCE)
    world.moves_due(TENANT, customer)
    until(lambda: listed() and not listed() & before, "the row elsewhere", PATIENCE)


def read_model_walks(world):
    """The day's walk over chains of records comes to its end, is noted, and says when the next one is due."""
    def walks():
        return [row for row in rows(world) if row[STORED["every"]["sk"]]["S"] == "WALK"]

    for row in walks():
        world.stack.client("dynamodb").delete_item(TableName=world.stack.ids["Table"], Key=row)
    # A process remembers which walks of the day are over.
    restart(world, "ReadModelFunction")
    answer = world.stack.tick("ReadModelFunction")
    assert answer["idle_until"] > instant(), answer
    assert walks(), "no tenant's walk over chains is noted"


def read_model_reckons(world):
    """What a customer owes is reckoned anew once its row says that a day has made more past due."""
    customer = world.owes(TENANT)
    named = world.outside.customer(TENANT, customer)["customer"]["id"]
    table, client = world.stack.ids["Table"], world.stack.client("dynamodb")
    head = {STORED["every"]["pk"]: {"S": f"T#{TENANT}#C#{named}"}, STORED["every"]["sk"]: {"S": "HEAD"}}
    client.update_item(
        TableName=table,
        Key=head,
        UpdateExpression="SET #amounts = :amounts, #days = :days",
        ExpressionAttributeNames={"#amounts": STORED["head"]["owed"], "#days": STORED["head"]["owed_days"]},
        ExpressionAttributeValues={":amounts": {"S": '{"EUR":[1]}'}, ":days": {"S": '{"EUR":[0,1]}'}},
    )

    def listed():
        keys = [(row[STORED["every"]["pk"]]["S"], row[STORED["every"]["sk"]]["S"]) for row in rows(world)]
        return [sk for pk, sk in keys if "#L#customers#oldest#" in pk and named in sk and "1970-01-01" in sk]

    until(listed, "a row that says an earlier day", PATIENCE)
    for row in [row for row in rows(world) if row[STORED["every"]["sk"]]["S"] == "WALK"]:
        client.delete_item(TableName=table, Key=row)
    # A process remembers which walks of the day are over.
    restart(world, "ReadModelFunction")
    world.stack.tick("ReadModelFunction")
    found = client.get_item(TableName=table, Key=head, ConsistentRead=True)["Item"]
    assert STORED["head"]["owed_at"] in found, found


def order(world, queue, customer):
    """What the bus put on a sender's queue for a customer."""
    named = world.outside.customer(TENANT, customer)["customer"]["id"]
    name = world.stack.ids[queue].rsplit("/", 1)[-1]

    def find():
        bodies = (json.loads(message["Body"]) for message in world.emulator.waiting()[name])
        return next((body for body in bodies if body["detail"]["customer"] == named), None)

    return until(find, "the order", PATIENCE)


def email_sends(world):
    """A mail leaves, and that it did is recorded."""
    customer = world.owes(TENANT)
    world.stack.tick("SweepFunction")
    body = order(world, "EmailQueue", customer)
    restart(world, "SendEmailFunction")
    world.stack.invoke("SendEmailFunction", records(body))
    same(len(world.mails_to(customer)), 1, "mails")
    assert world.sent(TENANT, customer), "there is no record"
    return customer


def email_attaches(world):
    """A file goes along with what a person wrote, once nobody can take it back any more."""
    customer = world.owes(TENANT)
    named = world.outside.customer(TENANT, customer)["customer"]["id"]
    upload = world.outside.admin(TENANT, "POST", "/v1/uploads", {"content_type": "application/pdf"})["upload"]
    world.stack.client("s3").put_object(Bucket=world.stack.ids["Bucket"], Key=f"uploads/{TENANT}/{upload}", Body=b"%PDF-1.7")
    words = {"customer": named, "subject": "Your statement", "body": "Here it is.", "attachments": [{"upload": upload, "name": "a.pdf"}]}
    written = world.outside.admin(TENANT, "POST", "/v1/messages", words)["id"]
    body = order(world, "EmailQueue", customer)
    # The minute in which it can be taken back is over at once.
    world.stack.client("dynamodb").update_item(
        TableName=world.stack.ids["Table"],
        Key={STORED["every"]["pk"]: {"S": f"T#{TENANT}#C#{named}"}, STORED["every"]["sk"]: {"S": "HEAD"}},
        UpdateExpression="REMOVE #pending.#message.#retry_at",
        ConditionExpression="attribute_exists(#pending.#message.#retry_at)",
        ExpressionAttributeNames={
            **{"#pending": STORED["head"]["pending"], "#retry_at": STORED["pending"]["retry_at"]},
            "#message": written,
        },
    )
    restart(world, "SendEmailFunction")
    world.stack.invoke("SendEmailFunction", records(body))
    same(len(world.mails_to(customer)), 1, "mails")


def email_acknowledges(world):
    """The notice of a payment leaves with the receipt that another function made. The payer's own is asked for by the write of its provider's
    event; here a collector's payment stands for it."""
    customer = email_sends(world)
    shown = world.outside.customer(TENANT, customer)
    named, (item,) = shown["customer"]["id"], shown["due_items"]
    taken = {"customer": named, "amount_minor": item["open_minor"], "currency": item["currency"], "received_on": today(0), "way": "cash"}
    taken["allocations"] = [{"invoice": item["item"], "amount_minor": item["open_minor"]}]
    paid = world.outside.admin(TENANT, "POST", "/v1/payments", taken)["id"]
    (link_shown,) = world.outside.admin(TENANT, "GET", f"/v1/customers/{named}/links")["data"]
    mail = f"svm_probe{next(NUMBERS)}"
    asked = {"id": mail, "kind": "receipt", "link": link_shown["id"], "about": paid, "requested_at": instant()}
    world.stack.client("dynamodb").put_item(
        TableName=world.stack.ids["Table"],
        Item={
            STORED["every"]["pk"]: {"S": f"T#{TENANT}#C#{named}"},
            STORED["every"]["sk"]: {"S": f"SVM#{mail}"},
            STORED["document"]["doc"]: {"S": json.dumps(asked)},
        },
    )
    restart(world, "SendEmailFunction")
    detail = {"schema_version": 1, "tenant": TENANT, "customer": named, "mail": mail, "channel": "email"}
    body = {"source": "dunlin", "detail-type": "ServiceMailRequested", "detail": detail}
    same(world.stack.invoke("SendEmailFunction", records(body)), {"batchItemFailures": []}, "what could not be sent")
    _, receipt = world.mails_to(customer)
    assert "PDF" in receipt["BodyText"], f"the notice says nothing of a receipt: {receipt['BodyText']}"


def sms_sends(world):
    """A text message leaves, and that it did is recorded."""
    number = next(NUMBERS)
    phone = f"+1500555{number % 10_000:04}"
    customer = world.owes(TENANT, phone=phone, email=False)
    world.stack.tick("SweepFunction")
    body = order(world, "SmsQueue", customer)
    restart(world, "SendSmsFunction")
    world.stack.invoke("SendSmsFunction", records(body))
    same(len(world.texts_to(phone)), 1, "text messages")
    assert world.sent(TENANT, customer), "there is no record"


def feedback_hears(world):
    """A bounce is noted at the message and at the address."""
    customer = email_sends(world)
    shown, record, (mail,) = world.outside.customer(TENANT, customer), world.sent(TENANT, customer), world.mails_to(customer)
    bounced = [{"emailAddress": mail["To"][0], "action": "failed", "status": "5.1.1"}]
    bounce = {"bounceType": "Permanent", "bounceSubType": "General", "timestamp": instant(), "bouncedRecipients": bounced}
    detail = ses.event("Bounce", mail, tags(TENANT, shown, record), bounce=bounce)
    restart(world, "FeedbackFunction")
    answer = world.stack.invoke("FeedbackFunction", records({"source": "aws.ses", "detail-type": "Email Bounced", "detail": detail}))
    same(answer, {"batchItemFailures": []}, "what could not be taken in")
    shown = world.outside.customer(TENANT, customer)
    assert shown["customer"]["contacts"][0]["suppressed"].get("email"), "the address is not suppressed"
    assert any("bounce" in heard for one in shown["records"] for heard in one["heard"]), shown["records"]


def feedback_settles(world):
    """Word of a message that nobody knew had left: its sender died between claim and answer, and left this in the table."""
    customer = world.owes(TENANT)
    world.stack.tick("SweepFunction")
    shown = world.outside.customer(TENANT, customer)
    (pending,) = shown["pending"]
    world.stack.client("dynamodb").update_item(
        TableName=world.stack.ids["Table"],
        Key={
            STORED["every"]["pk"]: {"S": f"T#{TENANT}#C#{shown['customer']['id']}"},
            STORED["every"]["sk"]: {"S": "HEAD"},
        },
        UpdateExpression="SET #pending.#message.#status = :unknown",
        ConditionExpression="#pending.#message.#status = :queued",
        ExpressionAttributeNames={
            **{"#pending": STORED["head"]["pending"], "#status": STORED["pending"]["status"]},
            "#message": pending["message_id"],
        },
        ExpressionAttributeValues={":unknown": {"S": "unknown"}, ":queued": {"S": "queued"}},
    )
    mail = {"MessageId": f"mail-{next(NUMBERS)}", "To": [f"{customer.lower()}@buyer.example"]}
    about = tags(TENANT, shown, {"message_id": pending["message_id"], "number": 1})
    detail = ses.event("Delivery", mail, about, delivery={"timestamp": instant(), "recipients": mail["To"]})
    answer = world.stack.invoke("FeedbackFunction", records({"source": "aws.ses", "detail-type": "Email Delivered", "detail": detail}))
    same(answer, {"batchItemFailures": []}, "what could not be taken in")
    record = world.outside.customer(TENANT, customer)["records"][0]
    same((record["message_id"], "delivered" in record["heard"]), (pending["message_id"], True), "the record")


def feedback_raises(world):
    """A dead letter becomes an exception."""
    letter = {"tenant": TENANT, "shard": 0, "at": f"{instant()}-{next(NUMBERS)}"}
    same(world.stack.invoke("FeedbackFunction", records(letter)), {"batchItemFailures": []}, "what could not be taken in")
    assert any(letter["at"] in one["detail"] for one in world.exceptions(TENANT)), "there is no exception"


def member(world):
    """The address of a manager of the tenant, proven to be theirs, as an invitation that was accepted leaves it."""
    name = f"probe{next(NUMBERS)}"
    email, now = f"{name}@acme.example", {"N": str(int(time.time() * 1000))}
    of = STORED["member"]
    world.stack.client("dynamodb").put_item(
        TableName=world.stack.ids["Table"],
        Item={
            **{STORED["every"]["pk"]: {"S": f"T#{TENANT}#MEMBERS"}, STORED["every"]["sk"]: {"S": f"MEM#{name}"}},
            **{of["subject"]: {"S": name}, of["role"]: {"S": "manager"}, of["email"]: {"S": email}, of["email_verified"]: {"N": "1"}},
            **{of["added_at"]: now, of["added_by"]: {"S": "probe"}, STORED["document"]["revision"]: {"N": "1"}},
        },
    )
    return name


def told_of(world, task):
    """What became of the notices of a task, by their way."""
    return {one["way"]: one["status"] for one in world.outside.admin(TENANT, "GET", f"/v1/notices?task={task}")["data"]}


def escalate_tells(world):
    """A manager is told of a task by mail and in a channel, whose address only this role opens beside the one that enters it."""
    name = member(world)
    rules = [{"kinds": ["task"], "to": name, "via": ["email", "slack"], "urgent": True}]
    world.outside.admin(TENANT, "PATCH", "/v1/settings", {"notices": {"rules": rules}})
    with slack() as (url, posted):
        world.outside.admin(TENANT, "PUT", "/v1/notice_channels/slack", {"url": url})
        task = world.outside.admin(TENANT, "POST", "/v1/tasks", {"title": f"Look at {name}"})["id"]
        restart(world, "EscalateFunction")
        detail = {"schema_version": 1, "tenant": TENANT, "task": task}
        body = {"source": "dunlin", "detail-type": "TaskCreated", "detail": detail}
        same(world.stack.invoke("EscalateFunction", records(body)), {"batchItemFailures": []}, "what could not be told")
        same(told_of(world, task), {"email": "done", "slack": "done"}, "the notices")
        assert any(name in one for one in posted), f"the channel got {posted}"
        world.outside.admin(TENANT, "DELETE", "/v1/notice_channels/slack")
    world.outside.admin(TENANT, "PATCH", "/v1/settings", {"notices": None})


def escalate_ends(world):
    """Once the topic of the deployment has what a step wanted told, the task of the step and the work of its customer end."""
    tenant = f"tells-{next(NUMBERS)}"
    world.tenant(tenant)
    tell = {"notify": {"to": "managers", "via": ["sns"], "urgent": True}}
    steps = [
        {"id": "tell", "at": {"anchor": "due_date", "offset": "P1D"}, "action": tell},
        {"id": "hand", "at": {"anchor": "due_date", "offset": "P90D"}, "action": {"task": {"title": "Look at it"}}},
    ]
    workflow = {"id": "standard", "name": "Told", "scope": "customer", "steps": steps}
    world.outside.admin(tenant, "PUT", "/v1/workflows/standard/draft", workflow)
    world.outside.admin(tenant, "POST", "/v1/workflows/standard/publish", {"migration": {}})
    world.owes(tenant)
    world.stack.tick("SweepFunction")
    (task,) = [one["id"] for one in world.tasks(tenant, "notify")]
    restart(world, "EscalateFunction")
    detail = {"schema_version": 1, "tenant": tenant, "task": task}
    body = {"source": "dunlin", "detail-type": "TaskCreated", "detail": detail}
    same(world.stack.invoke("EscalateFunction", records(body)), {"batchItemFailures": []}, "what could not be told")
    notices = world.outside.admin(tenant, "GET", f"/v1/notices?task={task}")["data"]
    same({one["way"]: one["status"] for one in notices}, {"sns": "done"}, "the notices")
    same(world.tasks(tenant, "notify"), [], "tasks of the step")


def escalate_finds(world):
    """A tick finds the notices whose moment has come."""
    assert "told" in world.stack.tick("EscalateFunction"), "the tick says nothing"


def feedback_hears_mail(world):
    """A mail whose mark was made up is led by the link that it quotes, and the file that came along is kept."""
    customer = email_sends(world)
    page = link(*world.mails_to(customer))
    named = world.outside.customer(TENANT, customer)["customer"]["id"]
    (known,) = world.outside.admin(TENANT, "GET", f"/v1/customers/{named}/links")["data"]
    # It states a link that is there, so that its signature is looked at.
    mark = f"m0000000000.{known['id'].removeprefix('lnk_')}.{'0' * 16}"
    number = f"mail-{next(NUMBERS)}"
    mail = (
        "From: somebody@else.example\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n"
        f"See https://pay.example{page}\r\n--b\r\nContent-Type: application/pdf; name=a.pdf\r\n\r\n%PDF-1.7\r\n--b--\r\n"
    )
    bucket, key = world.stack.ids["Bucket"], f"inbound/{number}"
    world.stack.client("s3").put_object(Bucket=bucket, Key=key, Body=mail.encode())
    notice = {
        "notificationType": "Received",
        "mail": {"timestamp": instant(), "messageId": number, "source": "somebody@else.example", "commonHeaders": {}},
        "receipt": {
            "timestamp": instant(), "recipients": [f"r+{mark}@{ANSWERS}", f"{TENANT}@{ANSWERS}"],
            "action": {"type": "S3", "bucketName": bucket, "objectKey": key},
        },
    }
    restart(world, "FeedbackFunction")
    same(world.stack.invoke("FeedbackFunction", records(notice)), {"batchItemFailures": []}, "what could not be taken in")
    same(lie_below(world, f"attached/{TENANT}/{named}/"), 1, "files that are kept")


def admin_begins(world):
    """A tenant from nothing."""
    restart(world, "AdminFunction")
    world.outside.admin(f"new-{next(NUMBERS)}", "PUT", "/v1/settings", {"name": "New", "mode": "off"})


def admin_shows(world):
    """A customer's matter."""
    world.outside.customer(TENANT, world.owes(TENANT))


def admin_reads_what_was_parked(world):
    """An event that does not read, as it came in."""
    event = f"evt_shown_{next(NUMBERS)}"
    stripe.event(world, TENANT, "invoice.paid", {"object": "invoice"}, name=event)
    (task,) = [one for one in world.exceptions(TENANT) if event in one["detail"]]
    shown = world.outside.admin(TENANT, "GET", f"/v1/tasks/{task['id']}/event")
    same((shown["source"], shown["body"]["id"]), ("stripe", event), "the event")
    came = world.outside.admin(TENANT, "GET", "/v1/webhooks?source=stripe&limit=200")["data"]
    same([one["result"] for one in came if one["event_id"] == event], ["parked"], "the list of webhooks")


def admin_applies_again(world):
    """A chargeback that was put aside is applied once it reads. What stands for the release that reads it is another body in its place."""
    number, event = next(NUMBERS), f"evt_again_{next(NUMBERS)}"
    stripe.event(world, TENANT, "invoice.paid", stripe.paid_invoice(number), 202)
    stripe.event(world, TENANT, "invoice.paid", {"object": "invoice"}, name=event)
    (task,) = [one for one in world.exceptions(TENANT) if event in one["detail"]]
    bucket, client = world.stack.ids["Bucket"], world.stack.client("s3")
    pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=f"parked/{TENANT}/stripe/")
    keys = [one["Key"] for page in pages for one in page.get("Contents", [])]
    (key,) = [key for key in keys if event in client.get_object(Bucket=bucket, Key=key)["Body"].read().decode()]
    client.put_object(Bucket=bucket, Key=key, Body=stripe.body_of("charge.dispute.created", stripe.dispute(number), event))
    done = world.outside.admin(TENANT, "POST", f"/v1/tasks/{task['id']}/event/apply")
    same(done["note"], "applied again: applied", "what became of it")


def admin_documents(world):
    """A collector fetches a customer's statement as PDF by a link, which another function has it made for."""
    named = world.outside.customer(TENANT, world.owes(TENANT))["customer"]["id"]
    restart(world, "AdminFunction")
    there = world.outside.admin(TENANT, "GET", f"/v1/customers/{named}/statement", role="collector")
    same(is_pdf(there["url"]), True, "the statement")


def admin_disconnects(world):
    """A connection's end."""
    tenant = f"gone-{next(NUMBERS)}"
    world.outside.admin(tenant, "PUT", "/v1/settings", {"name": "Gone", "mode": "off"})
    books.connect(world, tenant, world.books)
    world.outside.admin(tenant, "DELETE", "/v1/connections/quickbooks")


def portal_shows(world):
    """A customer's page, an opt-out there, and a payment to be given up, which the portal has another function look for."""
    (mail,) = world.mails_to(email_sends(world))
    restart(world, "PortalFunction")
    same(world.outside.ask("GET", link(mail)).status, 200, "the page")
    form = {"content-type": "application/x-www-form-urlencoded"}
    nobodys = f"{link(mail)}/paid/pay_0123456789abcdef/cancel"
    same(world.outside.ask("POST", nobodys, b"", form).status, 404, "a payment that nobody began")
    same(world.outside.ask("POST", stop_link(mail), b"List-Unsubscribe=One-Click", form).status, 200, "the opt-out")


def is_pdf(url):
    """Whether a link to the bucket, which whoever has it follows, leads to a PDF."""
    there = urllib.parse.urlsplit(url)
    return web.call(there.port, "GET", f"{there.path}?{there.query}", host=there.netloc).body[:5] == b"%PDF-"


def portal_documents(world):
    """The statement as PDF: made by another function, and fetched from the bucket by a link that the portal signed."""
    (mail,) = world.mails_to(email_sends(world))
    restart(world, "PortalFunction")
    leads = world.outside.ask("GET", f"{link(mail)}/statement.pdf")
    same(leads.status, 303, "the way to the statement")
    same(is_pdf(leads.headers["location"]), True, "the statement")


def portal_promises(world):
    """A customer promises to pay by the page behind its link: the agreement is there, with the work that a message of it is."""
    customer = email_sends(world)
    page = link(*world.mails_to(customer))
    restart(world, "PortalFunction")
    (named,) = re.findall(r'name="invoice" value="(inv_[A-Za-z0-9]+)"', world.outside.ask("GET", f"{page}/promise").body.decode())
    promised = world.outside.form(f"{page}/promise", invoice=named, amount="", pays_on=today(3), way="transfer")
    same(world.outside.ask("GET", promised.headers["location"]).status, 200, "what became of it")
    shown = world.outside.customer(TENANT, customer)
    same([one["kind"] for one in shown["agreements"]], ["promise"], "agreements")
    world.outside.form(f"{page}/write", **{"for": "message", "invoice": "", "words": f"Please call {customer}."})
    asked = world.tasks(TENANT, "customer_asked")
    assert any(one["customer_id"] == shown["customer"]["id"] for one in asked), asked
    sent = world.outside.form(f"{page}/code", to="contacts")
    enter = world.outside.ask("GET", sent.headers["location"])
    assert enter.status == 200 and b"one-time-code" in enter.body, enter


def attached(world):
    """A customer writes, and sends a photo with it: the customer's own id, and what lies in the bucket below the customer afterwards."""
    customer = email_sends(world)
    page = link(*world.mails_to(customer))
    restart(world, "PortalFunction")
    made = world.outside.form(f"{page}/write", **{"for": "message", "invoice": "", "words": f"A photo of {customer}."})
    files = made.headers["location"].replace("/write?made=", "/files/")
    shown = html.unescape(world.outside.ask("GET", files).body.decode())
    (key,) = re.findall(r'name="key" value="([^"]+)"', shown)
    bucket, client = world.stack.ids["Bucket"], world.stack.client("s3")
    # S3 takes the form in the name of the role that signed it, the emulator takes none: it is put there by hand.
    client.put_object(Bucket=bucket, Key=key, Body=b"\xff\xd8\xff\xe0 a photo")
    world.outside.form(f"{files}/{key.rsplit('/', 1)[-1]}")
    below = key.rsplit("/", 1)[0].removeprefix("incoming/")
    lying = {part: client.list_objects_v2(Bucket=bucket, Prefix=f"{part}/{below}/").get("KeyCount", 0) for part in ("incoming", "attached")}
    return customer, lying


def portal_attaches(world):
    """A customer sends a photo with a message: it is put where no form leads, and what came is deleted."""
    _, lying = attached(world)
    same(lying, {"incoming": 0, "attached": 1}, "what lies in the bucket")


def admin_forgets(world):
    """Somebody who sent a photo is erased, with the photo."""
    customer, lying = attached(world)
    same(lying["attached"], 1, "photos in the bucket")
    named = world.outside.customer(TENANT, customer)["customer"]["id"]
    restart(world, "AdminFunction")
    erased(world, TENANT, "email", f"{customer.lower()}@buyer.example")
    left = world.stack.client("s3").list_objects_v2(Bucket=world.stack.ids["Bucket"], Prefix=f"attached/{TENANT}/{named}/")
    same(left.get("KeyCount", 0), 0, "photos in the bucket")


def answered(world):
    """A customer writes, and is answered with a file: the customer's own id, its page, and where the files of its answers lie."""
    customer = email_sends(world)
    page = link(*world.mails_to(customer))
    restart(world, "PortalFunction")
    # Whom the words name goes with them when the person is erased.
    words = f"Please write to {customer.lower()}@buyer.example."
    note = world.outside.form(f"{page}/write", **{"for": "message", "invoice": "", "words": words}).headers["location"].split("made=")[1]
    restart(world, "AdminFunction")
    upload = world.outside.admin(TENANT, "POST", "/v1/uploads", {"content_type": "application/pdf"})["upload"]
    world.stack.client("s3").put_object(Bucket=world.stack.ids["Bucket"], Key=f"uploads/{TENANT}/{upload}", Body=b"%PDF-1.7")
    answer = {"words": "Here it is.", "attachments": [{"upload": upload, "name": "a.pdf"}]}
    world.outside.admin(TENANT, "POST", f"/v1/notes/{note}/answer", answer)
    named = world.outside.customer(TENANT, customer)["customer"]["id"]
    return customer, f"{page}/write?made={note}", f"answered/{TENANT}/{named}/"


def lie_below(world, prefix):
    """How many objects lie in the bucket below a prefix."""
    return world.stack.client("s3").list_objects_v2(Bucket=world.stack.ids["Bucket"], Prefix=prefix).get("KeyCount", 0)


def portal_answers(world):
    """A customer reads an answer, and fetches the file that went along by a link that the portal signed."""
    _, page, _ = answered(world)
    restart(world, "PortalFunction")
    shown = html.unescape(world.outside.ask("GET", page).body.decode())
    (file,) = re.findall(r'href="(/p/[^"]*/answers/[^"]*)"', shown)
    leads = world.outside.ask("GET", file)
    same(leads.status, 303, "the way to the file")
    same(is_pdf(leads.headers["location"]), True, "the file")


def admin_answers(world):
    """A file goes along with an answer, and goes when the person is erased whom the message named."""
    customer, _, below = answered(world)
    same(lie_below(world, below), 1, "files of answers in the bucket")
    restart(world, "AdminFunction")
    erased(world, TENANT, "email", f"{customer.lower()}@buyer.example")
    same(lie_below(world, below), 0, "files of answers in the bucket")


def portal_is_called(world):
    """A customer's own system reads its signed statement and the key to it, and says under a key of its own what it paid, twice the same."""
    customer = email_sends(world)
    page = link(*world.mails_to(customer))
    restart(world, "PortalFunction")
    signed = world.outside.ask("GET", page, None, {"accept": "application/jose"})
    same((signed.status, signed.body.count(b".")), (200, 2), "the signed statement")
    header, claims = (json.loads(base64.urlsafe_b64decode(part + b"==")) for part in signed.body.split(b".")[:2])
    (key,) = json.loads(world.outside.ask("GET", f"/p/keys/{TENANT}").body)["keys"]
    same(key["kid"], header["kid"], "the key that signed it")
    (item,) = claims["statement"]["items"]
    line = {"invoice": item["invoice"], "amount_minor": item["open_minor"]}
    paid = {"sent_on": today(0), "way": "transfer", "currency": item["currency"], "amount_minor": item["open_minor"], "lines": [line]}
    headers = {"content-type": "application/json", "idempotency-key": "run-1"}
    first, second = (world.outside.ask("POST", f"{page}/remittances", json.dumps(paid).encode(), headers) for _ in range(2))
    same((first.status, json.loads(first.body)["status"]), (200, "expected"), "the remittance")
    same(json.loads(second.body)["id"], json.loads(first.body)["id"], "the same again")
    other = json.dumps({**paid, "reference": "RUN 1"}).encode()
    same(world.outside.ask("POST", f"{page}/remittances", other, headers).status, 422, "something else under the same key")


def make_documents_makes(world):
    """A statement is made and lies in the bucket; the same one is found there when it is asked for again."""
    named = world.outside.customer(TENANT, world.owes(TENANT))["customer"]["id"]
    asked = {"schema_version": 1, "tenant": TENANT, "customer": named, "document": {"kind": "statement"}}
    restart(world, "MakeDocumentsFunction")
    made = world.stack.invoke("MakeDocumentsFunction", asked)
    same(made["status"], "made", "the first time")
    found = world.stack.client("s3").head_object(Bucket=world.stack.ids["Bucket"], Key=made["key"])
    same(found["ContentLength"], made["size"], "its bytes in the bucket")
    same(world.stack.invoke("MakeDocumentsFunction", asked), {**made, "status": "kept"}, "the second time")


def errand(world, provider, way):
    """A customer who owes an invoice sets out to pay it."""
    named = world.outside.customer(TENANT, world.owes(TENANT))
    (item,), customer = named["due_items"], named["customer"]["id"]
    line = {"invoice": item["item"], "number": item["number"], "amount_minor": item["open_minor"]}
    begin = {"kind": "begin", "id": f"pay_{next(NUMBERS):016}", "link": "lnk_1", "currency": item["currency"], "lines": [line]}
    begin |= {"provider": provider, "way": way, "words": {"invoice": "Invoice", "balance": "Balance"}}
    begin |= {name: f"https://pay.example/{name}" for name in ("return_url", "cancel_url")}
    restart(world, "BeginPaymentFunction")
    return {"schema_version": 1, "tenant": TENANT, "customer": customer, "what": begin}


def given_up(asked):
    """The errand that gives up what another one began."""
    return {**asked, "what": {"kind": "cancel", "basket": asked["what"]["id"]}}


def begin_payment_begins(world):
    """A transfer is announced once, and given up."""
    asked = errand(world, "transfer", "transfer")
    same(world.stack.invoke("BeginPaymentFunction", asked), {"status": "begun"}, "the first time")
    same(world.stack.invoke("BeginPaymentFunction", asked), {"status": "begun"}, "the second time")
    other = {**asked, "what": {**asked["what"], "id": f"pay_{next(NUMBERS):016}"}}
    same(world.stack.invoke("BeginPaymentFunction", other), {"status": "not_payable"}, "what is being paid already")
    same(world.stack.invoke("BeginPaymentFunction", given_up(asked)), {"status": "ended"}, "given up")


def begin_payment_hears(world):
    """A payment by card is begun at its provider; when it is given up it was paid, with another amount, which a person is told of."""
    with checkout() as url:
        connection = {"credentials": SECRETS, "base_url": url}
        world.outside.admin(TENANT, "PUT", "/v1/connections/pay-stripe", connection)
        asked = errand(world, "stripe", "card")
        same(world.stack.invoke("BeginPaymentFunction", asked)["status"], "begun", "the payment")
        same(world.stack.invoke("BeginPaymentFunction", given_up(asked)), {"status": "ended"}, "given up")
        world.outside.admin(TENANT, "DELETE", "/v1/connections/pay-stripe")


def ask_to_read(world, tenant):
    """Has a tenant's books read now, whatever else is due."""
    world.stack.invoke("SyncFunction", records({"detail": {"tenant": tenant, "source": "quickbooks"}}))


def sync_reads(world):
    """Books are read for the first time; what does not read becomes an exception."""
    tenant, number = f"reads-{next(NUMBERS)}", next(NUMBERS)
    world.outside.admin(tenant, "PUT", "/v1/settings", {"name": "Reads", "mode": "off"})
    world.books.owe(f"{number}", f"{number}", today(-10), today(-40), f"q{number}@buyer.example")
    world.books.put("Invoice", f"{number}9", Balance=1.0)
    books.connect(world, tenant, world.books)
    restart(world, "SyncFunction")
    ask_to_read(world, tenant)
    health = world.outside.admin(tenant, "GET", "/v1/connections/quickbooks", role="viewer")
    same(health["status"], "good", "the connection's health")
    assert any(f"{number}9" in one["detail"] for one in world.exceptions(tenant)), "there is no exception"
    return tenant, number


def sync_follows(world):
    """A webhook of an id: the invoice has come to another customer."""
    tenant, number = sync_reads(world)
    world.books.owe(f"{number}1", f"{number}", today(-10), today(-40), f"q{number}@buyer.example", later=2)
    same(books.notify(world, tenant, "Invoice", f"{number}").status, 200, "the webhook")
    ask_to_read(world, tenant)
    shown = world.outside.admin(tenant, "GET", f"/v1/customers/quickbooks/{number}1", role="viewer")
    assert any(one["number"] == f"QB-{number}" for one in shown["due_items"]), shown["due_items"]
    keys = [row[STORED["every"]["sk"]]["S"] for row in rows(world)]
    hints = [key for key in keys if key.startswith("HINT#") and f"{number}" in key]
    same(hints, [], "hints that wait")


def sync_waits(world):
    """A payment for an invoice of another customer is read before that invoice."""
    tenant, number = sync_reads(world)
    linked = [{"Amount": 4.00, "LinkedTxn": [{"TxnId": f"{number}2", "TxnType": "Invoice"}]}]
    paid = {"TotalAmt": 4.00, "UnappliedAmt": 0.00, "TxnDate": today(-1), "CurrencyRef": {"value": "USD"}, "Line": linked}
    world.books.put("Payment", f"{number}3", later=1, CustomerRef={"value": f"{number}"}, **paid)
    same(books.notify(world, tenant, "Payment", f"{number}3").status, 200, "the webhook")
    ask_to_read(world, tenant)
    world.books.owe(f"{number}1", f"{number}2", today(-10), today(-40), f"q{number}@buyer.example", later=2)
    same(books.notify(world, tenant, "Invoice", f"{number}2").status, 200, "the webhook")
    ask_to_read(world, tenant)
    shown = world.outside.admin(tenant, "GET", f"/v1/customers/quickbooks/{number}1", role="viewer")
    same([one["open_minor"] for one in shown["due_items"] if one["number"] == f"QB-{number}2"], [124_600], "what is open after the payment")


def erased(world, tenant, channel, address):
    """Somebody is erased."""
    def known():
        found = world.outside.admin(tenant, "POST", "/v1/contacts/find", {"channel": channel, "address": address})
        return found if found["places"] else None

    found = until(known, "where the person is a contact", PATIENCE)
    world.outside.admin(tenant, "POST", f"/v1/contacts/{found['id']}/erase", {"reason": "asked for it"})


def ingest_honours(world):
    """A webhook that names somebody again who was erased is taken in, and a person is told."""
    customer = world.owes(TENANT)
    (contact, *_) = world.outside.customer(TENANT, customer)["customer"]["contacts"]
    erased(world, TENANT, "email", contact["email"])
    restart(world, "IngestFunction")
    world.outside.post(TENANT, {"type": "customer.upserted", "customer": {**buyer(customer), "source_version": 9}})
    assert any("erased" in one["title"] for one in world.exceptions(TENANT)), "nobody is told"


def sync_honours(world):
    """Books that name somebody again who was erased are read."""
    tenant, number = sync_reads(world)
    erased(world, tenant, "email", f"q{number}@buyer.example")
    restart(world, "SyncFunction")
    world.books.owe(f"{number}", f"{number}2", today(-10), today(-40), f"q{number}@buyer.example", later=2)
    same(books.notify(world, tenant, "Invoice", f"{number}2").status, 200, "the webhook")
    ask_to_read(world, tenant)
    same(world.outside.admin(tenant, "GET", "/v1/connections/quickbooks", role="viewer")["status"], "good", "the connection's health")


def sync_hands_over(world):
    """A tick without time puts the connection on the queue."""
    tenant = f"later-{next(NUMBERS)}"
    world.outside.admin(tenant, "PUT", "/v1/settings", {"name": "Later", "mode": "off"})
    books.connect(world, tenant, world.books)
    answer = hand_over(world, "SyncFunction", 30, {"source": "aws.events"})
    assert answer["handed_over"] > 0, answer


def job(world, asked):
    """A job, from its start to its end in one slice."""
    begun = world.outside.admin(TENANT, "POST", "/v1/jobs", asked, wanted=(202,))
    message = {"detail": {"tenant": TENANT, "job": begun["id"], "slice": 1}}
    same(world.stack.invoke("JobsFunction", records(message)), {"batchItemFailures": []}, "slices that failed")
    shown = world.outside.admin(TENANT, "GET", f"/v1/jobs/{begun['id']}")
    same(shown["status"], "done", f"the job {shown}")
    left = world.stack.client("s3").list_objects_v2(Bucket=world.stack.ids["Bucket"], Prefix=f"slices/{TENANT}/{begun['id']}/")
    same([one["Key"] for one in left.get("Contents", [])], [], "what the slices left in the bucket")
    return shown["result"]


def imported(world, of, *lines):
    """What a file comes to that was sent."""
    upload = world.outside.admin(TENANT, "POST", "/v1/uploads", {"content_type": "text/csv"})["upload"]
    key, body = f"uploads/{TENANT}/{upload}", "\n".join(lines).encode()
    world.stack.client("s3").put_object(Bucket=world.stack.ids["Bucket"], Key=key, Body=body)
    result = job(world, {"kind": "import", "of": of, "upload": upload, "currency": "EUR"})
    same((result["applied"], result["refused"]), (len(lines) - 1, []), f"what was applied of {result}")


INVOICES, PAYMENTS = "invoice,customer id,date,due date,amount", "payment id,customer id,date,amount,invoice"


def jobs_import(world):
    """Files are taken: a payment of another customer, the same for an invoice of its own, and one that comes before that invoice."""
    restart(world, "JobsFunction")
    number, on = next(NUMBERS), today(-40)
    invoice_of = [f"{name}-{number},{name}C-{number},{on},{today(-10)},10.00" for name in "AB"]
    imported(world, "invoices", INVOICES, *invoice_of)
    imported(world, "payments", PAYMENTS, f"P-{number},BC-{number},{on},4.00,A-{number}")
    imported(world, "payments", PAYMENTS, f"P-{number},BC-{number},{on},4.00,B-{number}")
    imported(world, "payments", PAYMENTS, f"Q-{number},BC-{number},{on},4.00,C-{number}")
    imported(world, "invoices", INVOICES, f"C-{number},AC-{number},{on},{today(-10)},10.00")


def jobs_honour(world):
    """A file that names somebody again who was erased is taken, and a person is told."""
    number = next(NUMBERS)
    head, line = "id,name,email", f"J-{number},Buyer {number},j{number}@buyer.example"
    imported(world, "customers", head, line)
    erased(world, TENANT, "email", f"j{number}@buyer.example")
    restart(world, "JobsFunction")
    imported(world, "customers", head, line)
    assert any("erased" in one["title"] for one in world.exceptions(TENANT)), "nobody is told"


def jobs_look(world):
    """The book is looked through."""
    world.owes(TENANT)
    assert job(world, {"kind": "audit_book"})["customers"] > 0, "nobody was looked at"


def jobs_play(world):
    """The days to come are played; what one slice puts into the bucket, it reads there."""
    world.owes(TENANT)
    assert job(world, {"kind": "simulate", "days": 5})["customers"] > 0, "nobody was played"


def rows(world):
    """Every row of the table, by its key."""
    pages = world.stack.client("dynamodb").get_paginator("scan")
    found = pages.paginate(TableName=world.stack.ids["Table"], ProjectionExpression="pk, sk")
    return [row for page in found for row in page["Items"]]


def subscribed(world, events):
    """A subscription to an address where nobody listens; its id."""
    asked = {"url": "http://127.0.0.1:9/hook", "events": events}
    return world.outside.admin(TENANT, "POST", "/v1/subscriptions", asked)["id"]


def delivered_to(world, subscription):
    """What the log says of a subscription."""
    return world.outside.admin(TENANT, "GET", f"/v1/subscriptions/{subscription}/deliveries")["data"]


def read_model_queues(world):
    """An event is queued for a subscription, and `deliver` is rung."""
    subscription = subscribed(world, ["InvoiceUpserted"])
    name = world.stack.ids["DeliverQueue"].rsplit("/", 1)[-1]
    before = len(world.emulator.waiting()[name])
    world.owes(TENANT)
    until(lambda: delivered_to(world, subscription), "an event in the log", PATIENCE)
    until(lambda: len(world.emulator.waiting()[name]) > before, "a ring on the queue", PATIENCE)
    world.outside.admin(TENANT, "DELETE", f"/v1/subscriptions/{subscription}")


def deliver_tries(world):
    """What is due is tried, a failure is noted, and it is due again."""
    subscription = subscribed(world, ["InvoiceUpserted"])
    restart(world, "DeliverFunction")
    world.owes(TENANT)
    until(lambda: delivered_to(world, subscription), "an event in the log", PATIENCE)
    answer = world.stack.tick("DeliverFunction")
    assert answer["failed"] > 0, answer
    (tried, *_) = delivered_to(world, subscription)
    same((tried["status"], tried["tries"]), ("waiting", 1), "what was tried")
    return subscription


def deliver_tells(world):
    """A subscription that has failed for four days becomes an exception, and ends."""
    subscription = deliver_tries(world)
    key = {STORED["every"]["pk"]: {"S": f"T#{TENANT}#SUBSCRIPTIONS"}, STORED["every"]["sk"]: {"S": f"HEALTH#{subscription}"}}
    since = {":since": {"N": str(int((time.time() - 4 * 86_400) * 1000))}}
    name = {"#since": STORED["delivery_health"]["failing_since"]}
    client, table = world.stack.client("dynamodb"), world.stack.ids["Table"]
    client.update_item(
        TableName=table, Key=key, UpdateExpression="SET #since = :since", ExpressionAttributeNames=name, ExpressionAttributeValues=since
    )
    world.owes(TENANT)
    until(lambda: len(delivered_to(world, subscription)) > 1, "another event in the log", PATIENCE)
    world.stack.tick("DeliverFunction")
    shown = world.outside.admin(TENANT, "GET", f"/v1/subscriptions/{subscription}")
    same((shown["enabled"], shown.get("ended_because")), (False, "failing"), "how the subscription stands")
    assert any(subscription in one["detail"] for one in world.exceptions(TENANT)), "nobody is told"


def deliver_replays(world):
    """A replay is queued, and over."""
    subscription = deliver_tries(world)
    world.outside.admin(TENANT, "POST", f"/v1/subscriptions/{subscription}/replay", {"since": "2026-01-01T00:00:00Z"})
    world.stack.tick("DeliverFunction")
    asked = f"REPLAY#{subscription}"
    assert not [row for row in rows(world) if row[STORED["every"]["sk"]]["S"] == asked], "it is still under way"


PROBES = {
    "IngestRole": [ingest_applies, ingest_parks, ingest_reverses, ingest_waits, ingest_moves, ingest_honours],
    "SweepRole": [sweep_decides, sweep_asks, sweep_withdraws, sweep_hands_over],
    "SyncRole": [sync_reads, sync_follows, sync_waits, sync_honours, sync_hands_over],
    "DispatchRole": [dispatch_publishes],
    "ReadModelRole": [read_model_lists, read_model_seals, read_model_moves, read_model_walks, read_model_reckons, read_model_queues],
    "DeliverRole": [deliver_tries, deliver_tells, deliver_replays],
    "SendEmailRole": [email_sends, email_attaches, email_acknowledges],
    "SendSmsRole": [sms_sends],
    "EscalateRole": [escalate_tells, escalate_ends, escalate_finds],
    "FeedbackRole": [feedback_hears, feedback_settles, feedback_raises, feedback_hears_mail],
    "AdminRole": [admin_begins, admin_shows, admin_reads_what_was_parked, admin_applies_again, admin_documents, admin_disconnects, admin_forgets, admin_answers],
    "JobsRole": [jobs_import, jobs_honour, jobs_look, jobs_play],
    "MakeDocumentsRole": [make_documents_makes],
    "BeginPaymentRole": [begin_payment_begins, begin_payment_hears],
    "PortalRole": [portal_shows, portal_documents, portal_promises, portal_attaches, portal_answers, portal_is_called],
}
# Roles whose services the emulator does not have, with that as the reason.
UNSHOWN = {}
