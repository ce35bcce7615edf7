"""Holds the example sender to the contract of senders, and the contract kit to senders that are wrong: each of them must fail, by the rule that it
breaks.

    python3 -B infra/checks/senders.py
"""

import concurrent.futures
import pathlib
import subprocess
import sys
import tempfile

EXAMPLES = pathlib.Path(__file__).resolve().parents[2] / "docs/examples"
# What is wrong: the place of the example, what stands there instead, and the beginning of the rule that must not hold.
WRONG = {
    "sends without a claim": ('if status != 200 or claim["status"] != "held":', 'if "content" not in claim:\n        claim["content"] = {"attempt": "a", "to": "x", "from": "y", "text": message}\n    if False:', "what is superseded"),
    "believes everybody": ("return any(hmac.compare_digest(expected, one)", "return True or any(hmac.compare_digest(expected, one)", "what is signed by somebody else"),
    "takes silence for nothing": ('return {"status": "unknown", "note": "the provider gave no clear answer"}', 'return {"status": "retry", "note": "it may not have"}', "no answer of the provider"),
    "sends again after a crash": ('{"status": "unknown", "note": "the sender died in the call"}', 'call_provider(entry["message"], {"to": "x", "from": "y", "text": "again"})', "a crash after the call"),
    "says that nothing left after a crash": ('{"status": "unknown", "note": "the sender died in the call"}', '{"status": "retry"}', "a crash after the call"),
    "says a result once": ("for wait in (0.2, 1, 5, 15, None):", "for wait in (None,):", "a result that was lost"),
    "keeps the provider's id": ('"provider_id": str(said.get("id", ""))', '"note": ""', "the provider's id"),
    "takes a busy provider's word as final": ("if status in (429, 503):", "if status in (503,):", "too busy"),
}


def played(sender):
    """Whether every rule holds for a sender, and what the kit printed."""
    command = [sys.executable, "-B", EXAMPLES / "sender_contract.py", sys.executable, "-B", sender]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    return done.returncode == 0, done.stdout + done.stderr


def main():
    holds, said = played(EXAMPLES / "sender.py")
    if not holds:
        sys.exit(f"senders: the example breaks its contract\n{said}")
    right = (EXAMPLES / "sender.py").read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as folder, concurrent.futures.ThreadPoolExecutor() as pool:
        wrong = {}
        for at, (name, (place, instead, _)) in enumerate(WRONG.items()):
            if right.count(place) != 1:
                sys.exit(f"senders: the example does not have this once, so that nothing can be wrong there: {place}")
            wrong[name] = pathlib.Path(folder) / f"wrong{at}.py"
            wrong[name].write_text(right.replace(place, instead), encoding="utf-8")
        for name, (holds, said) in zip(wrong, pool.map(played, wrong.values())):
            rule = WRONG[name][2]
            if holds or f"FAILS  {rule}" not in said:
                sys.exit(f"senders: a sender that {name} passes the rule {rule!r}\n{said}")
    print(f"senders: the example keeps its contract, and each of {len(WRONG)} that are wrong is caught")


if __name__ == "__main__":
    main()
