"""Writes what template.yaml says of each function by rule: its log, its alarms, and where the bus fills its queue, the queue, the rule and
their policies. The functions are listed once, as resources; a sender is one called Send<Channel>Function.

    python3 -B infra/checks/generate.py [--write] [TEMPLATE]

Without --write it says whether the template is as it would be written, and fails where not.

    Metadata: { …, Takes: { detail-type: [MessageQueued], detail: { channel: [email] } } }

at a function is the pattern of the events on our bus that its queue brings. The queue is called after the function, without Send.

Between `# generated` and `# end generated` everything is written here. Lists elsewhere are filled in: the alarms that take a new version
back, the rules that may write dead letters, queries whose logs end in `# every function` or `# the way of a message`, and the widgets of
the dashboard that show something of every alarm, function, queue or channel.
"""

import json
import pathlib
import re
import sys

from listed import FUNCTION, ROOT, kebab

RESOURCE = re.compile(r"^  (\w+):\n    Type: (\S+)\n(.*?)(?=^  (?:\S|# -)|^\S|\Z)", re.M | re.S)
SECTION = re.compile(r"(  # generated: (\w+)\n).*?(  # end generated\n)", re.S)
LOGS = re.compile(r"LogGroupNames: \[[^\]]*\]( # (every function|the way of a message)\n)")


class Function:
    """A function of the template, and what is made of it."""

    def __init__(self, name, text):
        self.name, self.text, self.folder = name, text, kebab(name)
        self.queue = name.removeprefix("Send")
        self.channel = self.folder.removeprefix("send-") if name.startswith("Send") else None
        takes = re.search(r"\bTakes: (\{.*\}) \}$", text, re.M)
        # Without the outer braces: the rest of the pattern stands beside it.
        self.takes = takes[1][1:-1].strip() if takes else None

    def timeout(self, usual):
        """Seconds that it may take."""
        found = re.search(r"^      Timeout: (\d+)$", self.text, re.M)
        return int(found[1]) if found else usual

    def is_called_by_nobody(self):
        """Whether nobody who waits sees it fail: a queue or a schedule invokes it."""
        return re.search(r"^          Type: (?:SQS|Schedule)$", self.text, re.M) is not None

    def work(self):
        """What it does, in the words of its description."""
        words = re.search(r"^      Description: (.*)$", self.text, re.M)[1]
        return words[0].lower() + words[1:].rstrip(".")


class Template:
    """The template, as text."""

    def __init__(self, text):
        self.text = text
        by_hand = SECTION.sub("", text)
        self.by_hand = {name: kind for name, kind, _ in RESOURCE.findall(by_hand)}
        bodies = {name: body for name, _, body in RESOURCE.findall(text)}
        self.functions = [Function(name, bodies[f"{name}Function"]) for name in FUNCTION.findall(text)]
        self.timeout = int(re.search(r"^    Timeout: (\d+)$", text, re.M)[1])
        # Whom alarms are sent to, as an alarm by hand has it.
        self.sent_to = "".join(re.findall(r"^      (?:AlarmActions|OKActions): .*\n", bodies["DeadLettersAlarm"], re.M))

    def taking(self):
        """The functions whose queue the bus fills."""
        return [function for function in self.functions if function.takes]

    def senders(self):
        """The functions that send, one a channel."""
        return [function for function in self.functions if function.channel]

    def of_type(self, kind, text):
        """Resources of a type, in their order."""
        return [name for name, found, _ in RESOURCE.findall(text) if found == kind]


