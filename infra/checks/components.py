"""The documents name the functions that the template has: the table of components in docs/ARCHITECTURE.md and the list in README.md.

usage: components.py EXPANDED ROOT
"""

import pathlib
import re
import sys

from template import finish, folder, functions, load

NAMED = re.compile(r"`([a-z-]+)`")


def of_readme(text):
    """The functions that the row of `functions/` lists."""
    row = re.search(r"^\| \[`functions/`\]\(functions\) \|(.*)\|$", text, re.M)
    return NAMED.findall(row[1]) if row else []


def of_architecture(text):
    """The functions of the table of components: those of the first column."""
    table = re.search(r"^\| Function \|.*\n\|[-|]+\n((?:\|.*\n)+)", text, re.M)
    return [name for row in table[1].splitlines() for name in NAMED.findall(row.split("|")[1])] if table else []


def main():
    root = pathlib.Path(sys.argv[2])
    there, problems = sorted(map(folder, functions(load(sys.argv[1])))), []
    for path, read in (("README.md", of_readme), ("docs/ARCHITECTURE.md", of_architecture)):
        named = read((root / path).read_text(encoding="utf-8"))
        problems += [f"{path} does not name the function {name}" for name in there if name not in named]
        problems += [f"{path} names {name}, which is no function of the template" for name in named if name not in there]
        problems += [f"{path} names {name} twice" for name in sorted(set(named)) if named.count(name) > 1]
    finish("components", problems, f"README and ARCHITECTURE name each of {len(there)} functions once")


if __name__ == "__main__":
    main()
