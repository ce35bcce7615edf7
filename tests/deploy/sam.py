"""The tool of the ops team, `sam`, against the emulator."""

import os
import platform
import subprocess

from emulator import OPERATOR, REGION

# Bootstraps have to run on this machine.
ARCHITECTURE = "arm64" if platform.machine() in ("aarch64", "arm64") else "x86_64"
INHERITED = ("PATH", "HOME", "CARGO_HOME", "CARGO_TARGET_DIR", "RUSTUP_HOME", "RUSTUP_TOOLCHAIN")


class SamFailed(Exception):
    """`sam` left with an error; its last words."""


class Sam:
    """`sam` with its settings: the program, the repository, and a folder to work in."""

    def __init__(self, program, root, work):
        self.program, self.root, self.work = program, root, work

    def run(self, *arguments, **environment):
        """Runs it; what it said."""
        # Cargo needs the home that it has; nothing else in it is looked at.
        known = {
            **{name: os.environ[name] for name in INHERITED if name in os.environ},
            **OPERATOR,
            **{"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull, "__SAM_CLI_APP_DIR": str(self.work)},
            **{"SAM_CLI_TELEMETRY": "0", "ARCHITECTURE": ARCHITECTURE},
            **environment,
        }
        command = [self.program, *arguments, "--config-file", str(self.root / "samconfig.toml"), "--region", REGION]
        ran = subprocess.run(command, cwd=self.root, env=known, capture_output=True, text=True, check=False)
        if ran.returncode != 0:
            raise SamFailed("\n".join((ran.stdout + ran.stderr).strip().splitlines()[-12:]))
        return ran.stdout

    def build(self, template, binaries, profile, into):
        """`sam build`: each function's folder gets its `bootstrap`, built in a profile of Cargo.toml unless `binaries` names a folder that
        has them, and the template that deploys them is answered."""
        where = ("--base-dir", str(self.root), "--build-dir", str(into))
        self.run("build", "--config-env", "dev", "--template-file", str(template), *where, BINARIES=str(binaries), PROFILE=profile)
        return into / "template.yaml"

    def deploy(self, built, stack, endpoint, parameters):
        """`sam deploy`: uploads, makes a change set, has the transform applied, executes it and waits."""
        return self.run(
            *("deploy", "--config-env", "dev", "--template-file", str(built), "--stack-name", stack, "--no-progressbar"),
            *("--parameter-overrides", *(f"{name}={value}" for name, value in {"Architecture": ARCHITECTURE, **parameters}.items())),
            AWS_ENDPOINT_URL=endpoint,
        )

    def delete(self, stack, endpoint):
        """`sam delete`."""
        return self.run("delete", "--config-env", "dev", "--stack-name", stack, "--no-prompts", AWS_ENDPOINT_URL=endpoint)
