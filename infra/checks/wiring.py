"""Queues, logs, routes and event patterns of the expanded template.

Linters do not know whether a pattern matches what is really sent, so each is tried on events that it must take and must leave. Those on
our own bus are made from docs/schemas/events.schema.json, so that a rule joins without a word here.

usage: wiring.py EXPANDED
"""

import json
import pathlib
import sys

from template import finish, folder, functions, load, of_type, target

SCHEMA = pathlib.Path(__file__).resolve().parents[2] / "docs/schemas/events.schema.json"


def matches(pattern, event):
    """EventBridge's and Lambda's matching, as far as the template uses it."""
    for key, wanted in pattern.items():
        if key not in event:
            return False
        value = event[key]
        if isinstance(wanted, dict):
            if not isinstance(value, dict) or not matches(wanted, value):
                return False
        elif not any(one(w, v) for w in wanted for v in (value if isinstance(value, list) else [value])):
            return False
    return True


def one(wanted, value):
    if not isinstance(wanted, dict):
        return wanted == value
    (operator, argument), = wanted.items()
    if operator == "prefix":
        return isinstance(value, str) and value.startswith(argument)
    raise SystemExit(f"wiring: the pattern operator {operator} is not known to this check; teach it first")


def fields(schema, form):
    """What an object of the schema may hold, by name."""
    if "$ref" in form:
        return fields(schema, schema["$defs"][form["$ref"].rsplit("/", 1)[-1]])
    found = {}
    for part in form.get("allOf", []):
        found |= fields(schema, part)
    return found | form.get("properties", {})


def values(schema, form):
    """Values that a field may have: all words of a list, one of everything else."""
    if "$ref" in form:
        return values(schema, schema["$defs"][form["$ref"].rsplit("/", 1)[-1]])
    if "const" in form:
        return [form["const"]]
    if "enum" in form:
        return form["enum"]
    return {"integer": [form.get("minimum", 1)], "boolean": [False]}.get(form.get("type"), [form.get("pattern", "^x").lstrip("^") + "1"])


def described():
    """Every kind of event that the schema has for our bus, once for each word that one of its fields may be."""
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    found = []
    for part in schema["allOf"]:
        form = fields(schema, part["then"]["properties"]["detail"])
        usual = {name: values(schema, one)[0] for name, one in form.items()}
        varied = [{name: word} for name, one in form.items() for word in values(schema, one)]
        for kind in part["if"]["properties"]["detail-type"]["enum"]:
            for other in varied:
                event = {"source": "dunlin", "detail-type": kind, "detail": {**usual, **other}}
                found += [event] if event not in found else []
    return found


def ses(kind):
    return {"source": "aws.ses", "detail-type": kind, "detail": {"mail": {"tags": {"message": ["msg_1"]}}}}


def change(kind, sk):
    return {"eventName": kind, "dynamodb": {"Keys": {"pk": {"S": "x"}, "sk": {"S": sk}}}}


TEXTED = {"source": "aws.sms-voice", "detail-type": "Text Message Delivery Status Updated", "detail": {"eventType": "TEXT_DELIVERED", "context": {}}}

SES = ["Email Sent", "Email Delivered", "Email Bounced", "Email Complaint Received", "Email Rejected",
       "Email Rendering Failed", "Email Delivery Delayed"]

