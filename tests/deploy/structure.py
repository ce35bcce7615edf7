"""What is deployed against what the template describes, where the emulator would take anything."""

import json
import pathlib
import re

import routes
from proof import same

RUNTIMES = {"provided.al2023"}
# The newest version of the C library that provided.al2023 has: https://docs.aws.amazon.com/linux/al2023
GLIBC_MAX = (2, 34)


def binaries(folder, proof, functions):
    """Each function's `bootstrap` can run where the template says it runs."""
    with proof.check("build.bootstraps", "every bootstrap runs with the C library of provided.al2023"):
        for name in functions:
            path = pathlib.Path(folder) / name / "bootstrap"
            wanted = re.findall(rb"GLIBC_(\d+)\.(\d+)", path.read_bytes())
            newest = max((int(major), int(minor)) for major, minor in wanted)
            assert newest <= GLIBC_MAX, f"{name} needs {newest}"


def functions(stack, proof):
    """Functions are as described."""
    client = stack.client("lambda")
    described = stack.of_type("AWS::Lambda::Function")
    with proof.check("functions.runtime", "every function has a runtime that AWS has"):
        for name, properties in described.items():
            assert properties["Runtime"] in RUNTIMES, f"{name} has the runtime {properties['Runtime']}"
    with proof.check("functions.as-described", f"{len(described)} functions have the template's role, memory, time and variables"):
        for name, properties in described.items():
            found = client.get_function_configuration(FunctionName=stack.ids[name])
            wanted = {key: properties.get(key, default) for key, default in (("MemorySize", 128), ("Timeout", 3), ("Handler", None))}
            same({key: found[key] for key in wanted}, wanted, name)
            role = properties["Role"]["Fn::GetAtt"]
            same(found["Role"].rsplit("/", 1)[-1], stack.ids[role[0] if isinstance(role, list) else role.split(".")[0]], f"role of {name}")
            same(sorted(found["Environment"]["Variables"]), sorted(properties["Environment"]["Variables"]), f"variables of {name}")


    with proof.check("functions.start", "every function starts with the variables that it was given"):
        for name in described:
            answer = client.invoke(FunctionName=stack.ids[name], Payload=b'{"Records": []}')
            said = answer["Payload"].read().decode()
            # Some take no batch and say so; that they say it is enough.
            assert "during init" not in said, f"{name}: {said[-700:]}"


def patterns(stack, proof, rules):
    """`rules`: by logical id, events to take and events to leave."""
    tried, events = 0, stack.client("events")
    with proof.check("rules.patterns", "the deployed patterns take what is really sent, and nothing else, by the emulator's own matching"):
        for rule, (take, leave) in rules.items():
            bus = "default" if rule == "SesRule" else stack.outputs["BusName"]
            pattern = events.describe_rule(Name=rule_name(stack, rule), EventBusName=bus)["EventPattern"]
            for event, wanted in [(event, True) for event in take] + [(event, False) for event in leave]:
                envelope = {"id": "1", "account": "0", "time": "2026-01-01T00:00:00Z", "region": "us-east-1", "resources": [], **event}
                found = events.test_event_pattern(EventPattern=pattern, Event=json.dumps(envelope))["Result"]
                same(found, wanted, f"{rule} takes {json.dumps(event)}")
                tried += 1
        assert tried, "there are no rules"


def kept(stack, proof):
    """What no deployment brings back is kept, and what it costs can be told apart."""
    with proof.check("kept.table", "the table refuses to be deleted, as the parameter says"):
        table = stack.client("dynamodb").describe_table(TableName=stack.ids["Table"])["Table"]
        same(table.get("DeletionProtectionEnabled"), stack.parameters["DeletionProtection"] == "true", "its protection")
        for name in ("Table", "Bucket", "Key"):
            same(stack.template["Resources"][name]["DeletionPolicy"], "RetainExceptOnCreate", f"the policy of {name}")
    with proof.check("kept.tags", "the stack has the tags of samconfig.toml, by which costs are told apart"):
        same(stack.tags, {"project": "dunlin", "environment": "dev"}, "tags")