def queues(template):
    """Queue, rule and policy of each function that takes events from the bus."""
    for function in template.taking():
        # Visible again after six times its reader's timeout, so that a slow batch is not given out twice.
        name, seconds = function.queue, 6 * function.timeout(template.timeout)
        yield f"""
  {name}Queue:
    Type: AWS::SQS::Queue
    Properties:
      VisibilityTimeout: {seconds}
      SqsManagedSseEnabled: true
      RedrivePolicy: {{ deadLetterTargetArn: !GetAtt DeadLetters.Arn, maxReceiveCount: 5 }}

  {name}Rule:
    Type: AWS::Events::Rule
    Properties:
      EventBusName: !Ref Bus
      EventPattern: {{ source: [dunlin], {function.takes} }}
      Targets:
        - Id: {name}Queue
          Arn: !GetAtt {name}Queue.Arn
          DeadLetterConfig: {{ Arn: !GetAtt DeadLetters.Arn }}

  {name}QueuePolicy:
    Type: AWS::SQS::QueuePolicy
    Properties:
      Queues: [!Ref {name}Queue]
      PolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Effect: Allow
            Principal: {{ Service: events.amazonaws.com }}
            Action: sqs:SendMessage
            Resource: !GetAtt {name}Queue.Arn
            Condition: {{ ArnEquals: {{ "aws:SourceArn": !GetAtt {name}Rule.Arn }} }}
"""


def logs(template):
    """The log group of each function."""
    for function in template.functions:
        yield f"""
  {function.name}Log:
    Type: AWS::Logs::LogGroup
    Properties:
      LogGroupName: !Sub "/${{AWS::StackName}}/{function.folder}"
      RetentionInDays: !Ref LogRetentionDays
"""


def alarm(template, name, description, metric, threshold, statistic="Sum", periods=1):
    """An alarm over five minutes; `metric` is namespace, name and dimensions."""
    namespace, figure, dimensions = metric
    return f"""
  {name}Alarm:
    Type: AWS::CloudWatch::Alarm
    Properties:
      AlarmDescription: {description}
      Namespace: {namespace}
      MetricName: {figure}
      Dimensions: [{dimensions}]
      Statistic: {statistic}
      Period: 300
      EvaluationPeriods: {periods}
      Threshold: {threshold}
      ComparisonOperator: GreaterThanThreshold
      TreatMissingData: notBreaching
{template.sent_to}"""


def alarms(template):
    """What rings for each function that nobody waits for, each queue that the bus fills, and each channel."""
    for function in template.functions:
        name, folder = function.name, function.folder
        if function.is_called_by_nobody() and f"{name}ErrorsAlarm" not in template.by_hand:
            metric = ("AWS/Lambda", "Errors", f"{{ Name: FunctionName, Value: !Ref {name}Function }}")
            yield alarm(template, f"{name}Errors", f"{folder} keeps failing ({function.work()}).", metric, 0, periods=2)
    for function in template.taking():
        queue = f"{function.queue}Queue"
        metric = ("AWS/SQS", "ApproximateAgeOfOldestMessage", f"{{ Name: QueueName, Value: !GetAtt {queue}.QueueName }}")
        description = f"What the bus put on the queue of {function.folder} has waited for more than half an hour."
        yield alarm(template, f"{queue}Age", description, metric, 1800, "Maximum")
    for function in template.senders():
        metric = ("!Ref AWS::StackName", "messages", f"{{ Name: channel, Value: {function.channel} }}, {{ Name: ended, Value: unknown }}")
        description = f"{function.folder} died in a call to its provider, so nobody knows yet whether that message left."
        yield alarm(template, f"{function.queue}InDoubt", description, metric, 0)


def nothing_left(template):
    """What rings where messages were due for a day and no sender's left."""
    terms = {function.channel.replace("-", "_"): function.channel for function in template.senders()}

    def term(name, metric, dimensions):
        return f"""        - Id: {name}
          ReturnData: false
          MetricStat:
            Metric: {{ Namespace: !Ref AWS::StackName, MetricName: {metric}, Dimensions: [{dimensions}] }}
            Stat: Sum
            Period: 86400
"""

    of_channel = "{{ Name: channel, Value: {} }}, {{ Name: ended, Value: sent }}"
    sent = "".join(term(name, "messages", of_channel.format(channel)) for name, channel in terms.items())
    yield f"""
  # Sums over what is there: a figure that was not printed in the time is left out, so that nothing sent leaves `due` alone.
  NothingLeftAlarm:
    Type: AWS::CloudWatch::Alarm
    Properties:
      AlarmDescription: For a day messages of live tenants were due and none left.
      Metrics:
        - Id: nothing_left
          Expression: IF(due > 0 AND SUM([{", ".join(["due", *terms])}]) == due, 1, 0)
{term("due", "due", "{ Name: function, Value: sweep }")}{sent}      EvaluationPeriods: 1
      Threshold: 0
      ComparisonOperator: GreaterThanThreshold
      TreatMissingData: notBreaching
{template.sent_to}"""


