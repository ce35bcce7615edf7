"""The functions that there are, as template.yaml lists them, for whatever needs their names. It is read as text: nothing has to be installed.

    python3 -B infra/checks/listed.py    prints them, one a line
"""

import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[2]
FUNCTION = re.compile(r"^  (\w+)Function:\n    Type: AWS::Serverless::Function$", re.M)
# A client of the AWS SDK, by what tests/hello calls it, and the actions in a role that tell of it. What Lambda does in a role's name tells
# of none.
CLIENTS = {
    "bus": r"events:PutEvents",
    "table": r"dynamodb:(?:GetItem|PutItem|UpdateItem|Query)",
    "kms": r"kms:",
    "mail": r"ses:",
    "objects": r"s3:",
    "queue": r"sqs:SendMessage",
    "texts": r"sns:",
}


def template():
    """The template as it is checked in."""
    return (ROOT / "template.yaml").read_text(encoding="utf-8")


def kebab(name):
    """`SendEmail` -> `send-email`."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "-", name).lower()


def functions():
    """Folder and binary of each function."""
    return sorted(kebab(name) for name in FUNCTION.findall(template()))


def clients(function):
    """The clients that a function has, by what its role may do."""
    name = next(name for name in FUNCTION.findall(template()) if kebab(name) == function)
    role = re.search(rf"^  {name}Role:\n(.*?)(?=^  \S)", template(), re.M | re.S)[1]
    # What a stream's reader gives up is sent by Lambda.
    role = re.sub(r"- Sid: Failed\n.*?(?=- Sid: |\Z)", "", role, flags=re.S)
    return [client for client, action in CLIENTS.items() if re.search(action, role)]


def beside(function):
    """The binary of tests/hello that a function is compared with: that of the same clients, else of the most of them."""
    there = re.findall(r'^name = "hello-([\w-]+)"$', (ROOT / "tests/hello/Cargo.toml").read_text(encoding="utf-8"), re.M)
    own = clients(function)
    fitting = [name for name in there if name != "runtime" and set(name.split("-")) <= set(own)]
    return "hello-" + max(fitting, key=lambda name: len(name.split("-")), default="runtime")


if __name__ == "__main__":
    print("\n".join(functions()))