def alarms(stack, proof, address):
    """Alarms reach the address that the parameter names, but for those that strangers could ring."""
    with proof.check("alarms.call", "every alarm calls the stack's own topic, which the operator is asked to subscribe to; strangers ring none"):
        topic = stack.ids["AlarmTopic"]
        subscribed = stack.client("sns").list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
        same([(one["Protocol"], one["Endpoint"]) for one in subscribed], [("email", address)], "subscriptions")
        pages = stack.client("cloudwatch").get_paginator("describe_alarms").paginate()
        found = {one["AlarmName"]: one for page in pages for one in page["MetricAlarms"]}
        for name in stack.of_type("AWS::CloudWatch::Alarm"):
            calls = found[stack.ids[name]]["AlarmActions"]
            same(calls, [] if name.endswith("RefusedAlarm") else [topic], f"what {name} calls")


def rule_name(stack, rule):
    """A rule's own name, whether or not its id begins with its bus."""
    return stack.ids[rule].rsplit("|", 1)[-1]


def grants(stack, proof):
    """What lets API Gateway, schedules and rules in; the emulator asks for none of it, so the deployed policies are read."""
    with proof.check("grants.functions", "every route and every schedule may invoke its function, by the function's own deployed policy"):
        api = stack.ids["Api"]
        for route, function in routes.described(stack):
            method, path = route.split(" ")
            wanted = f":{api}/*/{'*' if method == 'ANY' else method}{re.sub(r'{[^}]+}', '*', path)}"
            found = sources(stack, function, "apigateway.amazonaws.com")
            assert any(one.endswith(wanted) for one in found), f"{function} lets {found} in, and {wanted} is needed"
        for rule, properties in stack.of_type("AWS::Events::Rule").items():
            if "ScheduleExpression" in properties:
                for target in properties["Targets"]:
                    function = target["Arn"]["Ref"].removesuffix("Aliaslive")
                    found = sources(stack, function, "events.amazonaws.com")
                    assert any(one.endswith(f"rule/{stack.ids[rule]}") for one in found), f"{function} lets {found} in, not {rule}"
    with proof.check("grants.queues", "every rule and topic may write to its queue and its dead letters, by the queue's own deployed policy"):
        events = stack.client("events")
        for rule, properties in stack.of_type("AWS::Events::Rule").items():
            if "EventPattern" not in properties:
                continue
            bus = stack.ids.get(properties.get("EventBusName", {}).get("Ref")) or "default"
            name = rule_name(stack, rule)
            arn = events.describe_rule(Name=name, EventBusName=bus)["Arn"]
            (target,) = events.list_targets_by_rule(Rule=name, EventBusName=bus)["Targets"]
            for queue in (target["Arn"], target["DeadLetterConfig"]["Arn"]):
                assert arn in writers(stack, queue, "events.amazonaws.com"), f"{queue} does not let {rule} write"
        sns = stack.client("sns")
        for topic in sns.list_topics()["Topics"]:
            for one in sns.list_subscriptions_by_topic(TopicArn=topic["TopicArn"])["Subscriptions"]:
                if one["Protocol"] != "sqs":
                    continue
                said = sns.get_subscription_attributes(SubscriptionArn=one["SubscriptionArn"])["Attributes"]
                for queue in (one["Endpoint"], json.loads(said["RedrivePolicy"])["deadLetterTargetArn"]):
                    assert topic["TopicArn"] in writers(stack, queue, "sns.amazonaws.com"), f"{queue} does not let {topic} write"


def sources(stack, function, principal):
    """What a function's policy lets in, of one service."""
    policy = json.loads(stack.client("lambda").get_policy(FunctionName=stack.ids[function])["Policy"])
    said = [one for one in policy["Statement"] if one["Principal"] == {"Service": principal}]
    return [one["Condition"]["ArnLike"]["AWS:SourceArn"] for one in said]


def writers(stack, queue, principal):
    """The rules or topics that a queue's policy lets write; nobody else may, and nothing else."""
    sqs = stack.client("sqs")
    url = sqs.get_queue_url(QueueName=queue.rsplit(":", 1)[-1])["QueueUrl"]
    policy = json.loads(sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"])["Attributes"]["Policy"])
    found = []
    for statement in policy["Statement"]:
        assert statement["Principal"]["Service"] in ("events.amazonaws.com", "sns.amazonaws.com"), f"{queue}: {statement}"
        same(statement["Action"], "sqs:SendMessage", queue)
        one = statement["Condition"]["ArnEquals"]["aws:SourceArn"]
        if statement["Principal"]["Service"] == principal:
            found += one if isinstance(one, list) else [one]
    return found
