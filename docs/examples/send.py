"""Signs a document, sends it to Dunlin and prints the status and the answer.

    python3 send.py URL SECRET EVENT_ID FILE [UNIX_TIME]

FILE is - for standard input. UNIX_TIME is the time to sign with, for a local stack whose clock was moved; otherwise it is now.
"""

import base64
import hashlib
import hmac
import pathlib
import sys
import time
import urllib.error
import urllib.request


def sign(secret, event_id, timestamp, body):
    """The value of the header webhook-signature."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{event_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def send(url, secret, event_id, body, timestamp=None):
    """The status and the answer. Sends again, under the same id, for as long as Dunlin asks for that."""
    for wait in (1, 2, 4, 8, None):
        now = timestamp or int(time.time())
        headers = {
            "content-type": "application/json",
            "webhook-id": event_id,
            "webhook-timestamp": str(now),
            "webhook-signature": sign(secret, event_id, now, body),
        }
        try:
            request = urllib.request.Request(url, data=body, headers=headers)
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            status, answer = error.code, error.read().decode()
            if wait is None or (status != 429 and status < 500):
                return status, answer
            wait = int(error.headers.get("retry-after") or wait)
        except urllib.error.URLError:
            if wait is None:
                raise
        time.sleep(wait)


if __name__ == "__main__":
    url, secret, event_id, file, *timestamp = sys.argv[1:]
    body = sys.stdin.buffer.read() if file == "-" else pathlib.Path(file).read_bytes()
    print(*send(url, secret, event_id, body, *map(int, timestamp)))
