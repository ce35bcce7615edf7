"""What a function talks to when coldstart.py starts it: Lambda's Runtime API, which gives one invocation, and AWS and an accounting system,
which answer from rows that are given and keep nothing. They listen on loopback, the latter over TLS.
"""

import collections
import contextlib
import http.server
import json
import pathlib
import queue
import ssl
import subprocess
import threading
import time

# Longest that anything is waited for, in seconds.
PATIENCE = 20
# Where machines keep the certificates that they believe.
BUNDLES = [pathlib.Path(path) for path in ("/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/certs/ca-certificates.crt", "/etc/ssl/cert.pem")]
ARN = "arn:aws:lambda:eu-central-1:000000000000:function:coldstart"
# 32 zero bytes: every tenant's data key.
DATA_KEY = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers in one write, so that no answer waits for the acknowledgement of its first half."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def body(self):
        """What was sent."""
        return self.rfile.read(int(self.headers.get("content-length", 0)))

    def answer(self, status, body=b"", headers=()):
        """Sends an answer whole."""
        self.send_response(status)
        for name, value in (*headers, ("content-length", str(len(body)))):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def listen(handler, tls=None):
    """Has a handler answer on a port of its own, which is returned; with a context, over TLS."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    if tls:
        # The handshake is made by the thread of the connection, not by the one that accepts.
        server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_port


def identity(folder):
    """What 127.0.0.1 proves itself with, and the file of certificates to believe it by: those of this machine, and its own."""
    key, certificate, believed = (folder / name for name in ("key.pem", "certificate.pem", "believed.pem"))
    names = ("-addext", "subjectAltName=IP:127.0.0.1", "-addext", "basicConstraints=critical,CA:FALSE")
    make = ("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=stand-in", *names)
    subprocess.run([*make, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate, key)
    known = next(path for path in BUNDLES if path.exists())
    believed.write_bytes(known.read_bytes() + certificate.read_bytes())
    return tls, believed


class Runtime(Handler):
    """Lambda's Runtime API. What comes in is told as (what, when, text); the first request for work is held until there is some."""

    told = queue.Queue()
    work = queue.Queue()

    @classmethod
    def heard(cls):
        """What comes in next; nothing when nothing does."""
        try:
            return cls.told.get(timeout=PATIENCE)
        except queue.Empty:
            return "nothing", time.perf_counter(), ""

    @classmethod
    def give(cls, event):
        """Answers whoever asked for work."""
        cls.work.put(json.dumps(event).encode())

    def do_GET(self):
        Runtime.told.put(("next", time.perf_counter(), ""))
        event = Runtime.work.get()
        headers = {
            "content-type": "application/json",
            "Lambda-Runtime-Aws-Request-Id": "00000000-0000-4000-8000-000000000000",
            "Lambda-Runtime-Deadline-Ms": str(int((time.time() + 60) * 1000)),
            "Lambda-Runtime-Invoked-Function-Arn": ARN,
            "Lambda-Runtime-Trace-Id": "Root=1-00000000-000000000000000000000000;Parent=0000000000000000;Sampled=0",
        }
        # A function that is only started is killed while it waits here.
        with contextlib.suppress(OSError):
            self.answer(200, event, headers.items())

    def do_POST(self):
        body, at = self.body(), time.perf_counter()
        Runtime.told.put((self.path.rsplit("/", 1)[-1], at, body.decode()))
        # The answer is never confirmed: so the function rests where it is weighed, and is killed there.
        self.rfile.read()


class Aws(Handler):
    """AWS and QuickBooks, as far as one event of each function needs them. Every call is counted by its name; others are refused."""

    rows = []
    calls = collections.Counter()

    def do_GET(self):
        if self.path.startswith("/none/documents/"):
            # What was never made: the function makes it.
            Aws.calls["S3.GetObject"] += 1
            return self.answer(404, b"<Error><Code>NoSuchKey</Code></Error>", [("content-type", "application/xml")])
        known = self.path.startswith("/v3/company/1/cdc?")
        nothing = {"CDCResponse": [{"QueryResponse": [{}]}], "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())}
        self.count("QuickBooks.Changes" if known else f"GET {self.path}", nothing if known else None)

    def do_POST(self):
        body = self.body()
        if target := self.headers.get("x-amz-target"):
            return self.named(target.split("_")[0].split(".")[0], target.split(".")[-1], json.loads(body))
        if self.path == "/v2/email/outbound-emails":
            return self.count("SES.SendEmail", {"MessageId": "mail-1"})
        if body.startswith(b"Action=Publish&"):
            text = b"<PublishResponse><PublishResult><MessageId>text-1</MessageId></PublishResult></PublishResponse>"
            Aws.calls["SNS.Publish"] += 1
            return self.answer(200, text, [("content-type", "text/xml")])
        return self.count(f"POST {self.path}", None)

    def do_PUT(self):
        self.body()
        Aws.calls["S3.PutObject"] += 1
        self.answer(200, headers=[("etag", '"0"')])

    def named(self, service, operation, asked):
        """A call of one of the services that name their operations in a header."""
        answers = {
            "DynamoDB.GetItem": lambda: {"Item": found} if (found := row(asked.get("Key"))) else {},
            "DynamoDB.Query": lambda: {"Items": (items := query(asked)), "Count": len(items), "ScannedCount": len(items)},
            "DynamoDB.BatchGetItem": lambda: {"Responses": batch(asked), "UnprocessedKeys": {}},
            # Conditions are taken to hold.
            "DynamoDB.UpdateItem": lambda: {"Attributes": row(asked["Key"])} if asked.get("ReturnValues") == "ALL_OLD" else {},
            "DynamoDB.PutItem": dict,
            "DynamoDB.TransactWriteItems": dict,
            "AWSEvents.PutEvents": lambda: {"FailedEntryCount": 0, "Entries": [{"EventId": "1"} for _ in asked.get("Entries", [])]},
            "AmazonSQS.SendMessage": lambda: {"MessageId": "1", "MD5OfMessageBody": "0" * 32},
            "TrentService.Decrypt": lambda: {"KeyId": "none", "Plaintext": DATA_KEY},
        }
        name = f"{service}.{operation}"
        self.count(name, answers[name]() if name in answers else None)

    def count(self, name, answer):
        """Counts a call and answers it; none is a call that nobody foresaw."""
        Aws.calls[name] += 1
        known = answer is not None
        body = json.dumps(answer if known else {"__type": "NotForeseen"}).encode()
        self.answer(200 if known else 501, body, [("content-type", "application/json")])


def row(key):
    """The row of a key."""
    return next((one for one in Aws.rows if key and all(one[name] == value for name, value in key.items())), None)


def batch(asked):
    """The rows of keys, by table."""
    return {table: [one for key in keys["Keys"] if (one := row(key))] for table, keys in asked["RequestItems"].items()}


def query(asked):
    """The rows of a partition within a range, through the index that is asked for."""
    pk, sk = {"chase": ("pk", "chase"), "due": ("due_pk", "due_sk")}.get(asked.get("IndexName"), ("pk", "sk"))
    values = {name: value["S"] for name, value in asked["ExpressionAttributeValues"].items()}
    here = [one for one in Aws.rows if one.get(pk, {}).get("S") == values[":pk"] and sk in one]
    return [one for one in here if values.get(":from", "") <= one[sk]["S"] <= values.get(":to", "\U0010ffff")]
