"""Weighs and starts the built functions: zip, resident memory, and what it takes from spawn to the first request for work and to the first
useful answer, beside the least that a function with the same AWS clients can be (tests/hello).

    python3 -B infra/checks/coldstart.py

Python 3.10 or later and openssl on Linux, nothing else. Builds everything in the release profile first, unless BOOTSTRAPS names a folder
that has the binaries; TIMES says how often each is started, in turn (21).

Each start gives one event (sample_events.py) and ends with its answer; of a function that sample_events.py has no event for, the start alone is measured.
What stands in for the Runtime API and, over TLS, for AWS (standins.py) listens on loopback. An answer counts when it says what it should and
the calls that it takes were made; all else ends the run.

Both moments are of one start. *Wall* ends when the request (for work; with the answer) has come in, without the pause in which the process
is looked at between the two. It holds this program's own time for spawning and for answering calls. *CPU* is the time of all threads of the
process, user and system, from the fork on, by the kernel's clock of the process, in nanoseconds; it is read when the process rests and
waits on that request, so that what it still did behind it is in. *Resident* is read with the first.
"""

import collections
import dataclasses
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile

import listed
from sample_events import sample_events
from standins import PATIENCE, Aws, Runtime, identity, listen

ROOT = pathlib.Path(__file__).resolve().parents[2]
# What each function is compared with: the clients that its role lets it use, and nothing else.
HELLO = {name: listed.beside(name) for name in listed.functions()}
TIMES = int(os.environ.get("TIMES", "21"))
MIB = 1024 * 1024

# What Lambda sets.
VARIABLES = {
    "CALLS_PER_MINUTE": "600",
    "IMPORT_WRITES_PER_SECOND": "1000",
    "AWS_REGION": "eu-central-1",
    "AWS_ACCESS_KEY_ID": "none",
    "AWS_SECRET_ACCESS_KEY": "none",
    "AWS_SESSION_TOKEN": "none",
    "AWS_LAMBDA_FUNCTION_NAME": "coldstart",
    "AWS_LAMBDA_FUNCTION_VERSION": "1",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128",
    "AWS_LAMBDA_LOG_GROUP_NAME": "none",
    "AWS_LAMBDA_LOG_STREAM_NAME": "none",
    "_HANDLER": "bootstrap",
    "LOG_LEVEL": "info",
}


def variables():
    """Every variable that the template sets for some function, with a value that parses and leads nowhere."""
    text = (ROOT / "template.yaml").read_text()
    names = {line.split(":")[0].strip() for line in text.splitlines() if line.startswith(" ") and line.split(":")[0].strip().isupper()}
    stand_in = {name: "https://none.invalid/x" if name.endswith("URL") else "none" for name in names}
    return {**stand_in, **VARIABLES}


@dataclasses.dataclass
class Start:
    """What one start took: MiB, then milliseconds but for the number of calls. Without an event there is no answer."""

    resident: float
    cpu_next: float
    wall_next: float
    calls: int = 0
    cpu_answer: float = float("nan")
    wall_answer: float = float("nan")


def said(log):
    """What a function logged."""
    log.seek(0)
    return log.read().decode()


def spent(pid):
    """Processor time of all threads of a process so far, in ms: the kernel's clock of the process, in nanoseconds."""
    return time.clock_gettime_ns((~pid << 3) | 2) / 1e6


def rested(process):
    """The same, once the process has come to rest."""
    seen, ends = -1, time.monotonic() + PATIENCE
    # A thread that waits for a processor has not come to rest, however long the clock stands.
    while seen != (now := spent(process.pid)) or not all(sleeps(task) for task in pathlib.Path(f"/proc/{process.pid}/task").iterdir()):
        if time.monotonic() > ends:
            sys.exit(f"{process.args[0]} does not come to rest")
        seen = now
        time.sleep(0.005)
    return now


def sleeps(task):
    """Whether a thread waits for something other than a processor or a disk, or is over."""
    try:
        return (task / "stat").read_text().rpartition(")")[2].split()[0] in "SZ"
    except OSError:
        return False


