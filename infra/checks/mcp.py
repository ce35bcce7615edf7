"""Asks the tools for assistants by the protocol's own inspector, against the local stack.

usage: mcp.py [--local PROGRAM] [--inspector PROGRAM]

Starts the program of infra/local on free ports of loopback, gives it a tenant with a customer and a key that reads and proposes, and has the
inspector's command line list the tools, read, propose, be refused, and be turned away without a token. `npx` fetches the inspector in the version
that stands here, unless --inspector names the program `mcp-inspector` itself. Where there is neither, it says so and leaves with 0. Everything
that it starts ends with it.
"""

import argparse
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

from fuzz import ROOT, post_invoices, started

INSPECTOR = "@modelcontextprotocol/inspector@2.12.0"
TENANT = "mcp"
SECONDS = 120
# How the inspector leaves where a tool answered, and where it answered that it failed.
ANSWERED = (0, 5)


def arguments():
    """What it was called with."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    parser.add_argument("--local", default=target / "debug/local", help="the program of infra/local")
    parser.add_argument("--inspector", help="the program `mcp-inspector`, where it is installed")
    return parser.parse_args()


class Inspector:
    """The inspector's command line, asked as somebody."""

    def __init__(self, command, url):
        self.command, self.url = command, url

    def run(self, key, *more):
        """How it left, and what it printed."""
        asked = [*self.command, "--cli", self.url + "/mcp", "--transport", "http"]
        asked += ["--header", f"Authorization: Bearer {key}"] if key else []
        # Without a terminal it asks nobody to sign in.
        ended = subprocess.run(
            [*asked, *more], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=SECONDS, check=False
        )
        return ended.returncode, ended.stdout, ended.stderr

    def ask(self, key, *more):
        """The result of a method, which must be answered."""
        left, said, wrong = self.run(key, *more)
        if left not in ANSWERED or "{" not in said:
            raise SystemExit(f"the inspector left with {left} after {' '.join(more)}:\n{said}\n{wrong}")
        return json.loads(said[said.index("{") :])

    def call(self, key, tool, **given):
        """The result of a tool."""
        each = [part for name, value in given.items() for part in ("--tool-arg", f"{name}={value if isinstance(value, str) else json.dumps(value)}")]
        return self.ask(key, "--method", "tools/call", "--tool-name", tool, *each)


def same(found, wanted, what):
    """Demands what is wanted."""
    if found != wanted:
        raise SystemExit(f"{what}: {found!r}, and {wanted!r} is meant")


def seed(stack):
    """A tenant with customers, and a key that reads and proposes."""
    made = stack.ask("POST", "/_local/tenants", {"tenant": TENANT, "settings": {"name": "Tools Ltd", "mode": "live"}})
    post_invoices(stack, made["webhooks"]["canonical"], stack.advance("PT0S"))
    token = stack.token(TENANT)
    asked = {"name": "inspector", "role": "collector", "scopes": ["read", "propose"]}
    customer = stack.ask("GET", "/v1/customers/canonical/C-0", token=token)["customer"]["id"]
    return token, stack.ask("POST", "/v1/keys", asked, token)["token"], customer


def check(stack, inspector):
    """What an assistant does, one thing after the other."""
    token, key, customer = seed(stack)
    tools = {tool["name"]: tool for tool in inspector.ask(key, "--method", "tools/list")["tools"]}
    for name, there in {"list_customers": True, "propose_add_note": True, "add_note": False, "list_keys": False}.items():
        same(name in tools, there, f"whether there is a tool {name}")
    same(tools["list_customers"]["annotations"]["readOnlyHint"], True, "the hint of a tool that reads")
    read = inspector.call(key, "show_customer_by_id", customer_id=customer)
    same(read["structuredContent"]["customer"]["untrusted_name"], "Birch & Sons", "the customer's name")
    refused = inspector.call(key, "show_customer_by_id", customer_id="cus_nobody")
    same((refused["isError"], refused["structuredContent"]["status"]), (True, 404), "a customer that is not there")
    note = {"customer": customer, "text": "Call on Monday"}
    proposed = inspector.call(key, "propose_add_note", body=note, reason="They asked for a call")
    same(proposed["structuredContent"]["kind"], "proposal", "the kind of task that a proposal is")
    notes = stack.ask("GET", f"/v1/notes?customer={customer}", token=token)["data"]
    same(notes, [], "notes before anybody accepts")
    done = stack.ask("POST", f"/v1/tasks/{proposed['structuredContent']['id']}/done", {"result": "approve"}, token)
    same(done["result"], "approve", "what became of the proposal")
    notes = stack.ask("GET", f"/v1/notes?customer={customer}", token=token)["data"]
    same([one["text"] for one in notes], ["Call on Monday"], "notes after somebody accepted")
    left, _, _ = inspector.run(None, "--method", "tools/list")
    same(left != 0, True, "whether the inspector is turned away without a token")
    return len(tools)


def main():
    """Starts, asks, stops."""
    asked = arguments()
    if not (asked.inspector or shutil.which("npx")):
        print("mcp: there is no npx, and no --inspector is named: nothing was asked")
        return 0
    command = [asked.inspector] if asked.inspector else ["npx", "--yes", INSPECTOR]
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder, open(pathlib.Path(folder) / "log", "w+", encoding="utf-8") as log:
        with started(asked.local, log) as stack:
            tools = check(stack, Inspector(command, stack.url))
        log.seek(0)
        sys.stderr.write(log.read())
    print(f"mcp: the inspector lists {tools} tools, reads, proposes, and is turned away without a token, in {time.monotonic() - began:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
