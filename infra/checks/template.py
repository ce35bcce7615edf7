"""What the checks share: the expanded template, and how a check tells what is wrong."""

import json
import sys


def load(path):
    """Resources of the expanded template, by logical id."""
    with open(path, encoding="utf-8") as file:
        return json.load(file)["Resources"]


def of_type(resources, kind):
    """Properties of the resources of one type, by logical id."""
    return {name: r.get("Properties", {}) for name, r in resources.items() if r["Type"] == kind}


def functions(resources):
    """Lambda functions, by logical id."""
    return of_type(resources, "AWS::Lambda::Function")


def folder(function):
    """`SendEmailFunction` -> `send-email`."""
    words = "".join("-" + c.lower() if c.isupper() else c for c in function.removesuffix("Function"))
    return words.lstrip("-")


def target(value):
    """The logical id that a Ref or a GetAtt names, else None. A function's alias stands for the function."""
    if isinstance(value, dict):
        if "Ref" in value:
            return value["Ref"].removesuffix("Aliaslive")
        if "Fn::GetAtt" in value:
            parts = value["Fn::GetAtt"]
            return parts.split(".")[0] if isinstance(parts, str) else parts[0]
    return None


def finish(name, problems, proved):
    """Prints what is wrong and leaves with 1, or says what was proved."""
    for problem in problems:
        print(f"{name}: {problem}", file=sys.stderr)
    if problems:
        sys.exit(1)
    print(f"{name}: {proved}")