def start(name, binary, env, first, log):
    """One start, and the answer to one event; without an event, the start alone."""
    while not Runtime.told.empty():
        Runtime.told.get()
    Aws.rows, Aws.calls = first.rows if first else [], collections.Counter()
    log.seek(0)
    log.truncate()
    spawned = time.perf_counter()
    process = subprocess.Popen([binary], env=env, stdout=log, stderr=log)
    try:
        what, asked, text = Runtime.heard()
        if what != "next":
            sys.exit(f"{name} did not ask for work: {what} {text}\n{said(log)}")
        cpu_next, status = rested(process), pathlib.Path(f"/proc/{process.pid}/status").read_text()
        resident = next(int(each.split()[1]) for each in status.splitlines() if each.startswith("VmRSS:"))
        wall_next = (asked - spawned) * 1e3
        if first is None:
            return Start(resident / 1024, cpu_next, wall_next)
        given = time.perf_counter()
        Runtime.give(first.event)
        what, answered, text = Runtime.heard()
        if what != "response" or not first.right(json.loads(text)):
            sys.exit(f"{name} gave no useful answer: {what} {text}\n{said(log)}")
        cpu_answer = rested(process)
    finally:
        process.kill()
        process.wait()
        if first is None:
            # Nobody waits for work any more: whoever is started next would wait behind it.
            Runtime.give({})
    if missing := first.calls - set(Aws.calls):
        sys.exit(f"{name} answered without {sorted(missing)}; it called {dict(Aws.calls)}\n{said(log)}")
    if unknown := [call for call in Aws.calls if " " in call]:
        sys.exit(f"{name} called what nobody foresaw: {unknown}")
    return Start(resident / 1024, cpu_next, wall_next, Aws.calls.total(), cpu_answer, wall_next + (answered - given) * 1e3)


def zipped(binary, folder):
    """Bytes of the zip that Lambda is given."""
    path = pathlib.Path(folder) / "bootstrap.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        archive.write(binary, "bootstrap")
    return path.stat().st_size


def built():
    """The folder of the binaries."""
    if place := os.environ.get("BOOTSTRAPS"):
        return pathlib.Path(place)
    packages = [word for name in [*HELLO, "hello"] for word in ("-p", name)]
    subprocess.run(["cargo", "build", "--release", "--locked", "--bins", *packages], cwd=ROOT, check=True)
    return ROOT / os.environ.get("CARGO_TARGET_DIR", "target") / "release"


HEADINGS = (
    *("", "beside", "zip", "over it", "resident", "over it", "CPU to `/next`", "over it", "wall to `/next`", "calls"),
    *("CPU to answer", "over it", "wall to answer"),
)


def line(name, sizes, starts):
    """A line of the table."""
    beside = HELLO.get(name)

    def over(of):
        return f"{of(name) / of(beside):.2f}" if beside else ""

    def median(field):
        return lambda name: statistics.median(getattr(each, field) for each in starts[name])

    size, resident, cpu_next, cpu_answer = sizes.__getitem__, median("resident"), median("cpu_next"), median("cpu_answer")
    wall_next, wall_answer, calls = (median(field)(name) for field in ("wall_next", "wall_answer", "calls"))
    return (
        *(name, beside or "", f"{size(name):.2f} MiB", over(size), f"{resident(name):.1f} MiB", over(resident)),
        *(f"{cpu_next(name):.1f} ms", over(cpu_next), f"{wall_next:.1f} ms", f"{calls:.0f}"),
        *(f"{cpu_answer(name):.1f} ms", over(cpu_answer), f"{wall_answer:.1f} ms"),
    )


def main():
    place = built()
    names = ["hello-runtime", *sorted(set(HELLO.values())), *HELLO]
    starts = {name: [] for name in names}
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryFile() as log:
        tls, believed = identity(pathlib.Path(folder))
        aws = f"https://127.0.0.1:{listen(Aws, tls)}"
        places = {"AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{listen(Runtime)}", "AWS_ENDPOINT_URL": aws, "SSL_CERT_FILE": str(believed)}
        env = {**variables(), **places}
        # In turn, so that a busy moment of the machine does not fall on one of them.
        for _ in range(TIMES):
            known = sample_events(vendor=aws)
            for name in names:
                starts[name].append(start(name, place / name, env, known.get(name), log))
        sizes = {name: zipped(place / name, folder) / MIB for name in names}
    lines = [HEADINGS, ["---"] * len(HEADINGS), *(line(name, sizes, starts) for name in names)]
    print("\n".join(f"| {' | '.join(each)} |" for each in lines))
    print("\nAims, over what it is beside: zip 1.30 at most, processor time to `/next` 1.50 at most.")


if __name__ == "__main__":
    main()
