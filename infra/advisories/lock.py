"""What `Cargo.lock` names, and versions as Cargo compares them."""

import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[2]
SNAPSHOT = pathlib.Path(__file__).parent / "advisories.json"


def packages(text):
    """`(name, version)` of every package that comes from a registry; the workspace's own have no source."""
    for block in text.split("[[package]]")[1:]:
        field = {name: value for name, value in re.findall(r'^(name|version|source) = "([^"]*)"', block, re.M)}
        if "source" in field:
            yield field["name"], field["version"]


def parsed(version):
    """A version in an order: numbers first, and a release after its previews."""
    plain, _, rest = version.strip().partition("+")[0].partition("-")
    numbers = [int(part) for part in plain.split(".")]
    numbers += [0] * (3 - len(numbers))
    preview = [(0, int(part), "") if part.isdigit() else (1, 0, part) for part in rest.split(".")] if rest else []
    return tuple(numbers), not rest, preview


def compatible_below(text):
    """The first version that is not compatible with one, as `^` has it."""
    parts = [int(part) for part in text.partition("-")[0].split(".")]
    for at, part in enumerate(parts):
        if part or at == len(parts) - 1:
            return ".".join(str(number) for number in parts[:at] + [part + 1] + [0] * (2 - at))
    raise ValueError(text)


def matches(version, requirement):
    """Whether a version meets all parts of a requirement such as `>= 1.2.3, < 2` or `^1.2`."""
    own = parsed(version)
    for part in requirement.split(","):
        sign, text = re.fullmatch(r"(>=|<=|>|<|=|\^|~)?\s*(\S+)", part.strip()).groups()
        wanted = parsed(text)
        numbers = text.partition("-")[0].split(".")
        if sign == "~":
            at = min(len(numbers), 2)
            below = [int(number) for number in numbers[:at]]
            below[-1] += 1
            met = wanted <= own < parsed(".".join(str(number) for number in below))
        elif sign in (None, "^"):
            met = wanted <= own < parsed(compatible_below(text))
        else:
            met = {">=": own >= wanted, "<=": own <= wanted, ">": own > wanted, "<": own < wanted, "=": own == wanted}[sign]
        if not met:
            return False
    return True