# Rule on events that are not ours: events to take, events to leave.
FOREIGN = {
    "SesRule": (
        [*(ses(kind) for kind in SES), TEXTED],
        [{**ses("Email Sent"), "source": "dunlin"}, ses("Sending Status Change"), {**TEXTED, "detail-type": "Voice Message Delivery Status Updated"}],
    ),
}
# What the second reader writes begins like this, and portal links and their codes do: neither may see it, or it would make work of its own work.
WRITTEN = (
    *("L#acme gmbh#cus_1", "L#2026-01-01#inv_1", "V#INV#i-1#0000000001", "V#SETTINGS#0000000002", "KEY#x", "LINK#x", "LINK", "SENT"),
    *("CODE#lnk_1", "ASKED#code", "ASKED#new_link", "ASKED#change", "DLV#evt_1", "LANE", "HEALTH#sub_1", "REPLAY#sub_1"),
)
# What rows and versions are made of, and the records that are looked at.
READ = (
    *("HEAD", "PROFILE", "PROFILE#AGR#agr_1", "INV#i-1", "PAY#p-1", "SHARED#p-1", "REV#p-1#r", "COV#1", "DEC#1", "TSK#1", "ADR", "OWNER"),
    *("SETTINGS", "BREAKER", "WF#w", "TPL#t#email#en", "HEARD#stripe"),
    # What DispatchFunction takes besides: subscriptions get the events that the bus gets.
    *("HINT#Invoice#1", "JOB#job_1", "TEST#tst_1", "SVM#svm_1", "BASKET#pay_1", "WRITE#cus_1#pay_1", "REPLY#rpl_1"),
)
KINDS = ("INSERT", "MODIFY", "REMOVE")
# Function that reads the stream: changes to see, changes to leave.
STREAM = {
    "DispatchFunction": (
        [change(kind, sk) for kind in KINDS[:2] for sk in ("HEAD", "INV#i-1", "PAY#p-1", "COV#1", "TSK#1", "HINT#Invoice#1", "JOB#job_1", "PROFILE#AGR#agr_1", "TEST#tst_1", "SVM#svm_1", "BASKET#pay_1", "WRITE#cus_1#pay_1", "REPLY#rpl_1")],
        [change("REMOVE", "INV#i-1"), change("INSERT", "WRITTEN#pay_1"), change("INSERT", "BASKET"), change("INSERT", "RCPT#1"), change("INSERT", "NTC#ntc_1"), change("MODIFY", "DEC#1"), change("INSERT", "TESTS#2026-01-01T09"), *(change("INSERT", sk) for sk in WRITTEN)],
    ),
    "ReadModelFunction": (
        [change(kind, sk) for kind in KINDS for sk in READ],
        [change(kind, sk) for kind in KINDS for sk in ("RCPT#1", "NTC#ntc_1", "MARK#2026-01-01#cus_1", "WALK", "ROWS#m#1", "WFV#w#000001", "CONN#stripe", "TESTS#2026-01-01T09", "SUBSCRIPTION#sub_1", "WRITTEN#pay_1", *WRITTEN)],
    ),
}
ROUTES = {
    "IngestFunction": {("post", "/webhooks/{tenant}/{source}")},
    "AdminFunction": {
        *{("x-amazon-apigateway-any-method", "/v1/{proxy+}"), ("get", "/oauth/{source}/callback")},
        *{("get", "/openapi.json"), ("get", "/docs"), ("x-amazon-apigateway-any-method", "/mcp")},
        *{("x-amazon-apigateway-any-method", "/.well-known/oauth-protected-resource" + of) for of in ("", "/mcp")},
    },
    "PortalFunction": {
        *{("get", "/p/{link}"), ("post", "/p/{link}"), ("get", "/p/{link}/{proxy+}"), ("post", "/p/{link}/{proxy+}")},
        *{("get", "/s/{link}"), ("get", "/s/{link}/{proxy+}")},
    },
}


def check_queues(resources, problems):
    queues, lambdas = of_type(resources, "AWS::SQS::Queue"), functions(resources)
    read = set()
    for name, mapping in of_type(resources, "AWS::Lambda::EventSourceMapping").items():
        queue, function = target(mapping["EventSourceArn"]), target(mapping["FunctionName"])
        if mapping.get("BatchSize", 10) > 1 and mapping.get("FunctionResponseTypes") != ["ReportBatchItemFailures"]:
            problems.append(f"{name}: a batch must report partial failures")
        if queue in queues:
            read.add(queue)
            visible, timeout = queues[queue].get("VisibilityTimeout", 30), lambdas[function].get("Timeout", 3)
            if visible < 6 * timeout:
                problems.append(f"{queue}: visible after {visible} s; {function} may take {timeout} s, so at least {6 * timeout}")
    for name, queue in queues.items():
        if name == "LastResort":
            continue
        if name not in read:
            problems.append(f"{name}: nothing reads it")
        last = target(queue.get("RedrivePolicy", {}).get("deadLetterTargetArn"))
        wanted = "LastResort" if name == "DeadLetters" else "DeadLetters"
        if last != wanted:
            problems.append(f"{name}: gives up to {last}; {wanted} is meant")


