"""Every variable that a function reads is set for it, and none is set that it does not read.

usage: variables.py EXPANDED ROOT
"""

import pathlib
import re
import sys

from template import finish, folder, functions, load

READ = re.compile(r'\benv\s*\.\s*(?:require|get|parse)\s*(?:::<[^()]*>)?\s*\(\s*"([A-Z][A-Z0-9_]*)"')
CALL = re.compile(r"\benv\s*\.\s*(?:require|get|parse)\s*(?:::<[^()]*>)?\s*\(\s*([^)\s\"][^)]*)\)")
# What Lambda itself sets for every function.
BY_LAMBDA = re.compile(r"AWS_LAMBDA_[A-Z_]+")
# What is built for tests only, as rustfmt writes it: another file, or all up to the brace at the same depth.
TESTS_ELSEWHERE = re.compile(r"#\[cfg\(test\)\]\s+(?:pub(?:\([a-z]+\))? )?mod (\w+);")
TESTS_HERE = re.compile(r"^( *)#\[cfg\(test\)\]\n(?:(?!\1\}).*\n)*?(?:\1(?! ).*;$|\1\}$)", re.M)
# A provider that a sender names, where it is defined, and what it reads there.
PROVIDER = re.compile(r"\bchannels::([A-Z][A-Z0-9_]*)\b")
DEFINED = re.compile(r"^pub static ([A-Z][A-Z0-9_]*): Provider\b", re.M)
ASKED = re.compile(r'\bvariable\(\s*"([A-Z][A-Z0-9_]*)"')
DEPENDENCY = re.compile(r"^([a-z][a-z0-9_-]*)(?:\.workspace)?\s*=", re.M)


def product(text):
    """The text of a Rust file without what is built for tests only, which sets variables of its own."""
    return TESTS_HERE.sub("", TESTS_ELSEWHERE.sub("", text))


def sources(crate):
    """What is built into the product of a crate."""
    texts = {path: path.read_text(encoding="utf-8") for path in sorted((crate / "src").rglob("*.rs"))}
    tests = set()
    for path, text in texts.items():
        folder = path.parent if path.name in ("lib.rs", "main.rs", "mod.rs") else path.with_suffix("")
        tests |= {folder / name for name in TESTS_ELSEWHERE.findall(text)}
    for path, text in texts.items():
        if path.with_suffix("") not in tests and not tests & set(path.parents):
            yield path, product(text)


def reads(crate, problems):
    found = set()
    for path, text in sources(crate):
        found.update(name for name in READ.findall(text) if not BY_LAMBDA.fullmatch(name))
        for name in CALL.findall(text):
            problems.append(f"{path}: a variable is read by the name {name}; write the name as text, so that it can be checked")
    return found


def see():
    """Fails when the check has gone blind for what stands behind a test module."""
    seen = product('#[cfg(test)]\nmod tests;\n#[cfg(test)]\nuse a::B;\nfn f() {\n    env.get("X");\n    #[cfg(test)]\n    fn g() {\n        env.get("Y");\n    }\n}\n'
                   '#[cfg(test)]\nmod tests {\n    fn g() {\n        env.get("Y");\n    }\n}\nfn h() {\n    env.require("Z");\n}\n')
    if READ.findall(seen) != ["X", "Z"]:
        sys.exit(f"variables: of a file whose code reads X and Z it sees {READ.findall(seen)}")


def below(root, crate):
    """The shared crates that a crate depends on, and those that they do."""
    found, waiting = set(), [crate]
    while waiting:
        manifest = (waiting.pop() / "Cargo.toml").read_text(encoding="utf-8").split("[dev-dependencies]")[0]
        new = {name for name in DEPENDENCY.findall(manifest) if (root / "shared" / name).is_dir()} - found
        found |= new
        waiting += [root / "shared" / name for name in new]
    return found


def asked(root):
    """What each provider of the channels reads, by its name."""
    files = [text for _, text in sources(root / "shared/channels")]
    return {name: set(ASKED.findall(text)) for text in files for name in DEFINED.findall(text)}


def main():
    see()
    expanded, root = load(sys.argv[1]), pathlib.Path(sys.argv[2])
    problems, count, providers = [], 0, asked(root)
    shared = {crate.name: reads(crate, problems) for crate in sorted((root / "shared").iterdir()) if crate.is_dir()}
    folders = {crate.name for crate in (root / "functions").iterdir() if crate.is_dir()}
    for name, properties in sorted(functions(expanded).items()):
        crate = root / "functions" / folder(name)
        if not crate.is_dir():
            problems.append(f"{name}: there is no folder functions/{folder(name)}")
            continue
        folders.discard(crate.name)
        wanted = reads(crate, problems)
        for dependency in below(root, crate):
            wanted |= shared.get(dependency, set())
        for provider in {name for _, text in sources(crate) for name in PROVIDER.findall(text)}:
            wanted |= providers.get(provider, set())
        given = set(properties.get("Environment", {}).get("Variables", {}))
        count += len(given)
        for variable in sorted(wanted - given):
            problems.append(f"{name}: functions/{crate.name} reads {variable}, and template.yaml does not set it")
        for variable in sorted(given - wanted):
            problems.append(f"{name}: template.yaml sets {variable}, and functions/{crate.name} does not read it")
    for left in sorted(folders):
        problems.append(f"functions/{left} has no resource in template.yaml")
    finish("variables", problems, f"{count} variables are each set and read")


if __name__ == "__main__":
    main()
