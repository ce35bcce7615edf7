"""Daily snapshots of generated books, read by DuckDB: SQL that knows nothing of our code comes to every number of every report.

usage: snapshots.py --generator PATH [--books N]   (in the environment that holds duckdb)

The generator is the example `generated_books` of shared/snapshots. CI takes 3 books; 50 are for a release:

    cargo build --package snapshots --example generated_books
    python -B infra/checks/snapshots.py --generator target/debug/examples/generated_books --books 50
"""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile
from datetime import date, timedelta
from fractions import Fraction

import duckdb

BUCKETS = {"current": "current", "1-30": "overdue_1_30", "31-60": "overdue_31_60", "61-90": "overdue_61_90", "over-90": "overdue_over_90"}
OPEN = " + ".join(f"{name}_minor" for name in BUCKETS.values())
AGES = ("0-7", "8-30", "31-60", "over-60")
GROUPS = {"tenant": "''", "segment": "belongs.segment", "owner": "belongs.owner", "legal_entity": "rows.legal_entity"}
UNDEFINED = "not defined"
# What a report may ask: each is told apart from all others, and a book that says nothing of one of them tests nothing.
LEAST_DEFINED = 0.2


class Book:
    """The files of one book, as tables of DuckDB."""

    def __init__(self, folder, as_of):
        self.sql = duckdb.connect()
        for table in ("balances", "contacts", "disputes"):
            self.sql.execute(
                f"create table {table} as select * from read_parquet('{folder}/reports/*/{table}/*/*.parquet', "
                "hive_partitioning = true, hive_types = {'day': date})"
            )
        self.as_of = as_of
        # A customer counts where it is at the end of the last day, with all that it did before.
        self.sql.execute(f"create table belongs as select distinct customer, segment, owner from balances where day = '{as_of}'")

    def rows(self, query):
        """Rows as dictionaries; sums as whole numbers."""
        found = self.sql.execute(query)
        names = [column[0] for column in found.description]
        return [dict(zip(names, row)) for row in found.fetchall()]

    def sums(self, table, by, keys, where):
        """Sums of all numbers of a table, by group and further columns."""
        columns = [row["column_name"] for row in self.rows(f"describe {table}") if row["column_type"] == "BIGINT"]
        further = "".join(f", rows.{key}" for key in keys)
        summed = ", ".join(f"sum(rows.{column})::hugeint as {column}" for column in columns)
        query = (
            f"select {GROUPS[by]} as grouped{further}, {summed} from {table} rows join belongs using (customer) where {where} group by all"
        )
        return {(row["grouped"], *(row[key] for key in keys)): row for row in self.rows(query)}

    def open_by_customer(self, by):
        """What each customer owes by group and currency, the largest first."""
        query = (
            f"select {GROUPS[by]} as grouped, rows.currency, customer, sum({OPEN})::hugeint as open "
            f"from balances rows join belongs using (customer) where day = '{self.as_of}' group by all order by open desc"
        )
        found = {}
        for row in self.rows(query):
            if row["open"] > 0:
                found.setdefault((row["grouped"], row["currency"]), []).append(row["open"])
        return found

    def sold_by_month(self, by):
        """What was sold by group, currency and calendar month."""
        query = (
            f"select {GROUPS[by]} as grouped, rows.currency, strftime(day, '%Y-%m') as month, sum(sold_minor)::hugeint as sold, "
            "sum(sold) <> 0 or sum(sold_minor) <> 0 as is_any from balances rows join belongs using (customer) group by all"
        )
        return {(row["grouped"], row["currency"], row["month"]): row["sold"] for row in self.rows(query) if row["is_any"]}


def shown(value, digits):
    """A quotient rounded half away from zero."""
    if value is None:
        return UNDEFINED
    scaled = abs(value) * 10**digits
    whole = (2 * scaled.numerator + scaled.denominator) // (2 * scaled.denominator)
    text = str(whole).rjust(digits + 1, "0")
    text = f"{text[:-digits]}.{text[-digits:]}" if digits else text
    return f"-{text}" if value < 0 and whole else text


def quotient(above, below):
    """None where nothing is below."""
    return Fraction(above, below) if below > 0 else None


def percent(above, below):
    return quotient(100 * above, below)


