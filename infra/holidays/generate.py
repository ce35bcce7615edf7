"""Writes the tables that `domain::calendar` reads: public holidays and weekends, and the time zones of countries and regions.

Run as README.md says. The output depends on nothing but this file and the two pinned packages, so a rerun that changes
the tables shows what the world changed.
"""

import collections
import datetime
import pathlib
import struct
import sys
import warnings
import zoneinfo
from importlib import resources

import holidays

YEARS = range(2026, 2032)

# Countries whose regions have zones of their own below, or are known by their holidays to be told apart.
COUNTRIES = ["AU", "CA", "DE", "ES", "FR", "GB", "IE", "IT", "NL", "US"]

# Codes of the package that are no official ISO 3166-1 codes.
UNOFFICIAL = {"XK"}

# Bavaria's Assumption Day is law only where Catholics are the majority: most municipalities, Munich among them.
CATHOLIC = {("DE", "BY")}

# Subdivisions under further codes: the Alsatian departments, and the overseas ones by their own country code.
ALSO = {
    "FR-6AE": ["FR-67", "FR-68"],
    "FR-971": ["FR-GP"],
    "FR-972": ["FR-MQ"],
    "FR-973": ["FR-GF"],
    "FR-974": ["FR-RE"],
    "FR-976": ["FR-YT"],
}

# ISO 3166-1 countries without a line in the tz database: nobody lives there; the zone of who administers them or is next.
UNINHABITED = {"BV": ["Europe/Oslo"], "HM": ["Indian/Kerguelen"]}

# Where the tz database does not begin with the zone of most people, which is the one a tenant there most likely means.
FIRST = {"AU": "Australia/Sydney", "BR": "America/Sao_Paulo", "CA": "America/Toronto", "RU": "Europe/Moscow"}

# Every zone that clocks in the region follow, law or custom; the most populous first.
REGION_ZONES = {
    "US": [
        ("America/New_York", "CT DC DE FL GA IN KY MA MD ME MI NC NH NJ NY OH PA RI SC VA VT WV"),
        ("America/Chicago", "AL AR FL IA IL IN KS KY LA MI MN MO MS ND NE OK SD TN TX WI"),
        ("America/New_York", "TN"),
        ("America/Denver", "CO ID KS MT ND NE NM SD TX UT WY"),
        ("America/Phoenix", "AZ"),
        ("America/Denver", "AZ"),
        ("America/Los_Angeles", "CA ID NV OR WA"),
        ("America/Denver", "NV OR"),
        ("America/Anchorage", "AK"),
        ("America/Adak", "AK"),
        ("Pacific/Honolulu", "HI"),
        ("Pacific/Pago_Pago", "AS"),
        ("Pacific/Guam", "GU"),
        ("Pacific/Saipan", "MP"),
        ("America/Puerto_Rico", "PR"),
        ("America/St_Thomas", "VI"),
        ("Pacific/Midway", "UM"),
        ("Pacific/Wake", "UM"),
    ],
    "CA": [
        ("America/Toronto", "ON QC"),
        ("America/Winnipeg", "MB ON"),
        ("America/Atikokan", "ON"),
        ("America/Halifax", "NS PE QC"),
        ("America/Blanc-Sablon", "QC"),
        ("America/Vancouver", "BC"),
        ("America/Edmonton", "AB BC"),
        ("America/Creston", "BC"),
        ("America/Dawson_Creek", "BC"),
        ("America/Fort_Nelson", "BC"),
        ("America/Regina", "SK"),
        ("America/Edmonton", "SK"),
        ("America/Moncton", "NB"),
        ("America/St_Johns", "NL"),
        ("America/Goose_Bay", "NL"),
        ("America/Inuvik", "NT"),
        ("America/Iqaluit", "NU"),
        ("America/Rankin_Inlet", "NU"),
        ("America/Resolute", "NU"),
        ("America/Cambridge_Bay", "NU"),
        ("America/Atikokan", "NU"),
        ("America/Whitehorse", "YT"),
        ("America/Dawson", "YT"),
    ],
    "AU": [
        ("Australia/Sydney", "ACT NSW"),
        ("Australia/Broken_Hill", "NSW"),
        ("Australia/Lord_Howe", "NSW"),
        ("Australia/Melbourne", "VIC"),
        ("Australia/Brisbane", "QLD"),
        ("Australia/Adelaide", "SA"),
        ("Australia/Perth", "WA"),
        ("Australia/Eucla", "WA"),
        ("Australia/Hobart", "TAS"),
        ("Antarctica/Macquarie", "TAS"),
        ("Australia/Darwin", "NT"),
    ],
    "ES": [("Atlantic/Canary", "CN"), ("Africa/Ceuta", "CE ML")],
    "FR": [
        ("America/Guadeloupe", "971"),
        ("America/Martinique", "972"),
        ("America/Cayenne", "973"),
        ("Indian/Reunion", "974"),
        ("Indian/Mayotte", "976"),
        ("America/St_Barthelemy", "BL"),
        ("America/Marigot", "MF"),
        ("Pacific/Noumea", "NC"),
        ("Pacific/Tahiti", "PF"),
        ("Pacific/Marquesas", "PF"),
        ("Pacific/Gambier", "PF"),
        ("America/Miquelon", "PM"),
        ("Indian/Kerguelen", "TF"),
        ("Pacific/Wallis", "WF"),
    ],
}

