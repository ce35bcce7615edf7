"""A tenant that was lost, brought back from a point in time as docs/operations.md says."""

import subprocess

from emulator import OPERATOR
from proof import same, until
from world import link

TENANT = "phoenix"
RESTORED = "restored"


class Tool:
    """The program `tenant`, towards one file."""

    def __init__(self, program, emulator, file):
        self.program, self.emulator, self.file = program, emulator, file

    def run(self, table, what):
        """Runs it; its status and what it said."""
        command = [self.program, "--table", table, "--tenant", TENANT, "--endpoint-url", self.emulator.url, what, str(self.file)]
        ran = subprocess.run(command, env=OPERATOR, capture_output=True, text=True, check=False)
        return ran.returncode, (ran.stdout + ran.stderr).strip()

    def must(self, table, what):
        """Runs it; what it said, where it succeeds."""
        status, said = self.run(table, what)
        assert status == 0, f"tenant {what} of {table}: {said}"
        return said


def settled(outside, customer):
    """Whether nothing is on its way to a customer."""
    return not outside.customer(TENANT, customer)["pending"]


def restore(world, proof, tool):
    """Plays it with `tool`."""
    stack, outside = world.stack, world.outside
    dynamodb, table = stack.client("dynamodb"), stack.ids["Table"]
    world.tenant(TENANT)
    customer = world.owes(TENANT)
    stack.tick("SweepFunction")
    (mail,) = until(lambda: world.mails_to(customer), "the mail")
    until(lambda: world.sent(TENANT, customer) and settled(outside, customer), "the record")
    with proof.check("backup.point-in-time", "a restored table has the tenant as it was, and `tenant` exports it and compares"):
        dynamodb.restore_table_to_point_in_time(SourceTableName=table, TargetTableName=RESTORED, UseLatestRestorableTime=True)
        until(lambda: dynamodb.describe_table(TableName=RESTORED)["Table"]["TableStatus"] == "ACTIVE", "the restored table", 60)
        tool.must(RESTORED, "export")
        same(tool.must(table, "compare"), "table and file are the same", "the live table")
        status, said = tool.run(table, "import")
        assert status and f"has tenant {TENANT} already" in said, f"import over a live tenant: {said}"
    what = "deleted and imported again, the tenant arrives paused and otherwise the same, and nothing goes out twice"
    with proof.check("backup.restore", what):
        tool.must(table, "delete")
        same(outside.ask("GET", link(mail)).status, 404, "the customer's page of a tenant that is lost")
        tool.must(table, "import")
        status, said = tool.run(table, "compare")
        changed = sorted(line for line in said.splitlines() if ":" in line and "|" in line)
        # read-model saw the import, and keeps a version of each fact as it came.
        changed = [line for line in changed if not (line.startswith("table only: ") and " | V#" in line)]
        same(changed, [f"changed: T#{TENANT} | SETTINGS", f"changed: TENANTS | {TENANT}"], "what is not as it was")
        same(outside.ask("GET", link(mail)).status, 200, "the customer's page")
        later = world.owes(TENANT)
        stack.tick("SweepFunction")
        same(outside.customer(TENANT, later)["records"], [], "what is decided for a tenant that is paused")
        assert settled(outside, later), "a message is decided for a tenant that is paused"
        outside.admin(TENANT, "POST", "/v1/resume")
        stack.tick("SweepFunction")
        until(lambda: world.mails_to(later), "the mail to the new customer")
        assert settled(outside, customer), "another message is decided for the one that had its mail"
        same(len(world.mails_to(customer)), 1, "mails to the one that had its mail before")
