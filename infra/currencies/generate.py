"""Writes the table that `domain::money` reads: currencies, their digits, and the days on which they were legal tender.

Run as README.md says. The output depends on nothing but this file and the two pinned packages, so a rerun that changes the table
shows what the world changed.
"""

import datetime
import pathlib
import sys

import iso4217
from babel.core import get_global

# Ended currencies stay in the table when they were legal tender on this day or later.
SINCE = datetime.date(2010, 1, 1)

# Last days that the pinned CLDR does not have yet: leva and euros circulated side by side in January 2026.
ENDED = {"BGN": datetime.date(2026, 1, 31)}

# Digits of currencies that ISO 4217's list of current currencies no longer has, where they are not two. It withdrew BYR with none.
DIGITS = {"BYR": 0}

FIRST, LAST = "00000000", "99999999"


def days():
    """`code -> (first, last)`: from the first day on which a currency was legal tender anywhere to the last; None is open."""
    found = {}
    for uses in get_global("territory_currencies").values():
        for code, first, last, tender in uses:
            if not tender:
                continue
            first = datetime.date(*first) if first else None
            last = datetime.date(*last) if last else None
            if code in found:
                known_first, known_last = found[code]
                first = min(first, known_first) if first and known_first else None
                last = max(last, known_last) if last and known_last else None
            found[code] = (first, last)
    for code, last in ENDED.items():
        found[code] = (found[code][0], last)
    return found


def lines():
    """One line a currency; units of account, which were never legal tender, have no days."""
    tender = days()
    # Metals, codes for tests and for no currency, and the Fund's and the Bank's own have no minor unit.
    digits = {currency.code: currency.exponent for currency in iso4217.Currency if currency.exponent is not None}
    for code, (_, last) in tender.items():
        if code not in digits and last and last >= SINCE:
            digits[code] = DIGITS.get(code, 2)
    for code in sorted(digits):
        first, last = tender.get(code, (None, None))
        yield " ".join(
            [
                code,
                str(digits[code]),
                first.strftime("%Y%m%d") if first else FIRST,
                last.strftime("%Y%m%d") if last else LAST,
            ]
        )


if __name__ == "__main__":
    path = pathlib.Path(sys.argv[1]) / "currencies.txt"
    text = "".join(line + "\n" for line in lines())
    path.write_text(text, encoding="ascii")
    print(f"{path.name}: {text.count(chr(10))} lines, {len(text)} bytes")