def months_before(day, months):
    """The first day of so many calendar months up to a day."""
    number = day.year * 12 + day.month - months
    return date(number // 12, number % 12 + 1, 1)


def countback(receivables, sold, day):
    """Months are taken off what is open, the newest first, as long as one is sold in before."""
    if receivables <= 0:
        return Fraction(0)
    if not sold:
        return None
    rest, days, month = receivables, 0, date(day.year, day.month, 1)
    oldest, is_any = min(sold), False
    while month.strftime("%Y-%m") >= oldest:
        last = months_before(month, 0) - timedelta(days=1)
        of_month = (min(last, day) - month).days + 1
        sales = max(sold.get(month.strftime("%Y-%m"), 0), 0)
        is_any |= sales > 0
        if rest < sales:
            return days + Fraction(rest * of_month, sales)
        rest -= sales
        days += of_month
        if rest == 0:
            return Fraction(days)
        month = months_before(month, 2)
    return Fraction(days) if is_any else None


def money_cells(name, key, found, asked):
    """The cells of a report of money, by the formulas of the reference."""
    stock, flow = found["stock"].get(key, {}), found["flow"].get(key, {})
    have, did = (lambda column: stock.get(column, 0)), (lambda column: flow.get(column, 0))
    buckets = {word: have(f"{column}_minor") for word, column in BUCKETS.items()}
    is_open, current = sum(buckets.values()), buckets["current"]
    past_due, days, net = is_open - current, asked["days"], did("collected_minor") - did("taken_back_minor")
    if name == "aging":
        cells = {word: value for word, value in buckets.items()}
        cells |= {f"{word}_count": have(f"{column}_items") for word, column in BUCKETS.items()}
        cells |= {"open": is_open, "past_due": past_due, "unapplied": have("unapplied_minor")}
        cells["past_due_share"] = shown(percent(past_due, is_open), 2)
        cells["days_overdue"] = shown(quotient(have("overdue_minor_days"), past_due), 2)
        return cells
    if name == "dso":
        simple, best = quotient(is_open * days, did("sold_minor")), quotient(current * days, did("sold_minor"))
        sold = {month: value for (*group, month), value in found["sold"].items() if tuple(group) == key}
        return {
            "dso": shown(simple, 2),
            "dso_best_possible": shown(best, 2),
            "average_days_delinquent": shown(None if simple is None else simple - best, 2),
            "dso_countback": shown(countback(is_open, sold, asked["as_of"]), 2),
            "dso_countback_best_possible": shown(countback(current, sold, asked["as_of"]), 2),
            "open": is_open,
            "current": current,
            "sold": did("sold_minor"),
        }
    if name == "days-to-pay":
        count, minor = did("settled"), did("settled_minor")
        return {
            "days_to_pay": shown(quotient(did("days_to_pay"), count), 2),
            "days_to_pay_weighted": shown(quotient(did("days_to_pay_minor_days"), minor), 2),
            "days_late": shown(quotient(did("days_late"), count), 2),
            "days_late_weighted": shown(quotient(did("days_late_minor_days"), minor), 2),
            "settled": count,
            "settled_minor": minor,
        }
    if name == "effectiveness":
        before = found["eve"].get(key, {})
        begin = sum(before.get(f"{column}_minor", 0) for column in BUCKETS.values())
        above = begin * asked["months"] + did("sold_minor") - is_open * asked["months"]
        below = begin * asked["months"] + did("sold_minor") - current * asked["months"]
        return {"effectiveness": shown(percent(above, below), 2), "sold": did("sold_minor"), "open": is_open, "current": current}
    if name == "collected":
        cells = {"collected_net": net}
        for word in ("sold", "collected", "taken_back", "credited", "written_off"):
            cells |= {word: did(f"{word}_minor"), f"{word}_count": did(word)}
        return cells
    if name == "promises":
        ends = ("kept", "partly_kept", "broken")
        cells = {"made_count": did("promises_made"), "made": did("promised_made_minor"), "cancelled_count": did("promises_cancelled")}
        for end in ends:
            cells |= {f"{end}_count": did(f"promises_{end}"), end: did(f"promised_{end}_minor")}
        count, minor = (sum(did(f"{what}_{end}{unit}") for end in ends) for what, unit in (("promises", ""), ("promised", "_minor")))
        return cells | {
            "partly_kept_paid": did("paid_of_partly_kept_minor"),
            "kept_by_count": shown(percent(did("promises_kept"), count), 2),
            "kept_by_amount": shown(percent(did("paid_in_time_minor"), minor), 2),
            "open_count": have("promises_open"),
            "open": have("promised_open_minor"),
        }
    if name == "cost":
        group, currency = key
        contacts = found["contacts"].get((group, ""), {})
        costs = {of: row["cost_millionths"] for (grouped, of), row in found["costs"].items() if grouped == group}
        currencies = {of for grouped, of in found["stock"] if grouped == group}
        is_known = currencies == {currency} and set(costs) <= {currency} and contacts.get("unpriced", 0) == 0 and net > 0
        scale = 1 if currency == "JPY" else 100
        return {
            "touches": contacts.get("touches", 0),
            "unpriced": contacts.get("unpriced", 0),
            "cost_per_collected": shown(Fraction(costs.get(currency, 0) * scale, net * 1_000_000) if is_known else None, 7),
            "touches_per_settled": shown(quotient(contacts.get("touches", 0), did("settled")), 2),
            "collected_net": net,
        }
    if name == "concentration":
        owing = found["owing"].get(key, [])
        tops = {f"top_{top}": shown(percent(sum(owing[:top]), is_open), 2) for top in (1, 5, 10, 20)}
        return {"owing": len(owing), "open": is_open} | tops
    raise SystemExit(f"no SQL knows the report {name}")


def contact_cells(name, row):
    if name == "ratings":
        counts = {str(score): row.get(f"ratings_{score}", 0) for score in range(1, 6)}
        total = sum(counts.values())
        return counts | {"average": shown(quotient(sum(int(score) * count for score, count in counts.items()), total), 2)}
    touches, responded = row.get("responded_of", 0), row.get("responded", 0)
    return {
        "touches": touches,
        "responded": responded,
        "answered": row.get("responded_by_answer", 0),
        "promised": row.get("responded_by_promise", 0),
        "paid": row.get("responded_by_payment", 0),
        "response_rate": shown(percent(responded, touches), 2),
    }


def facts_of(book, by, since, eve):
    """What the reports of one grouping and period are made of."""
    within = f"day between '{since}' and '{book.as_of}'"
    found = {
        "stock": book.sums("balances", by, ["currency"], f"day = '{book.as_of}'"),
        "flow": book.sums("balances", by, ["currency"], within),
        "eve": book.sums("balances", by, ["currency"], f"day = '{eve}'"),
        "disputes": book.sums("disputes", by, ["currency", "reason", "age"], f"day = '{book.as_of}'"),
        "owing": book.open_by_customer(by),
        "sold": book.sold_by_month(by),
    }
    if by != "legal_entity":
        found["contacts"] = book.sums("contacts", by, ["part"], f"{within} and rows.currency = ''")
        found["costs"] = book.sums("contacts", by, ["currency"], f"{within} and rows.currency <> ''")
    return found


def expected_rows(name, by, found, asked, groups):
    """The rows of a report by SQL: (group, currency, part) and the cells."""
    if name in ("responses", "ratings"):
        rows = {(group, None, ""): contact_cells(name, found["contacts"].get((group, ""), {})) for group in groups}
        if name == "responses":
            rows |= {(group, None, part): contact_cells(name, row) for (group, part), row in found["contacts"].items() if part}
        return rows
    if name == "disputes":
        rows = {}
        for (group, currency, reason, age), row in found["disputes"].items():
            empty = {word: 0 for of in AGES for word in (of, f"{of}_count")}
            cells = rows.setdefault((group, currency, reason), empty)
            cells |= {age: row["disputed_minor"], f"{age}_count": row["disputes"]}
        return rows
    return {(*key, ""): money_cells(name, key, found, asked) for key in found["stock"]}


def check(folder, problems):
    """Holds each report of a book against SQL; how many numbers that were, and how many are defined."""
    expected = json.loads((folder / "expected.json").read_text(encoding="utf-8"))
    as_of = date.fromisoformat(expected["as_of"])
    book = Book(folder, as_of)
    compared = quotients = defined = 0
    known = {}
    for report in expected["reports"]:
        name, by, months = report["name"], report["by"], report["months"]
        since = months_before(as_of, months)
        if (by, months) not in known:
            known[by, months] = facts_of(book, by, since, since - timedelta(days=1))
        found = known[by, months]
        asked = {"as_of": as_of, "months": months, "days": (as_of - since).days + 1}
        if report["from"] not in (None, str(since)):
            problems.append(f"{folder.name}: {name} over {months} months begins on {report['from']}, and not on {since}")
        groups = {group for group, _ in found["stock"]}
        rows = expected_rows(name, by, found, asked, groups)
        theirs = {(row["group"], row["currency"], row["part"]): row["cells"] for row in report["rows"]}
        where = f"{folder.name}: {name} by {by} over {months} months"
        for key in sorted(set(rows) ^ set(theirs), key=str):
            problems.append(f"{where}: the row {key} is only in {'SQL' if key in rows else 'the report'}")
        for key in set(rows) & set(theirs):
            if set(rows[key]) != set(theirs[key]):
                problems.append(f"{where}: columns {sorted(set(rows[key]) ^ set(theirs[key]))} are in one of both only")
            for column, value in rows[key].items():
                said = theirs[key].get(column, "")
                is_same = said.startswith(UNDEFINED) if value == UNDEFINED else said == str(value)
                compared += 1
                quotients += isinstance(value, str)
                defined += isinstance(value, str) and value != UNDEFINED
                if not is_same:
                    problems.append(f"{where}: {key} {column} is {said}, and {value} by SQL")
    return compared, quotients, defined


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--generator", required=True)
    options.add_argument("--books", type=int, default=3)
    asked = options.parse_args()
    problems, compared, quotients, defined = [], 0, 0, 0
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([asked.generator, folder, str(asked.books)], check=True)
        for number in range(asked.books):
            counts = check(pathlib.Path(folder) / str(number), problems)
            compared, quotients, defined = compared + counts[0], quotients + counts[1], defined + counts[2]
    if compared < 1000 * asked.books or defined < LEAST_DEFINED * quotients:
        problems.append(f"{compared} numbers were compared and {defined} of {quotients} quotients are defined: the books say too little")
    for problem in problems[:40]:
        print(problem, file=sys.stderr)
    if problems:
        sys.exit(f"snapshots: {len(problems)} flaws")
    print(f"snapshots: {compared} numbers of {asked.books} books by SQL over Parquet are those of the reports, {defined} quotients among them")


if __name__ == "__main__":
    main()
