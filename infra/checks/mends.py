"""Lists what docs/mended.txt names and no commit mends: a commit says `Mends: <id>` at the end of its message, and `Failed with:
<assertion>` of the test that failed before. Needs the history, so that no checkout without it can run it.

    python3 infra/checks/mends.py

Ends with 1 when an id has no commit, or a commit names an id that docs/mended.txt does not, or an exception is not needed.
"""

import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
# Commits that say `Mends` without `Failed with`: the day of the exception, and why it stands. History is not rewritten for them.
EXCEPTED = {
    "cf250383395f54daaab6ce98863bef3ce39817c9": (
        "2026-11-27",
        "of 2026-11-26; it wrote no assertion down. every_amount_is_one_of_the_rows_or_their_sum in shared/channels/tests holds its mend now",
    ),
    "7d60c988d49f1d08aa44130f0cc64a851f0eed3f": (
        "2026-11-27",
        "of 2026-11-26; it moved names of attributes into one list and changed no behaviour; only_one_list_names_attributes came with it",
    ),
}
# Commits whose `Mends` names findings of a later reading, which had a list of its own: the same letters, other findings. They mend nothing of
# docs/mended.txt and write no assertion down. What holds each of their mends now.
OF_ANOTHER_LIST = {
    "cb3677bcb8f51628ba0e65f82e751fd4086e7685": "functions/admin/tests/erasing.rs and shared/domain/src/by_hand/tests.rs",
    "66e8142c9035451f3becb504ecdce82fcb6af559": "functions/admin/tests/ceasing.rs, shared/domain/src/guard/tests.rs and tests/tests/by_hand.rs",
    "3a3cf85c4b063f736f801789ebfe5dfb300f9a66": "shared/store/tests/store/by_hand.rs and tests/tests/by_hand.rs",
}


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
    log = subprocess.run(["git", "log", "--format=%H%n%B%x00"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    mended, bad, needed, others = set(), [], set(), set()
    for commit in filter(None, (part.strip() for part in log.split("\0"))):
        whole = commit.splitlines()[0]
        if whole in OF_ANOTHER_LIST:
            others.add(whole)
            continue
        commit_id, names = whole[:7], said(commit, "Mends")
        if names and not said(commit, "Failed with"):
            needed.add(whole)
        if names and not said(commit, "Failed with") and whole not in EXCEPTED:
            bad.append(f"{commit_id} mends {', '.join(names)} and does not say which assertion failed before")
        for name in names:
            if name.lower() in ids:
                mended.add(name.lower())
            elif not name.startswith("house 1."):
                bad.append(f"{commit_id} mends '{name}', which docs/mended.txt does not name")
    bad += [f"{name} has no commit: {about}" for key, (name, about) in ids.items() if key not in mended]
    bad += [f"{commit[:7]} is excepted and needs it not: it is no commit of this history, or says all" for commit in EXCEPTED.keys() - needed]
    bad += [f"{commit[:7]} is said to be of another list: it is no commit of this history" for commit in OF_ANOTHER_LIST.keys() - others]
    bad += [f"{commit[:7]}: there is no {path}" for commit, held in OF_ANOTHER_LIST.items() for path in re.findall(r"\S+\.rs", held) if not (ROOT / path).is_file()]
    for commit, (on, why) in EXCEPTED.items():
        print(f"excepted on {on}: {commit[:7]} {why}")
    for commit, held in OF_ANOTHER_LIST.items():
        print(f"of another list: {commit[:7]}, held by {held}")
    print("\n".join(bad) or f"each of {len(ids)} has its commit")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
