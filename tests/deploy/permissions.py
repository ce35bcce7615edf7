"""Takes each action from each role, one after the other, and says which check then fails.

What the emulator never asks a role for is kept as data, with what shows the need instead.
"""

import copy

import amends
import probes
from proof import same

WANTED = "; infra/checks/permissions.py wants it"
LOGS = "Lambda writes logs in the role's name, the emulator in its own" + WANTED
POLLED = "Lambda polls in the role's name, the emulator in its own" + WANTED
GIVES_UP = "Lambda gives up batches in the role's name, the emulator in its own" + WANTED
BY_SNS = "the stack that is tried sends text messages by SNS; the local stack sends them by End User Messaging too"
SIGNED = "S3 takes a form in the name of the role that signed it, the emulator in its own; the local stack checks what the form may put"

# Statement ids that the emulator never asks for.
NOT_ENFORCED = {"Log": LOGS, "Queue": POLLED, "DeadLetters": POLLED, "Stream": POLLED, "ReviewedListStreams": POLLED, "Failed": GIVES_UP, "Forms": SIGNED, "ReviewedText": BY_SNS}

# Statements that grant one action on one resource, told apart by what the emulator does not know, the encryption context of a key: only
# without both does anything fail.
TWINS = {"Unwrap": "UnwrapPeople", "UnwrapPeople": "Unwrap"}


def actions(stack, role):
    """Every (statement, action) that a deployed role is granted."""
    _, document = amends.policy_of(stack, role)
    for statement in document["Statement"]:
        if statement["Effect"] == "Allow":
            listed = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
            yield from ((statement["Sid"], action) for action in listed)


def without(document, sid, action):
    """A policy without one action."""
    left = copy.deepcopy(document)
    for statement in left["Statement"]:
        if statement["Sid"] in (sid, TWINS.get(sid)):
            listed = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
            statement["Action"] = [one for one in listed if one != action]
    left["Statement"] = [one for one in left["Statement"] if one["Action"]]
    return left


def name_of(probe):
    """`sweep_hands_over` -> `sweep.hands-over`."""
    function, _, rest = probe.__name__.partition("_")
    return f"{function}.{rest.replace('_', '-')}"


def first_broken(world, role):
    """The first probe of a role that does not hold, and why; None when all do."""
    for probe in probes.PROBES[role]:
        try:
            probe(world)
        except Exception as error:
            return probe, str(error)
    return None


def taken_away(world, role, sid, action):
    """The name of the check that fails without an action, and holds again with it; None when none fails."""
    policy, document = amends.policy_of(world.stack, role)
    amends.put_policy(world.stack, role, policy, without(document, sid, action))
    broken = first_broken(world, role)
    amends.put_policy(world.stack, role, policy, document)
    if broken is None:
        return None
    probe, _ = broken
    probe(world)
    return name_of(probe)


def table(world, proof):
    """The table: role, statement, action, and the check that fails without it."""
    probes.prepare(world)
    with proof.check("permissions.covered", "every role has probes, or a reason why it has none"):
        same(set(probes.PROBES) | set(probes.UNSHOWN), set(world.stack.of_type("AWS::IAM::Role")), "roles that are looked at")
        for role, why in probes.UNSHOWN.items():
            print(f"permission: {role} is not shown to be needed: {why}", flush=True)
    with proof.check("permissions.suffice", "with the template's policies every probe of every role holds"):
        broken = [(role, found[1]) for role in probes.PROBES if (found := first_broken(world, role))]
        assert not broken, broken
    shown, kept, spare = 0, 0, []
    with proof.check("permissions.needed", "without any one action that is enforced here a named check fails, and with it holds again"):
        for role in probes.PROBES:
            for sid, action in list(actions(world.stack, role)):
                if sid in NOT_ENFORCED:
                    kept += 1
                    said = f"not enforced here: {NOT_ENFORCED[sid]}"
                else:
                    shown += 1
                    check = taken_away(world, role, sid, action)
                    said = f"breaks {check}" if check else "is needed by no check"
                    spare += [] if check else [f"{role}.{sid} {action}"]
                print(f"permission: {role}.{sid} without {action}: {said}", flush=True)
        assert not spare, f"no check fails without {', '.join(spare)}"
    print(f"permissions: {shown} shown to be needed by taking them away, {kept} otherwise")
