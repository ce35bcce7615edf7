"""Every role belongs to one function and grants single actions on single resources, but for a reviewed few.

usage: permissions.py EXPANDED
"""

import json
import sys

from template import finish, functions, load, of_type, target

# Role, statement: why it may name more than one resource.
REVIEWED = {
    ("DispatchRole", "ReviewedListStreams"): "AWS grants ListStreams on no single table",
    ("SendSmsRole", "ReviewedPublish"): "a phone number is no resource to AWS; a deny takes topics away",
    ("SendEmailRole", "ReviewedSend"): "tenants choose their sender; SenderIdentity narrows it",
}
# A suffix that means the insides of one resource, not several resources.
INSIDE = {"${Bucket.Arn}/*"}


def listed(value):
    return value if isinstance(value, list) else [value]


def wide(resource):
    text = resource if isinstance(resource, str) else json.dumps(resource)
    if isinstance(resource, dict) and resource.get("Fn::Sub") in INSIDE:
        return False
    return "*" in text or "SenderIdentity" in text


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
        if properties.get("ManagedPolicyArns"):
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
                targets = listed(statement.get("Resource", "*"))
                if any(wide(r) for r in targets) or len(targets) != 1:
                    if (name, sid) not in REVIEWED:
                        problems.append(f"{name}.{sid}: grants on more than one resource: {json.dumps(targets)}")
                    used.add((name, sid))
    for unused in sorted(set(REVIEWED) - used):
        problems.append(f"{'.'.join(unused)} is reviewed but not in the template")
    finish("permissions", problems, f"{statements} grants, {len(REVIEWED)} of them reviewed as wider than one resource")


if __name__ == "__main__":
    main()
