"""Weighs and starts the built functions: zip, resident memory, and processor time from spawn to the first request for work,
beside the least that a function with the same AWS clients can be (tests/hello).

    python3 -B infra/checks/coldstart.py

Python 3.10 or later on Linux, nothing else. Builds everything in the release profile first, unless BOOTSTRAPS names a folder
that has the binaries. What stands in for the Lambda Runtime API listens on loopback and never gives any work.
"""

import http.server
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import threading
import zipfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
# What each function is compared with: the clients that it builds, and nothing else.
HELLO = {
    "admin": "hello-table-kms",
    "dispatch": "hello-bus",
    "feedback": "hello-table",
    "ingest": "hello-table-kms-objects",
    "portal": "hello-table-kms",
    "send-email": "hello-table-kms-mail",
    "send-sms": "hello-table-kms-texts",
    "sweep": "hello-table-queue",
    "sync": "hello-table-kms",
}
TIMES = int(os.environ.get("TIMES", "21"))
MIB = 1024 * 1024

# What Lambda sets.
VARIABLES = {
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


class Api(http.server.BaseHTTPRequestHandler):
    """Notes that work was asked for, and lets whoever asked wait."""

    protocol_version = "HTTP/1.1"
    asked = threading.Event()

    def do_GET(self):
        if self.path.endswith("/invocation/next"):
            Api.asked.set()
            # Whoever asked is killed, which closes the connection.
            self.rfile.read()

    def do_POST(self):
        sys.stderr.write(f"{self.path}: {self.rfile.read(int(self.headers.get('content-length', 0))).decode()}\n")
        self.send_response(202)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


def start(binary, env):
    """One start: processor time in ms, resident KiB."""
    Api.asked.clear()
    process = subprocess.Popen([binary], env=env, stdout=subprocess.DEVNULL)
    asked = Api.asked.wait(20)
    status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
    process.kill()
    _, process.returncode, used = os.wait4(process.pid, 0)
    if not asked:
        sys.exit(f"{binary} did not ask for work")
    resident = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS:"))
    return (used.ru_utime + used.ru_stime) * 1e3, resident


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


def main():
    functions = {path.parent.name for path in (ROOT / "functions").glob("*/Cargo.toml")}
    if functions != set(HELLO):
        sys.exit(f"HELLO does not name the functions that there are: {sorted(functions ^ set(HELLO))}")
    place = built()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Api)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    env = {**variables(), "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{server.server_port}"}
    names = ["hello-runtime", *sorted(set(HELLO.values())), *HELLO]
    # In turn, so that a busy moment of the machine does not fall on one of them.
    starts = {name: [] for name in names}
    for _ in range(TIMES):
        for name in names:
            starts[name].append(start(place / name, env))
    print("| | beside | zip | over it | resident | over it | processor time to `/next` | over it |\n|---|---|---|---|---|---|---|---|")
    rows = {}
    with tempfile.TemporaryDirectory() as folder:
        for name in names:
            cpu, resident = (statistics.median(each) for each in zip(*starts[name]))
            rows[name] = (zipped(place / name, folder) / MIB, resident / 1024, cpu)
            beside = HELLO.get(name)
            over = [f"{own / least:.2f}" if beside else "" for own, least in zip(rows[name], rows[beside or name])]
            size, memory, cpu = rows[name]
            print(f"| {name} | {beside or ''} | {size:.2f} MiB | {over[0]} | {memory:.1f} MiB | {over[1]} | {cpu:.1f} ms | {over[2]} |")
    print("\nAims, over what it is beside: zip 1.30 at most, processor time 1.50 at most.")


if __name__ == "__main__":
    main()
