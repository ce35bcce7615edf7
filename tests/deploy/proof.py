"""What was proved, what could not be, and the one check that failed."""

import contextlib
import time


class Broken(Exception):
    """A named check does not hold."""

    def __init__(self, check, why):
        super().__init__(f"{check}: {why}")
        self.check, self.why = check, why


class Proof:
    """Collects what was proved, in the order in which it was."""

    def __init__(self, quiet=False):
        self.proved, self.missing, self.quiet = [], [], quiet
        self.began = time.monotonic()

    @contextlib.contextmanager
    def check(self, name, what):
        """What the block asserts is proved under `name` once it is through; whatever goes wrong in it breaks that check."""
        try:
            yield
        except Broken:
            raise
        except Exception as error:
            raise Broken(name, f"{what}: {type(error).__name__}: {error}") from error
        self.proved.append(name)
        if not self.quiet:
            print(f"proved: {name}: {what} ({time.monotonic() - self.began:.0f} s)", flush=True)

    def cannot(self, what, nearest):
        """Something that is not shown here, and the nearest true thing that is."""
        self.missing.append(what)
        print(f"not shown here: {what} (nearest true thing: {nearest})", flush=True)


def same(found, wanted, what):
    """An assertion that says what differs."""
    if found != wanted:
        raise AssertionError(f"{what}: found {found!r}, and {wanted!r} is meant")


def until(probe, what, seconds=15.0):
    """The first answer of `probe` that is something."""
    ends = time.monotonic() + seconds
    while True:
        answer = probe()
        if answer:
            return answer
        if time.monotonic() >= ends:
            raise AssertionError(f"{what} was waited for in vain for {seconds:g} s")
        time.sleep(0.05)
