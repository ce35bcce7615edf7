"""Runs the shell blocks of README.md and of docs/*.md as a reader would, word by word, against the built local stack.

    python3 -B infra/checks/readme.py --local target/debug/local

- ```sh blocks of one document run in one bash, in their order, in a folder that shows the repository. A command that fails fails the
  block, and so does a call that is refused, unless the answer is written.
- `cargo run -- …` is not compiled again: the program that --local names is started with the same arguments. It listens on a free port,
  which stands in for 8787 in every block and answer. The next `cargo run` of a document stops the stack before it.
- The commands that `cargo run` itself offers are run too.
- A ```text block is what the ```sh block before it prints. In it `…` stands for any text, and on a line of its own for any lines; one
  instant, date or number of seconds stands for any other.
- `<!-- save as: NAME -->` before a block of another language saves it. `<!-- not run: REASON -->` before a block leaves it out. Each
  block of a language that runs has one of the two or runs: the check fails where neither is so. What is saved is the same as the file
  of its name in docs/examples, if there is one. Of docs/api.md no block is left out.
- `<!-- on a local stack: TENANT -->` stands where a document speaks of a deployed stack, of its address `$api`, an admin's `$token` and an
  operator's `$operator`. From there on they are those of a local stack with that tenant.
- Links to the stack, in the text, answer. No block has an unquoted `?` or a comment, because zsh takes neither.
- Links to files and headings of the repository lead somewhere; so does each path that docs/ARCHITECTURE.md names. docs/api.md names each
  call of docs/openapi.json.

Needs bash, curl, jq, node, openssl and python3 on the path.
"""

import argparse
import concurrent.futures
import dataclasses
import json
import os
import pathlib
import queue
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
RUN = set("sh bash shell console zsh".split())
SAVED = {"python", "js", "javascript", "ruby", "go"}
# Programs that build, or reach something outside of this machine.
LEFT_OUT = r"(?m)^\s*(?:\S+=\S+ )*(?:\S*/)?(aws|sam|cargo|docker|git|npm|pip)\b"
PROGRAMS = ["bash", "curl", "jq", "node", "openssl", "python3"]
STACK = "127.0.0.1:8787"
# The documents of which every call is run.
WHOLE = {"api.md"}
BLOCK_SECONDS = 120
READY_SECONDS = 300
MARK = "\x1e"
# What a call that is not taken answers.
REFUSAL = r'\{"(?:type|title|message)":.*'
PRETENCE = """
api=http://{stack}
token_of() {{ curl -sS "$api/_local/token" -d "{{\\"tenant\\": \\"$1\\", \\"role\\": \\"admin\\"}}" | jq -r .token; }}
curl -sS --fail-with-body "$api/_local/tenants" -d '{{"tenant": "{tenant}"}}' >/dev/null
token=$(token_of {tenant})
operator=$(curl -sS "$api/_local/token" -d '{{"role": "operator"}}' | jq -r .token)
"""

INSTANT = r"\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)"
DAY = r"\d{4}-\d\d-\d\d"
MONTHS = "January|February|March|April|May|June|July|August|September|October|November|December"
WRITTEN = rf"(?:(?:{MONTHS}) \d{{1,2}}, \d{{4}}|\d{{1,2}} (?:{MONTHS}) \d{{4}})"
ALIKE = [INSTANT, DAY, WRITTEN, r"\d+(?:\.\d+)? s\b"]


class Flaw(Exception):
    """What is wrong with a document, and where."""


@dataclasses.dataclass
class Item:
    """A block of a document, or a link to the stack in its text."""

    line: int
    kind: str  # run, save, answer, skip, link, stack
    text: str
    note: str = ""