# What marks a number as that of a pattern.
SHARED = 0x8000

WEEKDAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]

HOURS = [
    datetime.datetime(YEARS[0], 1, 1, tzinfo=datetime.timezone.utc) + datetime.timedelta(hours=hour)
    for hour in range(len(YEARS) * 8766)
]
_offsets = {}


def offsets(zone):
    """The zone's offset in every hour of the table's years."""
    if zone not in _offsets:
        info = zoneinfo.ZoneInfo(zone)
        _offsets[zone] = tuple(hour.astimezone(info).utcoffset() for hour in HOURS)
    return _offsets[zone]


def distinct(zones):
    """The zones without those whose clocks agree with an earlier one throughout the table's years."""
    if len(zones) < 2:
        return zones
    seen, kept = set(), []
    for zone in zones:
        if offsets(zone) not in seen:
            seen.add(offsets(zone))
            kept.append(zone)
    return kept


def named_days(country, region=None):
    """Public holidays by name, the real day and the observed one both."""
    categories = ["public", "catholic"] if (country, region) in CATHOLIC else ["public"]
    found = collections.defaultdict(set)
    for observed in (True, False):
        of = holidays.country_holidays(country, subdiv=region, years=YEARS, observed=observed, categories=categories)
        for day in of:
            if day.year in YEARS:
                for name in of.get_list(day):
                    found[name].add(day)
    return found


def regions(country):
    """The subdivisions that the package knows by an ISO 3166-2 code, and no cities or school zones by name."""
    return [code for code in holidays.country_holidays(country).subdivisions if len(code) <= 3]


def countries():
    """Every country that the package covers."""
    supported = holidays.list_supported_countries(include_aliases=False)
    return sorted(code for code in supported if len(code) == 2 and code not in UNOFFICIAL)


def coded(days):
    """Days as numbers of 15 bits: the day of a leap year, and above it a bit for each of the years that have it."""
    years = collections.defaultdict(int)
    for day in days:
        years[datetime.date(2028, day.month, day.day).timetuple().tm_yday] |= 1 << (day.year - YEARS[0])
    return tuple(sorted(bits << 9 | day for day, bits in years.items()))


