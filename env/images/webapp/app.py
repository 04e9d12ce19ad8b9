"""The tutorial's training/webapp: says hello at /, to PROVIDER, on PORT."""

import os
import signal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Hello(BaseHTTPRequestHandler):
    def do_GET(self):
        found = self.path.split("?")[0] == "/"
        text = f"Hello {os.environ.get('PROVIDER', 'world')}!" if found else "Not Found"
        body = text.encode()
        self.send_response(200 if found else 404)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    do_HEAD = do_GET

    def address_string(self):
        return self.client_address[0]


# The first process of a container ends by a signal only if it says so.
signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
signal.signal(signal.SIGINT, lambda *_: os._exit(0))
ThreadingHTTPServer(("0.0.0.0", int(os.environ.get("PORT", "5000"))), Hello).serve_forever()
