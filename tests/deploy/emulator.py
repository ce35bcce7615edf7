"""The life of the emulator: one process tree on loopback, gone when the test is, whatever happens."""

import os
import pathlib
import signal
import socket
import subprocess
import sys
import time

import web

REGION = "us-east-1"
ACCOUNT = "000000000000"
# Anybody outside the stack. What functions may do is decided by their roles, whose keys the emulator hands to them.
OPERATOR = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": REGION}
STARTS_WITHIN = 30


def free_port():
    """A port that nobody has at this moment."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


class Emulator:
    """AWS on loopback, with the policies of roles enforced. `trust` is a file of certificates that it trusts besides none."""

    def __init__(self, folder, trust):
        self.folder, self.trust = pathlib.Path(folder), pathlib.Path(trust)
        self.port, self.process = free_port(), None

    @property
    def url(self):
        """Where every service answers."""
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self):
        self.folder.mkdir(parents=True)
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "TMPDIR": str(self.folder),
            **OPERATOR,
            "AUTH": "true",
            "AWS_ENDPOINT_URL": self.url,
            "BIND_HOST": "127.0.0.1",
            "GATEWAY_PORT": str(self.port),
            "IOT_MTLS_ENABLED": "0",
            "MINISTACK_REGION": REGION,
            "S3_DATA_DIR": str(self.folder / "s3"),
            "SFTP_ENABLED": "0",
            "SSL_CERT_FILE": str(self.trust),
            "STATE_DIR": str(self.folder / "state"),
        }
        log = (self.folder / "emulator.log").open("wb")
        program = pathlib.Path(sys.executable).parent / "ministack"
        # A session of its own, so that the functions that it starts end with it.
        self.process = subprocess.Popen([program], env=environment, stdout=log, stderr=log, start_new_session=True)
        log.close()
        try:
            self.await_ready()
        except BaseException:
            self.stop()
            raise
        return self

    def await_ready(self):
        """Returns once it answers."""
        ends = time.monotonic() + STARTS_WITHIN
        while time.monotonic() < ends:
            if self.process.poll() is not None:
                raise RuntimeError(f"the emulator ended by itself: {self.tail()}")
            try:
                if web.call(self.port, "GET", "/_ministack/health", timeout=1).status == 200:
                    return
            except OSError:
                time.sleep(0.1)
        raise RuntimeError(f"the emulator did not start within {STARTS_WITHIN} s: {self.tail()}")

    def tail(self, lines=30):
        """The end of what it logged."""
        text = (self.folder / "emulator.log").read_text(encoding="utf-8", errors="replace")
        return "\n".join(text.splitlines()[-lines:])

    def stop(self):
        """Ends it and every function that it started."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(self.process.pid, number)
                self.process.wait(timeout=5)
            except (ProcessLookupError, subprocess.TimeoutExpired):
                continue

    def __exit__(self, *_):
        self.stop()

    def mails(self):
        """What SES was asked to send."""
        answer = web.call(self.port, "GET", f"/_ministack/ses/messages?account={ACCOUNT}").json()
        return answer["messages"].get(ACCOUNT, [])

    def texts(self, phone):
        """What SNS was asked to send to one phone."""
        path = f"/_ministack/sns/sms-messages?account={ACCOUNT}&phoneNumber={phone.replace('+', '%2B')}"
        return web.call(self.port, "GET", path).json()

    def waiting(self):
        """The messages of each queue, by the end of its address."""
        answer = web.call(self.port, "GET", f"/_ministack/sqs/messages?account={ACCOUNT}").json()
        regions = answer["messages"].get(ACCOUNT, {})
        return {url.rsplit("/", 1)[-1]: found for queues in regions.values() for url, found in queues.items()}