def patterns(resources):
    """The patterns of rules, by logical id."""
    return {n: r["EventPattern"] for n, r in of_type(resources, "AWS::Events::Rule").items() if "EventPattern" in r}


def rules(resources):
    """Rule: events to take, events to leave."""
    events, found = described(), dict(FOREIGN)
    for name, pattern in patterns(resources).items():
        if name not in FOREIGN:
            take = [event for event in events if matches(pattern, event)]
            leave = [event for event in events if event not in take] + [{**event, "source": "other"} for event in take]
            found[name] = (take, leave)
    return found


def readers(resources, queue):
    """The functions that read a queue."""
    mappings = of_type(resources, "AWS::Lambda::EventSourceMapping").values()
    return {target(m["FunctionName"]) for m in mappings if target(m["EventSourceArn"]) == queue}


def check_words(name, pattern, problems):
    """A pattern on our bus asks for nothing that the schema does not know, so that a typing error does not just take nothing."""
    kinds = [event for event in described() if event["detail-type"] in pattern.get("detail-type", [])]
    for kind in set(pattern.get("detail-type", ["none at all"])) - {event["detail-type"] for event in kinds}:
        problems.append(f"{name}: docs/schemas/events.schema.json has no event {kind}")
    for field, wanted in pattern.get("detail", {}).items():
        for word in wanted if isinstance(wanted, list) else []:
            if not any(one(word, event["detail"].get(field)) for event in kinds):
                problems.append(f"{name}: no event that it takes has {word} as {field}")


def check_senders(resources, problems):
    """A message reaches the sender of its channel by a rule and a queue, and nothing else."""
    senders = {folder(name).removeprefix("send-"): name for name in functions(resources) if name.startswith("Send")}
    queued = [event for event in described() if event["detail-type"] == "MessageQueued"]
    for channel in sorted({event["detail"]["channel"] for event in queued}):
        event = next(event for event in queued if event["detail"]["channel"] == channel)
        taken = [n for n, pattern in patterns(resources).items() if matches(pattern, event)]
        queues = [target(t["Arn"]) for n in taken for t in of_type(resources, "AWS::Events::Rule")[n]["Targets"]]
        reached = sorted(function for queue in queues for function in readers(resources, queue))
        wanted = [senders[channel]] if channel in senders else []
        if [name for name in reached if name.startswith("Send")] != wanted:
            problems.append(f"a message queued for {channel} reaches {reached}, and {wanted} is meant")


def statements(policy):
    """The statements of a policy, those of conditions too, as they are where the condition holds."""
    listed = policy["PolicyDocument"]["Statement"]
    return [one["Fn::If"][1] if "Fn::If" in one else one for one in listed]


def writers(resources):
    """By queue, what its policy lets write to it."""
    allowed = {}
    for policy in of_type(resources, "AWS::SQS::QueuePolicy").values():
        for statement in statements(policy):
            sources = statement["Condition"]["ArnEquals"]["aws:SourceArn"]
            for source in sources if isinstance(sources, list) else [sources]:
                allowed.setdefault(target(statement["Resource"]), set()).add(target(source))
    return allowed


def check_topics(resources, problems):
    """What a topic passes on reaches its queue, and is kept where it cannot."""
    allowed = writers(resources)
    for name, subscription in of_type(resources, "AWS::SNS::Subscription").items():
        given_up = target(subscription.get("RedrivePolicy", {}).get("deadLetterTargetArn"))
        if given_up != "DeadLetters":
            problems.append(f"{name}: gives up to {given_up}; DeadLetters is meant")
        for queue in (target(subscription["Endpoint"]), given_up):
            if target(subscription["TopicArn"]) not in allowed.get(queue, set()):
                problems.append(f"{name}: no queue policy lets {target(subscription['TopicArn'])} write to {queue}")