def items(path: pathlib.Path) -> list[Item]:
    """What a document has to run, in order."""
    found, note, lines, at = [], "", path.read_text().splitlines(), 0
    while at < len(lines):
        line, began = lines[at], at + 1
        at += 1
        fence = re.match(r"( *)```(\S*)", line)
        if fence is None:
            comment = re.fullmatch(r" *<!-- (save as|not run|on a local stack): (.+) -->", line)
            if comment and comment[1] == "on a local stack":
                found.append(Item(began, "stack", comment[2]))
            elif comment:
                note = f"{comment[1]}: {comment[2]}"
            elif line.strip():
                if note:
                    raise Flaw(f"{path.name}:{began}: '{note}' stands before no block")
                found += [Item(began, "link", url) for url in re.findall(rf"http://{STACK}[^\s)>\]`\"]*", line)]
                if re.match(r"    +\S*(?:cargo|curl|python3|aws|sam) ", line) and not re.match(r" *(?:\d+\.|-|\*) ", line):
                    raise Flaw(f"{path.name}:{began}: a command that stands in no ```sh block")
            continue
        indent, language = len(fence[1]), fence[2].lower()
        body = []
        while at < len(lines) and not lines[at].strip().startswith("```"):
            body.append(lines[at][indent:])
            at += 1
        at += 1
        word, _, rest = note.partition(": ")
        text = "\n".join(body) + "\n"
        where = f"{path.name}:{began}"
        if word == "not run":
            found.append(Item(began, "skip", text, rest))
        elif word == "save as":
            found.append(Item(began, "save", text, rest))
        elif language in RUN:
            found.append(Item(began, "run", text))
        elif language == "text":
            if not found or found[-1].kind not in ("run", "link"):
                raise Flaw(f"{where}: a ```text block is what the ```sh block before it prints; there is none")
            found.append(Item(began, "answer", text))
        elif language in SAVED:
            raise Flaw(f"{where}: a block of {language} that is neither saved nor left out; write why: <!-- not run: REASON -->")
        note = ""
    return found


def unpasteable(script: str) -> str | None:
    """What zsh would not take where the block is pasted."""
    bare = re.sub(r"<<'?(\w+)'?\n.*?\n\1\n", "\n", script, flags=re.S)
    bare = re.sub(r"'[^']*'", "Q", re.sub(r'"(?:\\.|[^"\\])*"', "Q", bare, flags=re.S), flags=re.S)
    if re.search(r"(?:^|\s)#", bare):
        return "has a comment"
    if re.search(r"https?://\S*[?*\[]", bare):
        return "has an unquoted ? in an address"
    return None


def pattern(expected: str) -> re.Pattern:
    """The expression that a printed answer must match as a whole."""
    parts = []
    for line in expected.rstrip("\n").split("\n"):
        if line.strip() == "…":
            parts.append(r"(?:[^\n]*\n)*?")
            continue
        out, at = "", 0
        for found in re.finditer("|".join(f"({one})" for one in ["…", *ALIKE]), line):
            out += re.escape(line[at : found.start()])
            out += "[^\\n]*?" if found[0] == "…" else f"(?:{ALIKE[next(n for n, g in enumerate(found.groups()[1:]) if g)]})"
            at = found.end()
        parts.append(out + re.escape(line[at:]) + r"[ \t]*\n")
    return re.compile("".join(parts))