SECTIONS = {"queues": queues, "logs": logs, "alarms": alarms, "nothing_left": nothing_left}


def widget(template, alarms_there, one):
    """A widget of the dashboard, with its lists filled in."""
    properties = one["properties"]
    if "alarms" in properties:
        properties["alarms"] = ["${" + name + ".Arn}" for name in alarms_there]
        return one
    first = properties["metrics"][0]
    begins = first[:3] if all(isinstance(part, str) for part in first) else []
    if begins[2:] == ["FunctionName"]:
        properties["metrics"] = [[*begins, "${" + function.name + "Function}"] for function in template.functions]
    if begins == ["AWS/SQS", "ApproximateAgeOfOldestMessage", "QueueName"]:
        properties["metrics"] = [[*begins, "${" + function.queue + "Queue.QueueName}"] for function in template.taking()]
    if begins[1:] == ["messages", "channel"]:
        properties["metrics"] = [[*begins, function.channel, *first[4:]] for function in template.senders()]
    return one


def filled(template, text):
    """The lists that stand among what is written by hand."""
    alarms_there, rules = template.of_type("AWS::CloudWatch::Alarm", text), template.of_type("AWS::Events::Rule", text)
    errors = [f"{function.name}ErrorsAlarm" for function in template.functions if f"{function.name}ErrorsAlarm" in alarms_there]
    refs = ", ".join(f"!Ref {name}" for name in ("ApiErrorsAlarm", "DeadLettersAlarm", *errors))
    text = re.sub(r"(?<=^      Alarms: )\[.*\]$", f"[{refs}]", text, flags=re.M)
    arns = ", ".join(f"!GetAtt {name}.Arn" for name in rules)
    text = re.sub(r'(?<=^                "aws:SourceArn": )\[.*\]$', f"[{arns}]", text, flags=re.M)
    every = [f"!Ref {function.name}Log" for function in template.functions]
    of_message = [f"!Ref {one.name}Log" for one in template.functions if one.channel or one.name in ("Dispatch", "Feedback")]
    text = LOGS.sub(lambda found: f"LogGroupNames: [{', '.join(every if found[2] == 'every function' else of_message)}]{found[1]}", text)

    def line(found):
        one = widget(template, alarms_there, json.loads(found[2]))
        return found[1] + json.dumps(one, ensure_ascii=False) + found[3]

    return re.sub(r'^( +)(\{"type": ".*\}\})(,?)$', line, text, flags=re.M)


def generated(text):
    """The template as it would be written."""
    template = Template(text)
    missing = set(SECTIONS) - {found[1] for found in SECTION.findall(text)}
    if missing:
        sys.exit(f"generate: the template has no section `# generated: {missing.pop()}`")
    text = SECTION.sub(lambda found: found[1] + "".join(SECTIONS[found[2]](template)) + "\n" + found[3], text)
    return filled(template, text)


def main():
    given = [one for one in sys.argv[1:] if one != "--write"]
    path = pathlib.Path(given[0]) if given else ROOT / "template.yaml"
    text = path.read_text(encoding="utf-8")
    wanted = generated(text)
    if "--write" in sys.argv:
        path.write_text(wanted, encoding="utf-8")
    elif wanted != text:
        lines = zip(text.splitlines(), wanted.splitlines())
        number, (is_there, meant) = next((n, pair) for n, pair in enumerate(lines, 1) if pair[0] != pair[1])
        sys.exit(
            f"generate: {path}:{number}: is {is_there.strip()[:80]!r}, and {meant.strip()[:80]!r} is meant; "
            "if functions changed, run: python3 -B infra/checks/generate.py --write"
        )
    print(f"generate: {len(Template(wanted).functions)} functions, and what is written of them by rule")


if __name__ == "__main__":
    main()
