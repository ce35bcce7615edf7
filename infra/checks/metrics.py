"""Every figure of our own that an alarm or the dashboard shows is one that the code prints, under those dimensions.

usage: metrics.py EXPANDED ROOT
"""

import json
import pathlib
import re
import sys

from template import finish, load

EMIT = re.compile(r"metrics::emit(?:_seconds)?\(\s*[^,]+,\s*&\[(.*?)\],", re.S)
DIMENSION = re.compile(r'\(\s*"(\w+)",')
SEARCH = re.compile(r"SEARCH\('\{[^,}]*,([^}]*)\} MetricName=\"(\w+)\"")


def printed(root):
    """Sets of dimensions, each with the text of the files that print under it: a metric's name is written in one of them."""
    found = {}
    for path in sorted(p for folder in ("functions", "shared") for p in (root / folder).rglob("src/**/*.rs")):
        text = path.read_text(encoding="utf-8")
        for call in EMIT.findall(text):
            key = frozenset(DIMENSION.findall(call))
            found[key] = found.get(key, "") + text
    return found


def shown(expanded):
    """What is shown: where, its name and its dimensions."""
    ours = {"Ref": "AWS::StackName"}
    for name, resource in expanded.items():
        properties = resource.get("Properties", {})
        if resource["Type"] == "AWS::CloudWatch::Alarm":
            stats = [one["MetricStat"]["Metric"] for one in properties.get("Metrics", []) if "MetricStat" in one] or [properties]
            for metric in stats:
                if metric["Namespace"] == ours:
                    yield name, metric["MetricName"], frozenset(d["Name"] for d in metric["Dimensions"])
        if resource["Type"] == "AWS::CloudWatch::Dashboard":
            body = json.loads(properties["DashboardBody"]["Fn::Sub"])
            for widget in body["widgets"]:
                for metric in widget["properties"].get("metrics", []):
                    title = f"{name}, {widget['properties']['title']}"
                    if isinstance(metric[0], str) and metric[0] == "${AWS::StackName}":
                        yield title, metric[1], frozenset(metric[2::2])
                    elif isinstance(metric[0], dict):
                        for dimensions, wanted in SEARCH.findall(metric[0]["expression"]):
                            yield title, wanted, frozenset(dimensions.split(","))


def main():
    expanded, root = load(sys.argv[1]), pathlib.Path(sys.argv[2])
    known, problems, count = printed(root), [], 0
    for where, metric, dimensions in shown(expanded):
        count += 1
        if f'"{metric}"' not in known.get(dimensions, ""):
            problems.append(f"{where}: nothing prints {metric} by {', '.join(sorted(dimensions))}")
    if count == 0:
        problems.append("nothing of our own is shown")
    finish("metrics", problems, f"{count} figures are shown as they are printed")


if __name__ == "__main__":
    main()
