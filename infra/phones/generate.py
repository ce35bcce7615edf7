"""Writes the tables that `domain::phone` reads: the digit that people in a country dial before a number and drop after its code, whose
numbers begin how, which numbers cost whoever calls or writes to them more than others, and which are landlines.

Run as README.md says. The output depends on nothing but this file and the two pinned packages.
"""

import pathlib
import sys

import regex
from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, PhoneMetadata

# Most digits that may follow a prefix in numbers that begin with it themselves.
FOLLOW_MAX = 3


def metadata(code, region):
    """What is known of the numbers of a region, or of a code that belongs to none."""
    if region == "001":
        return PhoneMetadata.metadata_for_nongeo_region(code, None)
    return PhoneMetadata.metadata_for_region(region, None)


def begins(digits, known):
    """Whether a number of that region may begin with these digits."""
    return regex.compile(known.general_desc.national_number_pattern).fullmatch(digits, partial=True) is not None


def lines():
    """`(code, prefix, digits)`: a number of the code that begins with the prefix, and not with one of the digits after it, has it too much."""
    for code, regions in COUNTRY_CODE_TO_REGION_CODE.items():
        all_known = [metadata(code, region) for region in regions]
        prefix = all_known[0].national_prefix
        # In North America the prefix is the code itself: what follows it there is a wrong number, and stays as it is.
        if not prefix or prefix == str(code):
            continue
        follow = [digit for digit in "0123456789" if any(begins(prefix + digit, known) for known in all_known)]
        # Where numbers themselves begin so, nothing tells the two apart.
        if len(follow) <= FOLLOW_MAX:
            yield str(code), prefix, "".join(follow)


# Longest beginnings of national numbers that are looked at.
COUNTRY_DEPTH_MAX, COSTLY_DEPTH_MAX = 7, 5


def patterns(known, kinds):
    """The patterns of some kinds of a region's numbers."""
    found = [getattr(known, kind) for kind in kinds]
    return [regex.compile(one.national_number_pattern) for one in found if one is not None and one.national_number_pattern]


def fits(digits, some):
    """Whether numbers of one of these patterns may begin with these digits."""
    return any(one.fullmatch(digits, partial=True) for one in some)


def beginnings(wanted, others, depth_max, digits=""):
    """The shortest beginnings with which numbers of the wanted patterns begin, and none of the others."""
    if not fits(digits, wanted):
        return []
    if not fits(digits, others):
        return [digits]
    if len(digits) == depth_max:
        return []
    return [found for digit in "0123456789" for found in beginnings(wanted, others, depth_max, digits + digit)]


USUAL = ["fixed_line", "mobile"]
COSTLY = ["premium_rate", "shared_cost", "personal_number"]


def countries():
    """`code region beginning…`: whose numbers of a code begin so; without a beginning, whose all others are."""
    for code, (main, *others) in COUNTRY_CODE_TO_REGION_CODE.items():
        if main == "001":
            continue
        yield [str(code), main]
        for region in others:
            own, usual = patterns(metadata(code, region), USUAL), patterns(metadata(code, main), USUAL)
            yield [str(code), region, *beginnings(own, usual, COUNTRY_DEPTH_MAX)]


def costly():
    """`code beginning…`: numbers of a code that begin so cost more than others. Without a beginning all do: those of no country."""
    for code, regions in COUNTRY_CODE_TO_REGION_CODE.items():
        if regions[0] == "001":
            yield [str(code)]
            continue
        # In North America numbers of one's own (500) cost what others do.
        kinds = COSTLY[:2] if code == 1 else COSTLY
        found = set()
        usual = [one for region in regions for one in patterns(metadata(code, region), USUAL)]
        for region in regions:
            found |= set(beginnings(patterns(metadata(code, region), kinds), usual, COSTLY_DEPTH_MAX))
        if found:
            yield [str(code), *sorted(found)]


# What else than a landline a number may be.
OTHER_KINDS = ["mobile", "pager", "voip", "personal_number", "uan", "voicemail", "toll_free", "premium_rate", "shared_cost"]
# Longest beginnings of landlines that are looked at: beyond, a number is not known to be one.
LANDLINE_DEPTH_MAX = 4


def landlines():
    """`code beginning…`: numbers of a code that begin so are landlines and nothing else. Where mobile numbers look the same, as in North America, none is."""
    for code, regions in COUNTRY_CODE_TO_REGION_CODE.items():
        if regions[0] == "001":
            continue
        others = [one for region in regions for one in patterns(metadata(code, region), OTHER_KINDS)]
        found = set()
        for region in regions:
            found |= set(beginnings(patterns(metadata(code, region), ["fixed_line"]), others, LANDLINE_DEPTH_MAX))
        # A beginning of another one says it too.
        shortest = [one for one in found if not any(one != other and one.startswith(other) for other in found)]
        if shortest:
            yield [str(code), *sorted(shortest)]


def write(folder, name, lines):
    """Writes a table."""
    path = pathlib.Path(folder) / name
    text = "".join(" ".join(field for field in line if field) + "\n" for line in lines)
    path.write_text(text, encoding="ascii")
    print(f"{path.name}: {text.count(chr(10))} lines, {len(text)} bytes")


if __name__ == "__main__":
    write(sys.argv[1], "trunks.txt", sorted(lines()))
    write(sys.argv[1], "numbers.txt", sorted(countries()))
    write(sys.argv[1], "costly.txt", sorted(costly()))
    write(sys.argv[1], "landlines.txt", sorted(landlines()))
