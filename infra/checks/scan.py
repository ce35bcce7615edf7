"""The security scan of template.yaml finds nothing but what scan.json gives a reason for, and all of that.

usage: scan.py CHECKOV TEMPLATE
"""

import fnmatch
import json
import pathlib
import subprocess
import sys

from template import finish


def found(checkov, template):
    """Failed checks: (id, logical id, what it wants), and how many passed."""
    command = [checkov, "--file", template, "--framework", "cloudformation", "--skip-download", "--compact", "--quiet", "--output", "json"]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    report = json.loads(ran.stdout)
    if isinstance(report, list):
        (report,) = report
    failed = [(f["check_id"], f["resource"].split(".")[-1], f["check_name"]) for f in report["results"]["failed_checks"]]
    return failed, report["summary"]["passed"]


def main():
    reasons = json.loads((pathlib.Path(__file__).parent / "scan.json").read_text(encoding="utf-8"))
    failed, passed = found(sys.argv[1], sys.argv[2])
    problems, used = [], set()
    for check, resource, wants in failed:
        given = [
            number
            for number, reason in enumerate(reasons)
            if reason["check"] == check and any(fnmatch.fnmatchcase(resource, pattern) for pattern in reason["resources"])
        ]
        used.update(given)
        if not given:
            problems.append(f"{resource}: {check}, {wants}; mend it, or give the reason in scan.json")
    for number, reason in enumerate(reasons):
        if number not in used:
            problems.append(f"scan.json gives a reason for {reason['check']} of {', '.join(reason['resources'])}, which holds")
    if passed == 0:
        problems.append("the scan looked at nothing")
    finish("scan", problems, f"{passed} checks hold, {len(failed)} are left for a reason")


if __name__ == "__main__":
    main()
