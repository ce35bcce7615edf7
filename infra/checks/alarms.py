"""Every alarm calls a person, has a row in docs/operations.md and is on the dashboard; what strangers could ring calls nobody.

usage: alarms.py EXPANDED ROOT
"""

import fnmatch
import json
import pathlib
import re
import sys

from template import finish, load, of_type

# Figures that anybody on the internet can raise, without a token or a secret: metric, and the dimension that says so.
ANYBODY = {("webhooks", ("result", "refused"))}
# What alarms may call: the topic that is given, and the one that is made.
TOPICS = [
    {"Fn::If": ["HasAlarmTopic", {"Ref": "AlarmTopicArn"}, {"Ref": "AWS::NoValue"}]},
    {"Fn::If": ["HasAlarmEmail", {"Ref": "AlarmTopic"}, {"Ref": "AWS::NoValue"}]},
]
# A name, or a family of names that are written by rule: `*QueueAgeAlarm`.
NAMED = re.compile(r"`([\w*]+Alarm)`")


def rung_by_anybody(alarm):
    """Whether a stranger's requests alone could ring it."""
    dimensions = {(one["Name"], one["Value"]) for one in alarm.get("Dimensions", []) if isinstance(one["Value"], str)}
    return any(alarm.get("MetricName") == metric and mark in dimensions for metric, mark in ANYBODY)


def watched(alarm):
    """The figures that it is made of; CloudWatch charges for each."""
    return [one for one in alarm.get("Metrics", []) if "MetricStat" in one] or [alarm]


def check_actions(alarms, problems):
    """Both topics are called when it rings and when it ends, or neither."""
    for name, alarm in alarms.items():
        wanted = [] if rung_by_anybody(alarm) else TOPICS
        if alarm.get("ActionsEnabled", True) is not True:
            problems.append(f"{name}: its actions are switched off")
        for actions in ("AlarmActions", "OKActions"):
            if alarm.get(actions, []) != wanted:
                said = "calls somebody, though strangers can ring it" if not wanted else "does not call both topics"
                problems.append(f"{name}: {actions} {said}")


def check_shown(resources, alarms, problems):
    """The dashboard has each of them."""
    for name, dashboard in of_type(resources, "AWS::CloudWatch::Dashboard").items():
        body = json.dumps(dashboard["DashboardBody"])
        problems += [f"{name} does not show {alarm}" for alarm in alarms if f"${{{alarm}.Arn}}" not in body]


def check_told(root, alarms, problems):
    """docs/operations.md says what to do about each, and about no other."""
    rows = [line for line in (root / "docs" / "operations.md").read_text(encoding="utf-8").splitlines() if line.startswith("| `")]
    told = {name for row in rows for name in NAMED.findall(row.split("|")[1])}
    for name in sorted(alarms):
        if not any(fnmatch.fnmatchcase(name, family) for family in told):
            problems.append(f"docs/operations.md has no row for {name}")
    for family in sorted(told):
        if not fnmatch.filter(alarms, family):
            problems.append(f"docs/operations.md has a row for {family}, which is not in the template")


def main():
    resources, root, problems = load(sys.argv[1]), pathlib.Path(sys.argv[2]), []
    alarms = of_type(resources, "AWS::CloudWatch::Alarm")
    check_actions(alarms, problems)
    check_shown(resources, alarms, problems)
    check_told(root, alarms, problems)
    quiet, figures = sum(map(rung_by_anybody, alarms.values())), sum(len(watched(alarm)) for alarm in alarms.values())
    finish("alarms", problems, f"{len(alarms)} alarms over {figures} figures are explained and shown; {quiet} that strangers can ring call nobody")


if __name__ == "__main__":
    main()
