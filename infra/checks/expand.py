"""Expands template.yaml as AWS would on deployment and writes plain CloudFormation, which cfn-lint reads more strictly.

usage: expand.py TEMPLATE OUTPUT
"""

import json
import os
import sys

from samtranslator.parser.parser import Parser
from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse


class NoManagedPolicies:
    """Stands for IAM: no function names a managed policy, so that none has to be looked up."""

    def load(self):
        return {}


def placeholder(template):
    """A package location instead of the folder that `sam package` would have uploaded."""
    for resource in [template.get("Globals", {}).get("Function", {})] + [
        r.get("Properties", {}) for r in template["Resources"].values() if r["Type"] == "AWS::Serverless::Function"
    ]:
        if "CodeUri" in resource:
            resource["CodeUri"] = "s3://package-bucket/package"
    return template


def main():
    # The region decides the partition in what is expanded; nothing is asked of it.
    os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")
    source, output = sys.argv[1:]
    with open(source, encoding="utf-8") as file:
        template = placeholder(yaml_parse(file.read()))
    expanded = transform(template, {}, NoManagedPolicies())
    with open(output, "w", encoding="utf-8") as file:
        json.dump(expanded, file, indent=2)
    print(f"expanded to {len(expanded['Resources'])} resources")


if __name__ == "__main__":
    main()
