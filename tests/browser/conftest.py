"""The finished book in a browser: Chromium, found on the machine, and a server as a host has it."""

import functools
import gzip
import http.server
import os
import threading
from importlib.util import find_spec

import pytest

COMPRESSED = (".html", ".css", ".js", ".json", ".svg", ".csv")


class Handler(http.server.SimpleHTTPRequestHandler):
    """Serves a folder, text compressed."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        path = self.translate_path(self.path)
        if os.path.isdir(path):
            path = os.path.join(path, "index.html")
        try:
            with open(path, "rb") as file:
                body = file.read()
        except OSError:
            return self.send_error(404)
        self.send_response(200)
        if path.endswith(COMPRESSED):
            body = gzip.compress(body, 6, mtime=0)
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Type", self.guess_type(path))
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass


@pytest.fixture(scope="session")
def browser(absent, pdf):
    executable = pdf.find_browser()
    if not executable:
        absent("no Chromium found (install it, or set CHROMIUM to its path)", "REQUIRE_BROWSER")
    if not find_spec("playwright") or not find_spec("axe_playwright_python"):
        absent("no Playwright and Axe (make .venv/driver installs them)", "REQUIRE_BROWSER")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=executable, args=pdf.ARGUMENTS)


@pytest.fixture
def violations(browser):
    """Function: what Axe finds on a page, by all its rules or by some."""
    from axe_playwright_python.sync_playwright import Axe

    def found(page, *rules):
        return Axe().run(page, options={"runOnly": rules} if rules else None).response["violations"]

    return found


@pytest.fixture(scope="session")
def site(browser, html):
    """Address of the book on this machine."""
    handler = functools.partial(Handler, directory=str(html))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.fixture
def visit(browser, site):
    """Open a page; requests to other hosts fail.

    The page has `.outside` (such requests), `.messages` (errors) and `.responses`.
    """
    contexts = []

    def opened(name, *, width=1280, scheme="light", **options):
        context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=scheme, reduced_motion="reduce", **options
        )
        contexts.append(context)
        page = context.new_page()
        page.outside, page.messages, page.responses = [], [], []

        def guard(route):
            if route.request.url.startswith((site, "data:", "blob:")):
                return route.continue_()
            page.outside.append(route.request.url)
            route.abort()

        context.route("**/*", guard)
        page.on(
            "console",
            lambda message: page.messages.append(message.text) if message.type in ("error", "warning") else None,
        )
        page.on("pageerror", lambda error: page.messages.append(str(error)))
        page.on("response", lambda response: page.responses.append(response))
        page.goto(site + name, wait_until="load")
        return page

    yield opened
    for context in contexts:
        context.close()
