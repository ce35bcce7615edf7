"""Writes advisories.json from a clone of the RustSec Advisory Database: facts about the crates of Cargo.lock, no texts.

usage: snapshot.py CLONE
"""

import json
import subprocess
import sys
import tomllib

from lock import ROOT, SNAPSHOT, packages


def git(clone, *arguments):
    """What git says."""
    return subprocess.run(["git", "-C", clone, *arguments], check=True, capture_output=True, text=True).stdout


def facts(text):
    """The facts of an advisory, from the TOML at the beginning of its page."""
    page = tomllib.loads(text.split("```toml", 1)[1].split("```", 1)[0])
    known, versions = page["advisory"], page.get("versions", {})
    if known.get("withdrawn"):
        return None
    found = {
        **{"id": known["id"], "package": known["package"], "date": str(known["date"]), "kind": known.get("informational", "vulnerability")},
        **{"patched": versions.get("patched", []), "unaffected": versions.get("unaffected", []), "url": known.get("url", "")},
    }
    return found | ({"license": known["license"]} if "license" in known else {})


def main():
    clone = sys.argv[1]
    names = sorted({name for name, _ in packages((ROOT / "Cargo.lock").read_text())})
    files = [path for path in git(clone, "ls-tree", "-r", "--name-only", "HEAD", "crates").split() if path.split("/")[1] in names]
    advisories = [facts(git(clone, "show", f"HEAD:{path}")) for path in sorted(files)]
    advisories = sorted((one for one in advisories if one), key=lambda one: one["id"])
    lines = ",\n".join("    " + json.dumps(one, ensure_ascii=False) for one in advisories)
    commit, at = git(clone, "log", "-1", "--format=%H %cs").split()
    SNAPSHOT.write_text(
        f'{{\n  "source": "https://github.com/rustsec/advisory-db",\n  "commit": "{commit}",\n  "committed_on": "{at}",\n'
        f'  "packages": {json.dumps(names)},\n  "advisories": [\n{lines}\n  ]\n}}\n'
    )
    print(f"{SNAPSHOT.name}: {len(advisories)} advisories of {len(names)} packages")


if __name__ == "__main__":
    main()