def check_rules(resources, problems):
    tried = 0
    allowed = writers(resources)
    found, of_rule = patterns(resources), of_type(resources, "AWS::Events::Rule")
    for name in sorted(set(FOREIGN) - set(found)):
        problems.append(f"{name}: wiring.py has examples of it, and the template does not have it")
    for name, (take, leave) in sorted(rules(resources).items()):
        if name not in found:
            continue
        tried += len(take) + len(leave)
        if name not in FOREIGN:
            check_words(name, found[name], problems)
            if target(of_rule[name].get("EventBusName")) != "Bus":
                problems.append(f"{name}: is not on our bus, so wiring.py needs examples of what it takes")
        if not take:
            problems.append(f"{name}: takes nothing")
        for event in take:
            if not matches(found[name], event):
                problems.append(f"{name}: does not take {json.dumps(event)}")
        for event in leave:
            if matches(found[name], event):
                problems.append(f"{name}: takes {json.dumps(event)}")
        for wanted in of_rule[name]["Targets"]:
            for queue in (target(wanted["Arn"]), target(wanted.get("DeadLetterConfig", {}).get("Arn"))):
                if name not in allowed.get(queue, set()):
                    problems.append(f"{name}: no queue policy lets it write to {queue}")
    return tried


def check_stream(resources, problems):
    mappings = of_type(resources, "AWS::Lambda::EventSourceMapping").values()
    filtered = {target(m["FunctionName"]): m for m in mappings if "FilterCriteria" in m}
    if set(filtered) != set(STREAM):
        problems.append(f"{sorted(filtered)} have a filter, and {sorted(STREAM)} are meant to read the stream")
        return 0
    for name, mapping in filtered.items():
        patterns = [json.loads(f["Pattern"]) for f in mapping["FilterCriteria"]["Filters"]]
        take, leave = STREAM[name]
        for record in take:
            if not any(matches(p, record) for p in patterns):
                problems.append(f"{name} does not see {json.dumps(record)}")
        for record in leave:
            if any(matches(p, record) for p in patterns):
                problems.append(f"{name} sees {json.dumps(record)}")
        if not mapping.get("BisectBatchOnFunctionError") or "DestinationConfig" not in mapping:
            problems.append(f"{name}: a batch that fails must be halved, and told of when it is given up")
    return sum(len(take) + len(leave) for take, leave in STREAM.values())


def check_routes(resources, problems):
    body = of_type(resources, "AWS::ApiGatewayV2::Api")["Api"]["Body"]
    found = {}
    for path, methods in body["paths"].items():
        for method, operation in methods.items():
            uri = json.dumps(operation["x-amazon-apigateway-integration"]["uri"])
            function = next((f for f in functions(resources) if "${" + f + "Aliaslive}" in uri), None)
            found.setdefault(function, set()).add((method, path))
            if operation.get("security"):
                problems.append(f"{method} {path}: has an authorizer, and the functions look themselves who calls")
    if found != ROUTES:
        problems.append(f"routes are {found}, and {ROUTES} are meant")


def check_functions(resources, problems):
    logs = of_type(resources, "AWS::Logs::LogGroup")
    for name, properties in functions(resources).items():
        log = target(properties.get("LoggingConfig", {}).get("LogGroup"))
        if log not in logs or "RetentionInDays" not in logs[log]:
            problems.append(f"{name}: has no log group that forgets")


def main():
    resources, problems = load(sys.argv[1]), []
    check_queues(resources, problems)
    check_senders(resources, problems)
    tried = check_rules(resources, problems) + check_stream(resources, problems)
    check_topics(resources, problems)
    check_routes(resources, problems)
    check_functions(resources, problems)
    finish("wiring", problems, f"{tried} events against patterns, {sum(map(len, ROUTES.values()))} routes, every queue and log group")


if __name__ == "__main__":
    main()
