"""A headless Chromium, driven by its own protocol over a pair of pipes."""

import base64
import contextlib
import json
import os
import select
import shutil
import subprocess
import tempfile
import time

from harness import Failed, check, need

START_TIMEOUT_S = 60
ANSWER_TIMEOUT_S = 60
# How long something that the page does by itself may take on a busy machine.
WAIT_S = 30

KEYS = {"Enter": 13, "Escape": 27, "Tab": 9, "ArrowDown": 40, "ArrowUp": 38, "Backspace": 8}
ALT, CONTROL, SHIFT = 1, 2, 8


class Browser:
    """One process; a page is a tab of its own."""

    def __init__(self, prefix=()):
        """`prefix`: a command that runs another one, in a namespace for example."""
        need("chromium")
        self.folder = tempfile.mkdtemp(prefix="dfc-browser-")
        to_browser, self.to = os.pipe()
        self.answers, from_browser = os.pipe()
        # The protocol's file descriptors are 3 and 4.
        command = [*prefix, "chromium", "--headless=new", "--no-sandbox", "--remote-debugging-pipe",
                   f"--user-data-dir={self.folder}", "--no-first-run", "--disable-gpu",
                   "--disable-dev-shm-usage", "--disable-background-networking",
                   "--disable-component-update", "--disable-sync", "--hide-scrollbars=0",
                   "about:blank"]
        shell = f'exec "$@" 3<&{to_browser} 4>&{from_browser}'
        with open(os.path.join(self.folder, "log"), "wb") as log:
            self.process = subprocess.Popen(["bash", "-c", shell, "bash", *command], stderr=log,
                                            stdout=log, pass_fds=(to_browser, from_browser))
        os.close(to_browser)
        os.close(from_browser)
        self.number, self.rest, self.events = 0, b"", []
        self.call("Browser.getVersion", timeout_s=START_TIMEOUT_S)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        with contextlib.suppress(OSError, Failed):
            self.call("Browser.close")
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        os.close(self.to)
        os.close(self.answers)
        shutil.rmtree(self.folder, ignore_errors=True)

    def call(self, method, session=None, timeout_s=ANSWER_TIMEOUT_S, **params):
        self.number += 1
        message = {"id": self.number, "method": method, "params": params}
        if session:
            message["sessionId"] = session
        os.write(self.to, json.dumps(message).encode() + b"\0")
        end = time.monotonic() + timeout_s
        while True:
            answer = self.read(end)
            check(answer is not None, f"Chromium does not answer {method}")
            if answer.get("id") == self.number:
                check("error" not in answer, f"{method}: {answer.get('error')}")
                return answer["result"]

    def read(self, end):
        """The next message, or None when there is none until `end`. Events are kept as well."""
        while b"\0" not in self.rest:
            ready, _, _ = select.select([self.answers], [], [], max(0, end - time.monotonic()))
            if not ready:
                return None
            data = os.read(self.answers, 1 << 20)
            check(data, "Chromium has ended")
            self.rest += data
        line, _, self.rest = self.rest.partition(b"\0")
        message = json.loads(line)
        if "id" not in message:
            self.events.append(message)
        return message

    def drain(self):
        while self.read(time.monotonic()) is not None:
            pass

    @contextlib.contextmanager
    def page(self, address, scheme="light", width=1280, height=800, watch=True):
        """A tab; upon its end no error may have been logged in it and no other host asked."""
        self.events.clear()
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        page = Page(self, session, address)
        try:
            for domain in ("Page", "Runtime", "Network", "Log", "Accessibility"):
                page.call(domain + ".enable")
            page.call("Emulation.setDeviceMetricsOverride", width=width, height=height,
                      deviceScaleFactor=1, mobile=False)
            page.call("Emulation.setEmulatedMedia",
                      features=[{"name": "prefers-color-scheme", "value": scheme}])
            page.call("Page.addScriptToEvaluateOnNewDocument", source="""
                self.violations = [];
                addEventListener('securitypolicyviolation',
                                 (e) => violations.push(e.violatedDirective + ' ' + e.blockedURI));
                self.alert = self.confirm = self.prompt = () => { self.ran = true; };""")
            yield page
            if watch:
                page.check_quiet()
        finally:
            self.call("Target.closeTarget", targetId=target)


