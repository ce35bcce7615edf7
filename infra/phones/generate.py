"""Writes the table that `domain::phone` reads: the digit that people in a country dial before a number and drop after its code.

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


if __name__ == "__main__":
    path = pathlib.Path(sys.argv[1]) / "trunks.txt"
    text = "".join(" ".join(field for field in line if field) + "\n" for line in sorted(lines()))
    path.write_text(text, encoding="ascii")
    print(f"{path.name}: {text.count(chr(10))} lines, {len(text)} bytes")
