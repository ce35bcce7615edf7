"""Compares Cargo.lock with the snapshot of known advisories.

usage: check.py
"""

import json
import sys

from lock import ROOT, SNAPSHOT, matches, packages

# What applies and is accepted, each with its reason.
ACCEPTED = {
    "RUSTSEC-2023-0089": "unmaintained, not unsound: atomic-polyfill comes with heapless 0.7 by postcard, which phonenumber reads its tables"
    " with; on the targets that are built for it re-exports the standard library's atomics",
    "RUSTSEC-2026-0192": "unmaintained, not unsound: ttf-parser reads the three fonts that shared/documents carries, and no other; it comes with rustybuzz",
    "RUSTSEC-2026-0206": "unmaintained, not unsound: rustybuzz shapes the texts of documents in those fonts; its successor is harfrust",
}


def found(lock, snapshot):
    """What is wrong: a sentence each."""
    known = {package: [] for package in snapshot["packages"]}
    for advisory in snapshot["advisories"]:
        known[advisory["package"]].append(advisory)
    applied = set()
    for name, version in packages(lock):
        if name not in known:
            yield f"{name} {version} was not there when the snapshot was taken: take a new one, as infra/advisories/README.md says"
            continue
        for advisory in known[name]:
            if any(matches(version, one) for one in advisory["patched"] + advisory["unaffected"]):
                continue
            applied.add(advisory["id"])
            if advisory["id"] not in ACCEPTED:
                mend = f"update it to {' or '.join(advisory['patched'])}" if advisory["patched"] else "nothing is patched: replace it"
                yield f"{name} {version}: {advisory['id']} ({advisory['kind']}) {advisory['url']}; {mend}, or accept it in check.py with the reason"
    for one in sorted(ACCEPTED.keys() - applied):
        yield f"check.py accepts {one}, which no longer applies: remove it"


def self_test():
    """The check sees what it is there for."""
    one = {"id": "X-1", "package": "a", "kind": "vulnerability", "patched": [">= 1.2.3, < 2.0.0", "^2.1"], "unaffected": ["< 0.5"], "url": ""}
    snapshot = {"packages": ["a"], "advisories": [one]}
    lock = '[[package]]\nname = "{}"\nversion = "{}"\nsource = "registry"\n'
    for name, version, expected in [
        *[("a", "1.2.2", 1), ("a", "1.2.3", 0), ("a", "1.10.0", 0), ("a", "2.0.0", 1), ("a", "2.1.0", 0), ("a", "2.9.9", 0), ("a", "3.0.0", 1)],
        *[("a", "0.4.9", 0), ("a", "0.5.0", 1), ("a", "1.2.3-rc.1", 1), ("b", "1.0.0", 1)],
    ]:
        said = [line for line in found(lock.format(name, version), snapshot) if "no longer applies" not in line]
        assert len(said) == expected, (name, version, said)
    for version, requirement, expected in [
        *[("0.2.9", "^0.2.3", True), ("0.3.0", "^0.2.3", False), ("0.0.4", "^0.0.3", False), ("1.2.9", "~1.2.3", True), ("1.3.0", "~1.2", False)],
        *[("1.0.0", "1", True), ("2.0.0", "1", False), ("1.0.0", "= 1.0.0", True)],
    ]:
        assert matches(version, requirement) == expected, (version, requirement)


def main():
    self_test()
    snapshot = json.loads(SNAPSHOT.read_text())
    problems = list(found((ROOT / "Cargo.lock").read_text(), snapshot))
    for problem in problems:
        print(f"advisories: {problem}", file=sys.stderr)
    if problems:
        sys.exit(1)
    print(f"advisories: {len(snapshot['advisories'])} of the crates in Cargo.lock, as of {snapshot['committed_on']}; none applies but {len(ACCEPTED)} accepted")


if __name__ == "__main__":
    main()