class Stack:
    """The built local stack, as `cargo run` would start it."""

    def __init__(self, program: str, arguments: list[str]):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.lines: queue.Queue[str | None] = queue.Queue()
        self.process = subprocess.Popen(
            [program, "--port", str(self.port), *arguments], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        threading.Thread(target=self.read, daemon=True).start()
        self.printed = ""
        end, wait = time.monotonic() + READY_SECONDS, None
        while True:
            try:
                line = self.lines.get(timeout=wait or max(end - time.monotonic(), 0.1))
            except queue.Empty:
                if wait:
                    return
                self.stop()
                raise Flaw(f"the stack was not ready after {READY_SECONDS} s; it printed:\n{self.printed}") from None
            if line is None:
                raise Flaw(f"the stack ended with {self.process.wait()}; it printed:\n{self.printed}")
            self.printed += line
            if re.match(r"ready\b", line):
                wait = 0.5

    def read(self) -> None:
        for line in self.process.stdout:
            self.lines.put(line)
        self.lines.put(None)

    def stop(self) -> None:
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Shell:
    """One bash that runs block after block."""

    def __init__(self, folder: pathlib.Path):
        self.folder = folder
        self.process = subprocess.Popen(
            ["bash", "--noprofile", "--norc"], cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, bufsize=1, env=os.environ | {"LC_ALL": "C.UTF-8"},
        )
        self.lines: queue.Queue[str | None] = queue.Queue()
        threading.Thread(target=self.read, daemon=True).start()
        self.count = 0

    def read(self) -> None:
        for line in self.process.stdout:
            self.lines.put(line)
        self.lines.put(None)

    def run(self, script: str) -> str:
        """What the block prints; fails where a command of it fails."""
        self.count += 1
        block = self.folder / f".block-{self.count}.sh"
        block.write_text(script)
        self.process.stdin.write(f"set -eo pipefail; . {block}; set +e; printf '\\n{MARK}\\n'\n")
        printed, end = "", time.monotonic() + BLOCK_SECONDS
        while True:
            try:
                line = self.lines.get(timeout=max(end - time.monotonic(), 0.1))
            except queue.Empty:
                raise Flaw(f"is not through after {BLOCK_SECONDS} s; it printed:\n{printed}") from None
            if line is None:
                raise Flaw(f"a command failed; it printed:\n{printed}")
            if line == f"{MARK}\n":
                return printed.rstrip("\n") + "\n"
            printed += line

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()


def offered(printed: str) -> list[str]:
    """The commands that `cargo run` offers."""
    return [line.strip() for line in printed.splitlines() if re.match(r"\s+curl ", line)]


class Document:
    """One document while it is run."""

    def __init__(self, path: pathlib.Path, program: str):
        self.path, self.program, self.stack, self.log = path, program, None, []
        self.ran = self.skipped = self.compared = 0

    def run(self) -> None:
        found = items(self.path)
        if not any(item.kind in ("run", "save", "skip") for item in found):
            return
        with tempfile.TemporaryDirectory() as folder:
            # A reader stands in the repository; what they save must not stay there.
            for entry in ROOT.iterdir():
                if not entry.name.startswith("."):
                    (pathlib.Path(folder) / entry.name).symlink_to(entry)
            shell, printed = Shell(pathlib.Path(folder)), ""
            try:
                for item, following in zip(found, [*found[1:], None]):
                    printed = self.step(item, shell, printed)
                    is_written = following is not None and following.kind == "answer"
                    if item.kind == "run" and not is_written and (refused := re.search(REFUSAL, printed)):
                        raise Flaw(f"{self.where(item)}: the block is refused, and no ```text block says so: {refused[0]}")
            finally:
                shell.stop()
                if self.stack:
                    self.stack.stop()

    def here(self, text: str) -> str:
        return text.replace(STACK, f"127.0.0.1:{self.stack.port}") if self.stack else text

    def where(self, item: Item) -> str:
        return f"{self.path.relative_to(ROOT)}:{item.line}"

    def step(self, item: Item, shell: Shell, printed: str) -> str:
        where = self.where(item)
        began = time.monotonic()
        try:
            if item.kind == "skip":
                if self.path.name in WHOLE:
                    raise Flaw("the block is left out, and every call of this document is run")
                self.skipped += 1
                self.log.append(f"{where}: not run: {item.note}")
            elif item.kind == "save":
                file = shell.folder / item.note
                if file.is_symlink() or file.parent != shell.folder:
                    raise Flaw(f"{item.note} would change the repository; save it under a new name")
                file.write_text(self.here(item.text))
                copy = ROOT / "docs/examples" / item.note
                if copy.exists() and copy.read_text() != item.text:
                    raise Flaw(f"{copy.relative_to(ROOT)} is not the same")
                self.log.append(f"{where}: saved as {item.note}")
            elif item.kind == "stack":
                self.start("--empty")
                shell.run(self.here(PRETENCE.format(stack=STACK, tenant=item.text)))
            elif item.kind == "run":
                printed = self.block(item.text, shell)
                self.ran += 1
                shown = "".join(f"    {line}\n" for line in printed.splitlines()[:30])
                self.log.append(f"{where}: ran in {time.monotonic() - began:.1f} s\n{shown}")
            elif item.kind == "answer":
                self.compare(item.text, printed)
                self.compared += 1
            elif self.stack:
                self.answers(self.here(item.text))
        except Flaw as flaw:
            raise Flaw(f"{where}: {flaw}") from None
        return printed

    def start(self, arguments: str) -> None:
        if self.stack:
            self.stack.stop()
        self.stack = Stack(self.program, arguments.split())

    def block(self, script: str, shell: Shell) -> str:
        if why := unpasteable(script):
            raise Flaw(f"the block {why}, which zsh does not take:\n{script}")
        start = re.fullmatch(r"cargo run(?: -- (.*))?\n", script)
        if start is None:
            if called := re.search(LEFT_OUT, script):
                raise Flaw(f"the block calls {called[1]}, which is not run here; write why: <!-- not run: REASON -->")
            return shell.run(self.here(script))
        self.start(start[1] or "")
        for command in offered(self.stack.printed):
            if why := unpasteable(command):
                raise Flaw(f"what the stack offers {why}, which zsh does not take: {command}")
            answer = shell.run(command.replace("curl ", "curl --fail-with-body -sS ", 1) + "\n")
            if not answer.startswith(("{", "[")):
                raise Flaw(f"what the stack offers does not answer JSON: {command}\n{answer}")
        return self.stack.printed

    def compare(self, expected: str, printed: str) -> None:
        if not pattern(self.here(expected)).fullmatch(printed):
            raise Flaw(f"the block before prints something else.\n--- written:\n{expected}--- printed:\n{printed}")

    def answers(self, url: str) -> None:
        try:
            with urllib.request.urlopen(url, timeout=30) as answer:
                answer.read()
        except (urllib.error.URLError, OSError) as error:
            raise Flaw(f"{url} does not answer: {error}") from None


# Documents with one flaw each, and what of its description must be found.
SPOILT = [
    ("```python\nprint()\n```", "neither saved nor left out"),
    ("    curl -sS http://example.org", "stands in no"),
    ("```text\nok\n```", "there is none"),
    ("<!-- not run: why -->\nwords", "stands before no block"),
    ("```sh\ncurl http://127.0.0.1/x?a=b\n```", "unquoted ?"),
    ("```sh\necho 1 # one\n```", "has a comment"),
    ("```sh\naws s3 ls\n```", "calls aws"),
    ("```sh\nfalse\n```", "a command failed"),
    ("```sh\necho '{\"title\": \"Bad request\"}'\n```", "is refused"),
    ("```sh\necho one\n```\n```text\ntwo\n```", "prints something else"),
    ("```sh\necho 2026-01-02T03:04:05Z, 4 s\n```\n```text\n2026-01-01T00:00:00Z, 5 m\n```", "prints something else"),
    ("<!-- save as: README.md -->\n```json\n{}\n```", "would change the repository"),
    ("<!-- save as: send.py -->\n```python\npass\n```", "is not the same"),
]


def not_caught(program: str) -> list[str]:
    """Flaws that this check would not find."""
    missed = []
    with tempfile.TemporaryDirectory(dir=ROOT / "docs") as folder:
        path = pathlib.Path(folder) / "spoilt.md"
        for text, wanted in SPOILT:
            path.write_text(text + "\n")
            try:
                Document(path, program).run()
                missed.append(f"infra/checks/readme.py finds nothing wrong with {text!r}")
            except Flaw as flaw:
                if wanted not in str(flaw):
                    missed.append(f"infra/checks/readme.py says {flaw} of {text!r}")
        whole = path.with_name(min(WHOLE))
        whole.write_text("<!-- not run: why -->\n```sh\ntrue\n```\n")
        try:
            Document(whole, program).run()
            missed.append(f"infra/checks/readme.py finds nothing wrong with a block of {whole.name} that is left out")
        except Flaw:
            pass
        path.write_text("[a](nowhere.md) [b](../api.md#nowhere)\n")
        if len(broken_links(path)) != 2:
            missed.append("infra/checks/readme.py does not find links that lead nowhere")
        path.write_text("`shared/nowhere.rs` `shared/<name>/src` `functions/*`\n")
        if len(missing_paths(path)) != 1:
            missed.append("infra/checks/readme.py does not find paths that are not there")
    return missed


def heading_ids(text: str) -> set[str]:
    """The anchors that GitHub makes of headings."""
    plain = re.sub(r"^```.*?^```", "", text, flags=re.S | re.M)
    names = (re.sub(r"[`*]|\]\([^)]*\)|\[", "", found) for found in re.findall(r"^#+ (.+)$", plain, flags=re.M))
    return {re.sub(r"[^\w\- ]", "", name.lower()).replace(" ", "-") for name in names}


def broken_links(path: pathlib.Path) -> list[str]:
    """Links of a document to files and headings that are not there."""
    flaws = []
    text = re.sub(r"^ *```.*?^ *```", "", path.read_text(), flags=re.S | re.M)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        file = (path.parent / name).resolve() if name else path
        if not file.exists():
            flaws.append(f"{path.relative_to(ROOT)}: {target} leads to no file")
        elif anchor and file.suffix == ".md" and anchor not in heading_ids(file.read_text()):
            flaws.append(f"{path.relative_to(ROOT)}: {target} leads to no heading")
    return flaws


def missing_paths(path: pathlib.Path) -> list[str]:
    """Paths in backticks, from the root of the repository, that are not there; `*` and `<name>` stand for any name."""
    flaws = []
    for name in sorted(set(re.findall(r"`((?:functions|shared|infra|tests|docs|\.ci)/[^`\s:]*)`", path.read_text()))):
        if not any(ROOT.glob(re.sub(r"<[^>]+>", "*", name.rstrip("/")))):
            flaws.append(f"{path.relative_to(ROOT)}: there is no `{name}`")
    return flaws


def untold_calls() -> list[str]:
    """Calls of the admin API that docs/api.md does not name."""
    table = (ROOT / "docs/api.md").read_text().partition("## All calls")[2]
    flaws = []
    for address, methods in json.loads((ROOT / "docs/openapi.json").read_text())["paths"].items():
        told = " ".join(line.split("|")[1] for line in table.splitlines() if f"`{address}`" in line)
        flaws += [f"docs/api.md: {name.upper()} {address} is not among all calls" for name in methods if f"`{name.upper()}`" not in told]
    return flaws


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--local", required=True, help="the built program of infra/local, such as target/debug/local")
    arguments.add_argument("--verbose", action="store_true", help="say what each block took and printed")
    arguments.add_argument("documents", nargs="*", type=pathlib.Path, help="these only")
    given = arguments.parse_args()
    lacking = [program for program in PROGRAMS if not shutil.which(program)]
    if lacking:
        print(f"not on the path: {', '.join(lacking)}; the blocks need them", file=sys.stderr)
        return 1
    if not pathlib.Path(given.local).is_file():
        print(f"{given.local} is not there; cargo test --workspace builds it", file=sys.stderr)
        return 1
    every = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
    chosen = [path.resolve() for path in given.documents] or every
    flaws = [flaw for path in [*every, *sorted((ROOT / "docs").glob("*/*.md"))] for flaw in broken_links(path)]
    flaws += missing_paths(ROOT / "docs/ARCHITECTURE.md") + untold_calls() + not_caught(given.local)
    documents = [Document(path, str(pathlib.Path(given.local).resolve())) for path in chosen]
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for document, running in [(document, pool.submit(document.run)) for document in documents]:
            try:
                running.result()
            except Flaw as flaw:
                flaws.append(str(flaw))
            for line in document.log:
                if given.verbose or "not run" in line:
                    print(line)
    for flaw in flaws:
        print(f"FLAW {flaw}", file=sys.stderr)
    ran, compared, skipped = (sum(getattr(one, name) for one in documents) for name in ("ran", "compared", "skipped"))
    print(f"{ran} blocks ran, {compared} answers are as written, {skipped} blocks are left out with a reason, {len(flaws)} flaws")
    return 1 if flaws else 0


if __name__ == "__main__":
    sys.exit(main())