class Page:
    def __init__(self, browser, session, address):
        self.browser, self.session, self.address = browser, session, address

    def call(self, method, **params):
        return self.browser.call(method, session=self.session, **params)

    def open(self, path, wait=None):
        self.call("Page.navigate", url=self.address + path)
        self.until("document.readyState === 'complete' && document.querySelector('main') !== null")
        if wait:
            self.until(wait)

    def js(self, expression):
        """The value of an expression, which may be a promise."""
        result = self.call("Runtime.evaluate", expression=expression, returnByValue=True,
                           awaitPromise=True)
        check("exceptionDetails" not in result, f"{expression}: {result.get('exceptionDetails')}")
        return result["result"].get("value")

    def until(self, expression, seconds=WAIT_S):
        """Waits for the expression to hold, and returns how long that took."""
        started = time.monotonic()
        while not self.js(expression):
            if time.monotonic() - started > seconds:
                raise Failed(f"not within {seconds} s: {expression}\n  on screen: {self.text()}")
            time.sleep(0.05)
        return time.monotonic() - started

    def text(self, selector="body"):
        """What is on screen, in one line."""
        return " ".join((self.js(f"document.querySelector({json.dumps(selector)})?.innerText")
                         or "").split())

    def texts(self, selector):
        return self.js(f"[...document.querySelectorAll({json.dumps(selector)})]"
                       ".map((e) => e.innerText.replace(/\\s+/g, ' ').trim())")

    def shows(self, words, seconds=WAIT_S):
        wanted = json.dumps(words)
        return self.until(f"document.body.innerText.replace(/\\s+/g, ' ').includes({wanted})",
                          seconds)

    def search(self):
        """The page's state: the query of its address."""
        return self.js("location.search")

    # Input -------------------------------------------------------------------------------------

    def key(self, name, modifiers=0):
        plain = len(name) == 1 and not modifiers & (ALT | CONTROL)
        code = KEYS.get(name, ord(name[0].upper()))
        common = {"key": name, "windowsVirtualKeyCode": code, "modifiers": modifiers}
        self.call("Input.dispatchKeyEvent", type="keyDown" if plain else "rawKeyDown", **common,
                  **({"text": name} if plain else {}))
        self.call("Input.dispatchKeyEvent", type="keyUp", **common)

    def keys(self, *names):
        for name in names:
            self.key(name)

    def type(self, text):
        self.call("Input.insertText", text=text)

    def mouse(self, kind, x, y, **how):
        self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y,
                  **{"button": "left", "clickCount": 1, **how})

    def place(self, selector, text=""):
        """The middle of the first element that matches and has this text."""
        place = self.js(f"""(() => {{
            const all = [...document.querySelectorAll({json.dumps(selector)})];
            const e = all.find((e) => e.innerText.includes({json.dumps(text)}));
            e?.scrollIntoView({{block: 'nearest'}});
            const r = e?.getBoundingClientRect();
            return r && [r.x + r.width / 2, r.y + r.height / 2, r.width, r.height];
        }})()""")
        check(place, f"no {selector} with '{text}'\n  on screen: {self.text()}")
        return place

    def click(self, selector, text="", modifiers=0, count=1):
        x, y, _, _ = self.place(selector, text)
        for n in range(1, count + 1):
            self.mouse("mousePressed", x, y, modifiers=modifiers, clickCount=n)
            self.mouse("mouseReleased", x, y, modifiers=modifiers, clickCount=n)

    def drag(self, selector, start, end):
        """From one share of the element's width to another."""
        x, y, width, _ = self.place(selector)
        left = x - width / 2
        self.mouse("mouseMoved", left + start * width, y, button="none")
        self.mouse("mousePressed", left + start * width, y)
        for step in range(1, 9):
            at = left + (start + (end - start) * step / 8) * width
            self.mouse("mouseMoved", at, y, buttons=1)
        self.mouse("mouseReleased", left + end * width, y)

    # What it did -------------------------------------------------------------------------------

    def check_quiet(self):
        """No script error, no refused policy, nothing asked of another host."""
        self.browser.drain()
        wrong = []
        for event in self.browser.events:
            if event.get("sessionId") != self.session:
                continue
            params = event["params"]
            if event["method"] == "Runtime.exceptionThrown":
                wrong.append(json.dumps(params["exceptionDetails"])[:600])
            elif event["method"] == "Log.entryAdded" and params["entry"]["level"] == "error":
                wrong.append(params["entry"]["text"] + " " + params["entry"].get("url", ""))
            elif event["method"] == "Network.requestWillBeSent":
                url = params["request"]["url"]
                if not url.startswith((self.address, "about:", "blob:" + self.address)):
                    wrong.append("asked for " + url)
        violations = self.js("self.violations") or []
        check(not wrong and not violations, "\n".join(wrong + violations))
        check(not self.js("self.ran"), "a dialog was opened")

    def screenshot(self, path):
        """A picture of the format that the name ends in: png or webp."""
        how = {"quality": 70} if str(path).endswith(".webp") else {}
        kind = str(path).rpartition(".")[2]
        data = self.call("Page.captureScreenshot", format=kind, **how)["data"]
        with open(path, "wb") as file:
            file.write(base64.b64decode(data))

    def names(self):
        """(role, name) of everything that can be pressed, typed into or chosen."""
        roles = {"button", "link", "textbox", "combobox", "searchbox", "slider", "menuitem",
                 "option", "listbox"}
        nodes = self.call("Accessibility.getFullAXTree")["nodes"]
        return [(node["role"]["value"], node.get("name", {}).get("value", "")) for node in nodes
                if not node.get("ignored") and node.get("role", {}).get("value") in roles]