def holiday_places():
    """`place -> holidays`, each as its days; for a region what it adds to its country's."""
    places = {}
    for country in countries():
        national = named_days(country)
        closed = set().union(*national.values()) if national else set()
        if national:
            places[country, ""] = {coded(days) for days in national.values()}
        for region in regions(country):
            extra = {coded(days - closed) for days in named_days(country, region).values() if days - closed}
            if extra:
                for place in [f"{country}-{region}", *ALSO.get(f"{country}-{region}", [])]:
                    places[country, place.split("-")[1]] = extra
    return places


def holiday_table():
    """The table in bytes, numbers little-endian. README.md says its form."""
    places = holiday_places()
    uses = collections.Counter(days for found in places.values() for days in found if len(days) > 1)
    # What moves with the moon or the weekday, and falls on the same days in several places, is written once.
    shared = sorted((days for days, count in uses.items() if count > 1), key=lambda days: (-uses[days], days))
    number = {days: index for index, days in enumerate(shared)}
    keys, spans, entries, written = b"", b"", [], {}
    for (country, region), found in sorted(places.items()):
        own = set()
        for days in found:
            own |= {SHARED | number[days]} if days in number else set(days)
        own = tuple(sorted(own))
        if own not in written:
            written[own] = len(entries)
            entries.extend(own)
        keys += country.encode("ascii") + region.encode("ascii").ljust(3, b"\0")
        spans += struct.pack("<HH", written[own], len(own))
    ends, patterns = [], []
    for days in shared:
        patterns.extend(days)
        ends.append(len(patterns))
    head = struct.pack("<HHH", len(places), len(shared), len(entries))
    return head + keys + spans + b"".join(struct.pack("<H", n) for n in [*ends, *entries, *patterns]), len(places)


def weekend_lines():
    """`(country, weekdays)` where the weekend is not Saturday and Sunday. One day alone is held to be half of those two."""
    for country in countries():
        weekend = sorted(holidays.country_holidays(country, years=YEARS[0]).weekend)
        if weekend not in ([5, 6], [5], [6], []):
            yield country, " ".join(WEEKDAYS[day] for day in weekend)


def zone_lines():
    """`(place, zones)`: a country's zones in the tz database's order but for `FIRST`, and those of its regions."""
    data = resources.files("tzdata") / "zoneinfo"
    countries = {
        line.split("\t")[0]: []
        for line in (data / "iso3166.tab").read_text(encoding="utf-8").splitlines()
        if not line.startswith("#")
    }
    for line in (data / "zone.tab").read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            country, _, zone = line.split("\t")[:3]
            countries[country].append(zone)
    for country, zones in countries.items():
        zones = zones or UNINHABITED[country]
        zones.sort(key=lambda zone: zone != FIRST.get(country))
        yield country, " ".join(distinct(zones))
    for country in COUNTRIES:
        for region in regions(country):
            zones = [zone for zone, of in REGION_ZONES.get(country, []) if region in of.split()]
            place = f"{country}-{region}"
            for name in [place, *ALSO.get(place, [])]:
                yield name, " ".join(distinct(zones or countries[country][:1]))


def write(path, lines):
    """Writes the lines sorted by their fields, as the reader's binary search needs them."""
    ordered = sorted(tuple(line[0].partition("-")[::2]) + line[1:] for line in lines)
    text = ""
    for country, region, *rest in ordered:
        text += " ".join([f"{country}-{region}" if region else country, *rest]) + "\n"
    path.write_text(text, encoding="ascii")
    print(f"{path.name}: {len(ordered)} lines, {len(text)} bytes")


if __name__ == "__main__":
    # Without the search path, zoneinfo reads the pinned package and not the machine's own data.
    zoneinfo.reset_tzpath(to=[])
    # Some places have no days in early years, of which the package warns.
    warnings.simplefilter("ignore")
    folder = pathlib.Path(sys.argv[1])
    table, places = holiday_table()
    (folder / "holidays.bin").write_bytes(table)
    print(f"holidays.bin: {places} places, {len(table)} bytes")
    write(folder / "weekends.txt", weekend_lines())
    write(folder / "zones.txt", zone_lines())
