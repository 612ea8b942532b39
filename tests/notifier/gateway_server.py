"""A gateway for tests: an HTTPS server that answers by the path it is asked for, and writes each request as one line of
JSON. Usage: gateway_server.py CERTIFICATE KEY SIGNING_KEY. Its first line is the port."""
import hashlib
import hmac
import http.server
import json
import ssl
import sys
import time


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        stamp = self.headers.get("PPPoE-Guard-Timestamp", "")
        expected = hmac.new(sys.argv[3].encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
        print(json.dumps({
            "path": self.path,
            "headers": {name.lower(): value for name, value in self.headers.items()},
            "body": body.decode(),
            "signed": hmac.compare_digest(self.headers.get("PPPoE-Guard-Signature", ""), "v1=" + expected),
            "peer": self.client_address[1],
        }), flush=True)
        kind, _, argument = self.path.strip("/").partition("/")
        if kind == "status":
            self.answer(int(argument), b'{"id": "m-1"}', {"Retry-After": "77"} if argument == "429" else {})
        elif kind == "echo":
            self.answer(200, body)
        elif kind == "redirect":
            self.answer(302, b"", {"Location": "/status/200"})
        elif kind == "huge":
            self.answer(int(argument), b"x" * 10_000_000)
        elif kind == "slow":
            time.sleep(30)
        elif kind == "drop":
            self.close_connection = True
        elif kind == "date":
            later = self.date_time_string(time.time() + 3600)
            self.answer(503, b"", {"Retry-After": later})

    def answer(self, status, body, headers=None):
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        try:
            self.wfile.write(body)
        except OSError:
            print(json.dumps({"cut": True}), flush=True)

    def log_message(self, *arguments):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, address):  # a client that does not trust us
        pass


server = Server(("127.0.0.1", 0), Handler)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(sys.argv[1], sys.argv[2])
server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
print(server.server_address[1], flush=True)
server.serve_forever()
