"""The roles of infra/pipeline/roles.yaml are as narrow as docs/pipeline.md says.

usage: pipeline.py ROLES
"""

import pathlib
import sys

from samtranslator.yaml_helper import yaml_parse
from template import finish

GITHUB = "token.actions.githubusercontent.com"
# What the pipeline itself asks for: CloudFormation, its packages, and to hand the other role over.
DEPLOYER = ("cloudformation:", "s3:GetObject", "s3:PutObject", "iam:PassRole")
# What nothing brings back.
NEVER = {"dynamodb:DeleteTable", "s3:DeleteBucket", "s3:DeleteObject", "kms:ScheduleKeyDeletion", "kms:DisableKey", "cognito-idp:DeleteUserPool"}
# What is in the tenants' table and queues.
CONTENTS = {"dynamodb:GetItem", "dynamodb:Query", "dynamodb:Scan", "dynamodb:BatchGetItem", "sqs:ReceiveMessage"}


def listed(value):
    return value if isinstance(value, list) else [value]


def statements(role, effect):
    """Statements of a role with that effect."""
    return [one for policy in role["Policies"] for one in policy["PolicyDocument"]["Statement"] if one["Effect"] == effect]


def check_deployer(role, problems):
    """Only jobs of one environment of one repository are let in, and to little."""
    (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
    equals = trust.get("Condition", {}).get("StringEquals", {})
    if set(trust.get("Condition", {})) != {"StringEquals"} or set(equals) != {f"{GITHUB}:aud", f"{GITHUB}:sub"}:
        problems.append("Deployer: whom it lets in is not said by aud and sub alone, each word for word")
    if equals.get(f"{GITHUB}:sub") != {"Fn::Sub": "repo:${Repository}:environment:${Environment}"}:
        problems.append("Deployer: it lets in more than one environment of one repository")
    for statement in statements(role, "Allow"):
        for action in listed(statement["Action"]):
            if not action.startswith(DEPLOYER) or "*" in action:
                problems.append(f"Deployer.{statement['Sid']}: {action} is more than the pipeline needs")
        if "iam:PassRole" in listed(statement["Action"]):
            passed = (statement["Resource"], statement.get("Condition", {}).get("StringEquals", {}).get("iam:PassedToService"))
            if passed != ({"Fn::GetAtt": ["Maker", "Arn"]}, "cloudformation.amazonaws.com"):
                problems.append(f"Deployer.{statement['Sid']}: it may hand over other roles, or to others than CloudFormation")


def check_maker(role, problems):
    """Only CloudFormation has it; what nothing brings back is denied, and so are the tenants' data and the two roles themselves."""
    (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
    if trust["Principal"] != {"Service": "cloudformation.amazonaws.com"}:
        problems.append(f"Maker: {trust['Principal']} may take it")
    denied = {action for one in statements(role, "Deny") if one["Resource"] == "*" and "Condition" not in one for action in listed(one["Action"])}
    problems += [f"Maker: {action} is not denied" for action in sorted((NEVER | CONTENTS) - denied)]
    itself = [one for one in statements(role, "Deny") if one["Action"] == "iam:*"]
    if [len(one["Resource"]) for one in itself] != [2]:
        problems.append("Maker: it may change its own rights, or the pipeline's")
    for statement in statements(role, "Allow"):
        wide = [one for one in listed(statement["Action"]) if "*" in one]
        if wide and "*" in listed(statement["Resource"]):
            problems.append(f"Maker.{statement['Sid']}: {', '.join(wide)} on everything")


def check(text):
    """What is wrong with the roles of a template."""
    problems, resources = [], yaml_parse(text)["Resources"]
    check_deployer(resources["Deployer"]["Properties"], problems)
    check_maker(resources["Maker"]["Properties"], problems)
    return problems


# What is broken, text, its replacement: each must be seen.
MUTANTS = [
    ("a trust in every branch", "environment:${Environment}", "*"),
    ("a trust by pattern", "              StringEquals:\n                \"token", "              StringLike:\n                \"token"),
    ("a pipeline that may do anything to functions", "Action: cloudformation:GetTemplateSummary", "Action: lambda:UpdateFunctionCode"),
    ("a role handed to anybody", '                Condition: { StringEquals: { "iam:PassedToService": cloudformation.amazonaws.com } }\n', ""),
    ("a maker that deletes tables", "                  - dynamodb:DeleteTable\n", ""),
    ("a maker that reads the table", "dynamodb:Query, ", ""),
    ("a maker that changes itself", '                Action: "iam:*"\n', "                Action: iam:DeleteRole\n"),
    ("a maker of everything", '                Action: ["apigateway:*"]\n                Resource:\n', '                Action: ["apigateway:*"]\n                Resource:\n                  - "*"\n'),
]


def main():
    text = pathlib.Path(sys.argv[1]).read_text(encoding="utf-8")
    problems = check(text)
    for what, old, new in MUTANTS:
        if old not in text:
            problems.append(f"{what}: {old!r} is no longer in the template")
        elif not check(text.replace(old, new)):
            problems.append(f"{what} was not seen")
    finish("pipeline", problems, f"both roles are narrow, and each of {len(MUTANTS)} that are wider was seen")


if __name__ == "__main__":
    main()
