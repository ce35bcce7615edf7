"""The smoke test that an operator runs after a deployment, infra/smoke.py, against the deployed stack."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "infra"))

import smoke

TENANT = "smoke"


def run(world, proof):
    """As an operator runs it, and on stacks and tenants that it must not pass."""
    world.verify(f"{TENANT}.example")
    world.outside.operator("PUT", f"/v1/tenants/{TENANT}/senders", {"senders": {"email": [f"{TENANT}.example"]}})
    host, url = world.outside.host, f"http://127.0.0.1:{world.outside.port}"

    def attempt(tenant, sender=None, seconds=90, role="admin"):
        said = []
        smoke.run(smoke.Api(url, world.issuer.token(tenant, role), host), seconds, sender, said.append)
        return said

    with proof.check("smoke.passes", "infra/smoke.py sees a message decided, and with a sender written, and nothing leaves"):
        assert any("is decided" in line for line in attempt(TENANT)), "it did not say that a message is decided"
        assert any("is written" in line for line in attempt(TENANT, f"ar@{TENANT}.example")), "it did not say that one is written"
        left = [mail for mail in world.emulator.mails() if any("smoke.example" in one for one in mail["To"])]
        assert not left, f"mail left: {left}"
        mode = world.outside.admin(TENANT, "GET", "/v1/settings", role="viewer")["settings"]["mode"]
        assert mode == "off", f"it left the tenant in mode {mode}"
    with proof.check("smoke.fails", "it fails where nothing is decided, on a tenant that somebody uses, and with a token that is not its own"):
        sweep = "SweepFunctionTick"
        world.stack.client("events").disable_rule(Name=world.stack.ids[sweep])
        refused = {
            "a stack that decides nothing": ("no message was decided", lambda: attempt(TENANT, seconds=4)),
            "somebody's tenant": ("which somebody uses", lambda: attempt("acme")),
            "an operator's token": ("a tenant of its own", lambda: attempt(None, role="operator")),
            "an access token of Cognito": ("take the id token", lambda: attempt(None)),
        }
        for what, (words, act) in refused.items():
            try:
                act()
            except smoke.Failed as failed:
                assert words in str(failed), f"{what}: {failed}"
            else:
                raise AssertionError(f"it passed on {what}")
        world.stack.client("events").enable_rule(Name=world.stack.ids[sweep])
