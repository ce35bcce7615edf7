"""Copies of the template that are broken on purpose, each deployed beside the true one, and the check that names what is wrong."""

import dataclasses

import amends
import scenario
import structure
from outside import Outside
from proof import Broken, Proof
from stack import Stack
from world import World


@dataclasses.dataclass
class Fault:
    """What is wrong, how it comes into the deployed template, the check that must fail, and what the failure must name."""

    what: str
    old: str
    new: str
    check: str
    names: str
    times: int = 1


FAULTS = [
    Fault("a typing error in a runtime", "Runtime: provided.al2023", "Runtime: provided.al2O23", "functions.runtime", "provided.al2O23"),
    Fault("a missing variable", "SWEEP_QUEUE_URL:", "SWEEP_QUEUE:", "functions.start", "SWEEP_QUEUE_URL is not set"),
    Fault("a wrong pattern", "- MessageQueued", "- MessageQueue", "rules.patterns", "EmailRule"),
    Fault("a wrong route", "/webhooks/{tenant}/{source}", "/webhook/{tenant}/{source}", "tenant.from-nothing", "/webhooks/acme"),
    # The first two are IngestRole's: they differ in the context of encryption alone, which the emulator does not look at.
    Fault("a missing permission", "Action: kms:Decrypt", "Action: kms:DescribeKey", "tenant.from-nothing", "kms:Decrypt", 2),
]


def catch(world, parameters, rules):
    """Deploys each beside `world`'s stack and looks until a check fails."""
    text = world.stack.original()
    for number, fault in enumerate(FAULTS):
        if fault.old not in text:
            raise Broken("broken.copies", f"{fault.what}: {fault.old!r} is no longer in the template")
        stack, quiet = Stack(world.emulator, f"broken-{number}"), Proof(quiet=True)
        stack.deploy(text.replace(fault.old, fault.new, fault.times), {**parameters, "BusName": stack.name})
        amends.amend(stack)
        copy = World(world.emulator, stack, world.issuer, Outside(stack, world.issuer), world.books)
        try:
            structure.functions(stack, quiet)
            structure.patterns(stack, quiet, rules)
            scenario.tell(copy, quiet, by_schedule=False)
        except Broken as found:
            said = "\n".join([found.why, *complaints(stack)])
            if found.check != fault.check or fault.names not in said:
                raise Broken("broken.copies", f"{fault.what} was met by {found}; {fault.check} is meant, with {fault.names}") from found
            print(f"caught: {fault.what}: {found.check} fails and names {fault.names}", flush=True)
        else:
            raise Broken("broken.copies", f"{fault.what} was not caught")
        finally:
            stack.remove()


def complaints(stack):
    """What functions logged of trouble."""
    lines = [line for name in stack.of_type("AWS::Lambda::Function") for line in stack.log(name)]
    return [line for line in lines if '"level":"WARN"' in line or '"level":"ERROR"' in line]
