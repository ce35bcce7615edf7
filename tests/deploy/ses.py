"""What SES says of a mail, and how it gets on the default bus.

AWS lets nobody but SES publish with the source `aws.ses`, and the emulator holds to that while its SES publishes nothing. So a twin of
the deployed rule stands beside it: the same pattern but for the source, the same targets, and an input that names SES again.
"""

import json

from outside import instant

SOURCE = "test.ses"
TWIN = "twin-of-the-ses-rule"


def event(kind, mail, tags, **parts):
    """The detail of an event about a mail."""
    about = {"timestamp": instant(), "messageId": mail["MessageId"], "destination": mail["To"], "tags": tags}
    return {"eventType": kind, "mail": about, **parts}


def matches(stack, name, detail):
    """Whether the deployed rule's own pattern takes what SES would publish."""
    events, rule = stack.client("events"), stack.ids["SesRule"].rsplit("|", 1)[-1]
    envelope = {
        **{"version": "0", "id": "1", "account": "000000000000", "region": "us-east-1", "time": instant(), "resources": []},
        **{"source": "aws.ses", "detail-type": name, "detail": detail},
    }
    pattern = events.describe_rule(Name=rule)["EventPattern"]
    return events.test_event_pattern(EventPattern=pattern, Event=json.dumps(envelope))["Result"]


def publish(stack, name, detail):
    """Puts an event on the default bus and lets the twin carry it where the deployed rule carries SES's."""
    if not matches(stack, name, detail):
        raise AssertionError(f"the rule's pattern does not take {name} of aws.ses")
    events, rule = stack.client("events"), stack.ids["SesRule"].rsplit("|", 1)[-1]
    pattern = json.loads(events.describe_rule(Name=rule)["EventPattern"])
    events.put_rule(Name=TWIN, EventPattern=json.dumps({**pattern, "source": [SOURCE]}))
    paths = {"type": "$.detail-type", "detail": "$.detail", "time": "$.time"}
    text = '{"source": "aws.ses", "detail-type": <type>, "detail": <detail>, "time": <time>}'
    targets = [
        {"Id": one["Id"], "Arn": one["Arn"], "InputTransformer": {"InputPathsMap": paths, "InputTemplate": text}}
        for one in events.list_targets_by_rule(Rule=rule)["Targets"]
    ]
    events.put_targets(Rule=TWIN, Targets=targets)
    entry = {"Source": SOURCE, "DetailType": name, "Detail": json.dumps(detail), "EventBusName": "default"}
    answer = events.put_events(Entries=[entry])
    events.remove_targets(Rule=TWIN, Ids=[one["Id"] for one in targets])
    events.delete_rule(Name=TWIN)
    if answer["FailedEntryCount"]:
        raise AssertionError(f"the bus refused the event: {answer}")
