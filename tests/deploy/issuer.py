"""An OpenID Connect issuer on loopback, over TLS as the template demands, and the tokens that it signs."""

import base64
import datetime
import http.server
import ipaddress
import json
import ssl
import threading
import time

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID

KID = "test-key"


def b64(data):
    """As JSON Web Tokens write bytes."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def new_key():
    """A private key."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def certificate(folder):
    """A certificate for loopback that only this test trusts: the files of certificate and key."""
    key, now = new_key(), datetime.datetime.now(datetime.timezone.utc)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem, secret = folder / "issuer.pem", folder / "issuer.key"
    pem.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return pem, secret


class Issuer:
    """The issuer. `trust` is the file of the certificate that it answers with."""

    AUDIENCE = "dunlin-admin"

    def __init__(self, folder):
        self.key = new_key()
        self.trust, secret = certificate(folder)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.trust, secret)
        issuer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            """Discovery and keys."""

            def do_GET(self):
                pages = {"/.well-known/openid-configuration": issuer.discovery, "/keys": issuer.keys}
                page = pages.get(self.path)
                body = json.dumps(page() if page else {}).encode()
                self.send_response(200 if page else 404)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.url = f"https://localhost:{self.server.server_port}"
        # Functions trust the certificates of their machine and not this one: they fetch the keys without TLS.
        self.plain = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.keys_url = f"http://127.0.0.1:{self.plain.server_port}/keys"

    def __enter__(self):
        for server in (self.server, self.plain):
            threading.Thread(target=server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        for server in (self.server, self.plain):
            server.shutdown()
            server.server_close()

    def discovery(self):
        """Where its keys are."""
        return {"issuer": self.url, "jwks_uri": f"{self.url}/keys"}

    def keys(self):
        """Its public key."""
        numbers = self.key.public_key().public_numbers()
        n, e = (b64(value.to_bytes((value.bit_length() + 7) // 8, "big")) for value in (numbers.n, numbers.e))
        return {"keys": [{"kid": KID, "kty": "RSA", "alg": "RS256", "use": "sig", "n": n, "e": e}]}

    def token(self, tenant, role, key=None, **claims):
        """A token, good for an hour; `claims` replace the usual ones, `key` the issuer's own. Of an operator: no tenant, and that role."""
        now = int(time.time())
        usual = {"iss": self.url, "aud": self.AUDIENCE, "sub": f"test-{role}", "iat": now - 1, "exp": now + 3600}
        head = b64(json.dumps({"alg": "RS256", "typ": "JWT", "kid": KID}).encode())
        text = f"{head}.{b64(json.dumps({**usual, 'tenant': tenant, 'role': role, **claims}).encode())}"
        return f"{text}.{b64((key or self.key).sign(text.encode(), padding.PKCS1v15(), hashes.SHA256()))}"
