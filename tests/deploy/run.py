"""The deployment test: deploys template.yaml as an ops team does, to an emulator on loopback, and drives what it made.

usage: run.py --sam PROGRAM [--profile NAME] [--binaries FOLDER] [--earlier FOLDER] [--tenant PROGRAM]

Prints what was proved and what could not be shown, and leaves with 1 at the first check that fails, naming it. Without `--binaries` the
functions are built first, in the profile `deployed` of Cargo.toml unless `--profile` names another. `--earlier`
names a folder of an earlier release's binaries, which then takes turns with this one, and `--tenant` the program of infra/copy, which is
built too where it is not given.
Everything that it starts listens on loopback, and ends with it.
"""

import argparse
import contextlib
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

import amends
import backup
import broken
import lifecycle
import options
import permissions
import probes
import smoke_test
import scenario
import structure
from books import Books
from emulator import Emulator
from issuer import Issuer
from outside import Outside
from proof import Broken, Proof, same
from sam import ARCHITECTURE, Sam
from stack import Stack
from world import World

ROOT = pathlib.Path(__file__).resolve().parents[2]
STACK = "dunlin"
OPERATOR = "operator@ops.example"

CANNOT = [
    ("HTTP routes made by CloudFormation", "they are made of the processed template through API Gateway's API"),
    (
        "retries and dead letters of rule targets that fail",
        "the deployed rules and the policies of their dead letter queue are read; what a queue gives up comes to a person",
    ),
    ("policies of queues, and of functions towards API Gateway and the bus", "never asked here, they are read and compared"),
    ("roles when Lambda polls, writes logs or gives up a batch", "infra/checks/permissions.py wants exactly those actions"),
    ("ses:SendEmail on one identity", "it is needed on `*`; the template's resource is linted"),
    ("events of SES on the default bus", "the deployed rule's pattern is tried, and a twin of the rule with its target carries the event"),
    ("what becomes of a message behind SES and SNS, its headers and tags", "what both were asked; shared/channels tests the rest"),
    ("arm64", "the same template is built for this machine's processor; the Makefile refuses a binary of another"),
    ("throttling, quotas, alarms and metrics", "the template's linted values"),
    ("a moment in the past for point-in-time recovery", "the emulator restores the table as it is now"),
    ("encryption at rest, lifecycle of objects", "the template's linted values"),
    ("a running invocation that outlives an update", "the emulator kills it; webhooks and ticks are repeated"),
]


def arguments():
    """What it was called with."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sam", required=True, help="the program sam")
    parser.add_argument("--profile", default="deployed", help="the profile of Cargo.toml to build in; `release` is what AWS gets")
    parser.add_argument("--binaries", default="", help="a folder of binaries that are already built")
    parser.add_argument("--earlier", default="", help="a folder of the binaries of an earlier release")
    parser.add_argument("--tenant", default="", help="the program `tenant` of infra/copy")
    return parser.parse_args()


def copier():
    """The program `tenant`, built."""
    subprocess.run(["cargo", "build", "--locked", "--package", "copy", "--bin", "tenant"], cwd=ROOT, check=True)
    return ROOT / os.environ.get("CARGO_TARGET_DIR", "target") / "debug" / "tenant"


def test(work, sam, given, proof):
    """All of it."""
    with contextlib.ExitStack() as servers:
        issuer = servers.enter_context(Issuer(work))
        books = servers.enter_context(Books())
        with proof.check("build", "`sam build` makes a bootstrap of each function, offline"):
            built = sam.build(ROOT / "template.yaml", given.binaries, given.profile, work / "built")
        amends.leave_out(built)
        emulator = servers.enter_context(Emulator(work / "emulator", issuer.trust))
        # What the operator made before: the topic on which people are told of work.
        topic = Stack(emulator, STACK).client("sns").create_topic(Name="people")["TopicArn"]
        parameters = {
            **{"JwtIssuer": issuer.url, "JwtAudience": issuer.AUDIENCE, "JwksUrl": issuer.keys_url, "StandIns": "loopback"},
            **{"BusName": STACK, "AlarmEmail": OPERATOR, "InboundDomain": probes.ANSWERS, "NoticeTopicArn": topic},
        }

        def deploy(of=built, **more):
            sam.deploy(of, STACK, emulator.url, {**parameters, **more})

        with proof.check("deploy", "`sam deploy` uploads, makes a change set, has the transform applied and executes it"):
            deploy()
            stack = Stack(emulator, STACK).read()
            same((stack.status, set(stack.states.values())), ("CREATE_COMPLETE", {"CREATE_COMPLETE"}), "the stack")
            same(set(stack.states), stack.wanted(), "its resources")
        structure.binaries(built.parent, proof, stack.of_type("AWS::Lambda::Function"))
        amends.amend(stack)
        world = World(emulator, stack, issuer, Outside(stack, issuer), books)
        try:
            structure.functions(stack, proof)
            structure.patterns(stack, proof, examples(stack))
            structure.grants(stack, proof)
            structure.kept(stack, proof)
            structure.alarms(stack, proof, OPERATOR)
            scenario.tell(world, proof)
            smoke_test.run(world, proof)
            lifecycle.update(world, proof, deploy)
            if given.earlier:
                earlier = sam.build(ROOT / "template.yaml", given.earlier, given.profile, work / "earlier")
                amends.leave_out(earlier)
                lifecycle.releases(world, proof, deploy, earlier)
            else:
                proof.cannot("an earlier release beside this one", "--earlier was not given; `cargo test` goes on from what releases left")
            backup.restore(world, proof, backup.Tool(pathlib.Path(given.tenant or copier()).resolve(), emulator, work / "tenant.jsonl"))
            permissions.table(world, proof)
            options.show(world, proof, {**parameters, "Architecture": ARCHITECTURE})
            with proof.check("broken.copies", f"each of {len(broken.FAULTS)} copies that are broken on purpose fails a check"):
                broken.catch(world, {**parameters, "Architecture": ARCHITECTURE}, examples(stack))
        except Broken:
            for line in broken.complaints(stack)[-10:]:
                print(f"a function said: {line}", file=sys.stderr)
            raise
        lifecycle.delete(world, proof, lambda: sam.delete(STACK, emulator.url))


def examples(stack):
    """Events that each rule of a stack must take and must leave, as infra/checks has them."""
    sys.path.insert(0, str(ROOT / "infra" / "checks"))
    import wiring

    return wiring.rules(stack.template["Resources"])


def main():
    given, proof, began = arguments(), Proof(), time.monotonic()
    # What is told to end takes its servers along.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with tempfile.TemporaryDirectory(prefix="dunlin-deploy-") as folder:
        work = pathlib.Path(folder)
        try:
            test(work, Sam(given.sam, ROOT, work), given, proof)
        except Broken as found:
            print(f"FAILED: {found}", file=sys.stderr)
            sys.exit(1)
    for said in amends.SAID:
        print(f"amended for the emulator: {said}")
    for what, nearest in CANNOT:
        proof.cannot(what, nearest)
    print(f"{len(proof.proved)} checks hold, {len(proof.missing)} things are not shown here, in {time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main()
