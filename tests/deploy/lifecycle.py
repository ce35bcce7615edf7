"""A stack that is updated while messages are on their way, and one that is deleted."""

import threading

import amends
from proof import same, until

# So many messages wait in the sender's queue when the update begins.
WAITING = 6
# A new invoice during the update, every so many seconds.
EVERY = 1.0


class Traffic:
    """Invoices that keep coming, each chased at once, until it is left."""

    def __init__(self, world):
        self.world, self.customers, self.error, self.over = world, [], None, threading.Event()
        self.thread = threading.Thread(target=self.run)

    def run(self):
        """One invoice after the other."""
        try:
            while not self.over.wait(EVERY):
                # The emulator kills what runs when a function changes, AWS lets it end. Either way a sender repeats its webhook, and
                # the schedule its tick.
                self.customers.append(until(lambda: stubborn(self.world.owes, "acme"), "the webhook's success"))
                stubborn(self.world.stack.tick, "SweepFunction")
        except Exception as error:
            self.error = error

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()
        if self.error:
            raise self.error


def stubborn(act, *arguments):
    """What it answers, or nothing when it fails."""
    try:
        return act(*arguments)
    except AssertionError:
        return None


def in_flight(world, deploy):
    """Deploys while messages wait in the sender's queue and invoices come: every webhook is taken, every message sent exactly once."""
    stack = world.stack
    stack.switch("SendEmailFunction", False)
    customers = [world.owes("acme") for _ in range(WAITING)]
    stack.tick("SweepFunction")
    queue = stack.ids["EmailQueue"].rsplit("/", 1)[-1]
    until(lambda: len(world.emulator.waiting()[queue]) >= WAITING, "the messages in the queue")
    kept = ("Table", "Key", "Bucket", "Api", "EmailQueue", "SweepFunction")
    before = {name: stack.ids[name] for name in kept}
    with Traffic(world) as traffic:
        deploy()
    stack.read()
    same(stack.status, "UPDATE_COMPLETE", "the stack")
    same({name: stack.ids[name] for name in kept}, before, "what must be the same as before")
    amends.amend(stack)
    stack.switch("SendEmailFunction", True)
    customers += traffic.customers
    assert len(traffic.customers) > 2, "no invoice came during the update"
    for customer in customers:
        until(lambda: world.sent("acme", customer), f"the record of {customer}")
    stack.tick("SweepFunction")
    same({one: len(world.mails_to(one)) for one in customers}, dict.fromkeys(customers, 1), "mails")


def update(world, proof, deploy):
    """Changes a parameter of every function while messages wait and invoices come; `deploy` deploys with more parameters."""
    stack = world.stack
    what = "updated in place while messages wait and invoices come: every webhook is taken, every message sent exactly once"
    with proof.check("update.in-flight", what):
        in_flight(world, lambda: deploy(LogLevel="warn", ReserveConcurrency="true"))
    with proof.check("update.variables", "the update reached every function"):
        for name in stack.of_type("AWS::Lambda::Function"):
            said = stack.client("lambda").get_function_configuration(FunctionName=stack.ids[name])
            same(said["Environment"]["Variables"]["LOG_LEVEL"], "warn", name)
        for name in stack.senders():
            said = stack.client("lambda").get_function_concurrency(FunctionName=stack.ids[name])
            same(said.get("ReservedConcurrentExecutions"), 2, f"what is reserved for {name}")


def releases(world, proof, deploy, earlier):
    """Deploys the earlier release at `earlier` in place of this one, and this one again."""
    code = codes(world.stack)
    with proof.check("releases.back", "the earlier release sends what this one queued, once, while it is put in its place"):
        in_flight(world, lambda: deploy(of=earlier))
        assert codes(world.stack) != code, "the earlier release is this one"
    with proof.check("releases.forth", "this release sends what the earlier one queued, once, while it comes back"):
        in_flight(world, deploy)
        same(codes(world.stack), code, "the code of the functions")


def codes(stack):
    """What tells the code of each function."""
    ask = stack.client("lambda").get_function_configuration
    return {name: ask(FunctionName=stack.ids[name])["CodeSha256"] for name in stack.of_type("AWS::Lambda::Function")}


def delete(world, proof, remove):
    """Deletes the stack with `remove` and looks at what is left."""
    stack, ids = world.stack, dict(world.stack.ids)
    functions = list(stack.of_type("AWS::Lambda::Function"))
    rows = stack.client("dynamodb").scan(TableName=ids["Table"], Select="COUNT")["Count"]
    with proof.check("delete.retains", "deleting the stack leaves the table with every row, the bucket and the key, and no function"):
        remove()
        stacks = stack.client("cloudformation").describe_stacks(StackName=stack.arn)["Stacks"]
        same(stacks[0]["StackStatus"], "DELETE_COMPLETE", "the stack")
        same(stack.client("dynamodb").scan(TableName=ids["Table"], Select="COUNT")["Count"], rows, "rows of the table")
        stack.client("s3").head_bucket(Bucket=ids["Bucket"])
        same(stack.client("kms").describe_key(KeyId=ids["Key"])["KeyMetadata"]["KeyState"], "Enabled", "the key")
        left = {one["FunctionName"] for one in stack.client("lambda").list_functions()["Functions"]}
        same(left & {ids[name] for name in functions}, set(), "functions that are left")
