"""Every role belongs to one function and grants single actions on single resources, but for a reviewed few; and what Lambda does in a
role's name, which no emulator asks for, is granted where it is needed and nowhere else.

usage: permissions.py EXPANDED
"""

import json
import sys

from template import finish, functions, load, of_type, target

# Role, statement: why it may name more than one resource.
REVIEWED = {
    ("DispatchRole", "ReviewedListStreams"): "AWS grants ListStreams on no single table",
    ("ReadModelRole", "ReviewedListStreams"): "AWS grants ListStreams on no single table",
    ("SendSmsRole", "ReviewedPublish"): "a phone number is no resource to AWS; a deny takes topics away",
    ("SendSmsRole", "ReviewedText"): "tenants choose their sender: a number, a pool or a sender id of the account",
    ("SendEmailRole", "ReviewedSend"): "tenants choose their sender; SenderIdentity narrows it",
    ("EscalateRole", "ReviewedSend"): "tenants choose their sender; SenderIdentity narrows it",
}
# A suffix that means the insides of one resource, not several resources.
INSIDE = {"${Bucket.Arn}/*", *(f"${{Bucket.Arn}}/{part}/*" for part in ("uploads", "incoming", "attached", "answered", "inbound", "jobs", "slices", "documents"))}

LOGS = {"logs:CreateLogStream", "logs:PutLogEvents"}
QUEUE = {"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"}
STREAM = {"dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"}


# What X-Ray needs of every role, and only where it is switched on: its actions know no resources.
TRACING = {
    "Fn::If": [
        "HasTracing",
        [{"Fn::Sub": "arn:${AWS::Partition}:iam::aws:policy/AWSXRayDaemonWriteAccess"}],
        {"Ref": "AWS::NoValue"},
    ]
}

# The roles that may open data keys of every purpose: they make them.
MAKES_KEYS = {"AdminRole"}


def listed(value):
    return value if isinstance(value, list) else [value]


def wide(resource):
    text = resource if isinstance(resource, str) else json.dumps(resource)
    if isinstance(resource, dict) and resource.get("Fn::Sub") in INSIDE:
        return False
    return "*" in text or "SenderIdentity" in text


def needed(resources):
    """What Lambda does in the name of roles: role, action, resource."""
    lambdas, queues = functions(resources), of_type(resources, "AWS::SQS::Queue")
    roles = {name: target(properties.get("Role")) for name, properties in lambdas.items()}
    found = set()
    for name, properties in lambdas.items():
        log = target(properties.get("LoggingConfig", {}).get("LogGroup"))
        found |= {(roles[name], action, arn(log)) for action in LOGS}
    for mapping in of_type(resources, "AWS::Lambda::EventSourceMapping").values():
        role, source = roles[target(mapping["FunctionName"])], mapping["EventSourceArn"]
        polled = QUEUE if target(source) in queues else STREAM
        found |= {(role, action, json.dumps(source)) for action in polled}
        if polled is STREAM:
            found.add((role, "dynamodb:ListStreams", json.dumps("*")))
        given_up = mapping.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination")
        if given_up:
            found.add((role, "sqs:SendMessage", json.dumps(given_up)))
    return found


def arn(resource):
    return json.dumps({"Fn::GetAtt": [resource, "Arn"]})


def granted(resources):
    """Role, action, resource of every grant."""
    for name, properties in of_type(resources, "AWS::IAM::Role").items():
        for policy in properties.get("Policies", []):
            for statement in policy["PolicyDocument"]["Statement"]:
                if statement["Effect"] == "Allow":
                    for resource in listed(statement.get("Resource", "*")):
                        yield from ((name, action, json.dumps(resource)) for action in listed(statement.get("Action", "*")))


def check_lambda(resources, problems):
    """Both ways: what Lambda needs is there, and nothing of its kind is there that it does not need."""
    wanted, found = needed(resources), set(granted(resources))
    for role, action, resource in sorted(wanted - found):
        problems.append(f"{role}: Lambda needs {action} on {resource} in its name")
    for role, action, resource in sorted(found - wanted):
        if action in LOGS | QUEUE | STREAM | {"dynamodb:ListStreams"}:
            problems.append(f"{role}: {action} on {resource} is for Lambda alone, which does not need it")
    return len(wanted)


def main():
    resources = load(sys.argv[1])
    problems, statements, used = [], 0, set()
    owners = {}
    for name, properties in functions(resources).items():
        role = target(properties.get("Role"))
        if role != name.removesuffix("Function") + "Role":
            problems.append(f"{name}: its role is {role}; each function has its own, named after it")
        owners.setdefault(role, name)
    for name, properties in of_type(resources, "AWS::IAM::Role").items():
        if name not in owners:
            problems.append(f"{name}: no function has this role")
        if properties.get("ManagedPolicyArns") not in (None, TRACING):
            problems.append(f"{name}: managed policies grant more than is needed; list the actions")
        for policy in properties.get("Policies", []):
            for statement in policy["PolicyDocument"]["Statement"]:
                if statement["Effect"] != "Allow":
                    continue
                statements += 1
                sid = statement.get("Sid", "?")
                for action in listed(statement.get("Action", "*")):
                    if "*" in action:
                        problems.append(f"{name}.{sid}: {action} is more than one action")
                if "NotAction" in statement or "NotResource" in statement:
                    problems.append(f"{name}.{sid}: says what it does not grant; list what it does")
                if "kms:Decrypt" in listed(statement.get("Action", "*")) and name not in MAKES_KEYS:
                    equals = statement.get("Condition", {}).get("StringEquals", {})
                    if equals.get("kms:EncryptionContext:purpose") not in ("links", "connections", "people", "notices"):
                        problems.append(f"{name}.{sid}: opens data keys whatever they are for; name the purpose")
                targets = listed(statement.get("Resource", "*"))
                if any(wide(r) for r in targets) or len(targets) != 1:
                    if (name, sid) not in REVIEWED:
                        problems.append(f"{name}.{sid}: grants on more than one resource: {json.dumps(targets)}")
                    used.add((name, sid))
    for unused in sorted(set(REVIEWED) - used):
        problems.append(f"{'.'.join(unused)} is reviewed but not in the template")
    lambdas = check_lambda(resources, problems)
    finish(
        "permissions",
        problems,
        f"{statements} grants, {len(REVIEWED)} of them reviewed as wider than one resource, {lambdas} actions that Lambda needs",
    )


if __name__ == "__main__":
    main()
