"""`dfc serve` for tests: started on a port of its own, asked, and its answers held against its own
description, src/web/openapi.json."""

import contextlib
import http.client
import json
import pathlib
import re
import signal
import subprocess
import urllib.parse

from harness import CALL_TIMEOUT_S, DONE, Failed, check, check_equal, environment, wait_until

OPENAPI = json.loads(
    (pathlib.Path(__file__).resolve().parents[2] / "src" / "web" / "openapi.json").read_text())
API = "/api/v1"
TYPES = {"string": str, "integer": int, "boolean": bool, "array": list, "object": dict}


class Answer:
    def __init__(self, response, body):
        self.status = response.status
        self.headers = {name.lower(): value for name, value in response.getheaders()}
        self.body = body

    def json(self):
        return json.loads(self.body)


class Served:
    """A running server. `get` opens a connection of its own for each question."""

    def __init__(self, process, port):
        self.process = process
        self.port = port
        self.address = f"http://127.0.0.1:{port}"

    def ask(self, target, method="GET", headers=None, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=CALL_TIMEOUT_S)
        with contextlib.closing(connection):
            connection.request(method, target, body=body, headers=headers or {})
            response = connection.getresponse()
            return Answer(response, response.read())

    def get(self, path, status=200, headers=None, **parameters):
        """An answer of the API that its description allows."""
        query = "?" + urllib.parse.urlencode(parameters) if parameters else ""
        answer = self.ask(API + path + query, headers=headers)
        where = f"GET {path}{query}"
        check_equal(answer.status, status, f"status of {where}: {answer.body[:300]!r}")
        hold_against_description(path, answer, where)
        return answer

    def json(self, path, **parameters):
        return self.get(path, **parameters).json()

    def change(self, method, path, status, body=None, headers=None, **parameters):
        """An answer to what changes something, asked as the page would."""
        query = "?" + urllib.parse.urlencode(parameters) if parameters else ""
        given = {"Origin": self.address, "Sec-Fetch-Site": "same-origin", **(headers or {})}
        if "X-Dfc-Token" not in given:
            about = self.ask(API + "/about", headers=headers).json()
            given["X-Dfc-Token"] = about.get("import_token") or ""
        answer = self.ask(API + path + query, method=method, headers=given, body=body)
        where = f"{method} {path}{query}"
        check_equal(answer.status, status, f"status of {where}: {answer.body[:300]!r}")
        hold_against_description(path, answer, where, method.lower())
        return answer.json()

    def imported(self, capture, name="x.pcap"):
        """What became of a capture that was sent."""
        return self.ended(self.change("POST", "/imports", 202, body=capture, name=name)["id"])

    def ended(self, number):
        def ended():
            now = self.json(f"/imports/{number}")
            return now["state"] in ("done", "failed") and now
        return wait_until(ended, f"the end of import {number}", CALL_TIMEOUT_S)


@contextlib.contextmanager
def served(bench, store, *options, env=None, last_words=b""):
    """A server over `store`; it must end well, too, with these words on standard error."""
    command = [bench.dfc, "serve", "--listen", "127.0.0.1:0", "--store", store, *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               env=environment(env), cwd=bench.dir)
    try:
        line = process.stdout.readline().decode()
        match = re.match(r"https?://127\.0\.0\.1:(\d+)/ shows ", line)
        if not match:
            raise Failed(f"dfc serve says {line!r} {process.stderr.read().decode()}")
        yield Served(process, int(match[1]))
        check(process.poll() is None, "the server has ended by itself")
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            rest, said = process.communicate(timeout=CALL_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
    said = b"".join(line for line in said.splitlines(True) if b" event=privileges " not in line)
    check_equal((process.returncode, rest, said), (DONE, b"", last_words),
                "how the server ended")


# The description ---------------------------------------------------------------------------------

def route_of(path):
    """The path of the description that `path` is an example of."""
    for known in OPENAPI["paths"]:
        if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", known), path):
            return known
    return None


def hold_against_description(path, answer, where, method="get"):
    route = route_of(path)
    kind = answer.headers.get("content-type", "").split(";")[0]
    if route is None or not answer.headers.get("content-type", "").startswith("application/json"):
        return
    if answer.status >= 400:
        schema = {"$ref": "#/components/schemas/Error"}
    else:
        described = OPENAPI["paths"][route][method]["responses"]
        check(str(answer.status) in described, f"{where}: no word about status {answer.status}")
        schema = described[str(answer.status)]["content"][kind]["schema"]
    hold_against(schema, answer.json(), where)


def hold_against(schema, value, where):
    """Those parts of JSON Schema that the description uses."""
    if "$ref" in schema:
        return hold_against(OPENAPI["components"]["schemas"][schema["$ref"].split("/")[-1]], value,
                            where)
    if value is None:
        return check(schema.get("nullable"), f"{where} is null")
    kind = schema["type"]
    if kind == "number":
        check(type(value) in (int, float), f"{where} is {value!r}, no number")
    else:
        check(type(value) is TYPES[kind], f"{where} is {value!r:.200}, no {kind}")
    check("enum" not in schema or value in schema["enum"], f"{where} is {value!r}")
    check("minimum" not in schema or value >= schema["minimum"], f"{where} is {value}")
    check("maximum" not in schema or value <= schema["maximum"], f"{where} is {value}")
    check("pattern" not in schema or re.search(schema["pattern"], value), f"{where} is {value!r}")
    if kind == "array":
        for at, item in enumerate(value):
            hold_against(schema["items"], item, f"{where}[{at}]")
    if kind == "object" and "properties" in schema:
        known = schema["properties"]
        check(set(value) <= set(known), f"{where} has {sorted(set(value) - set(known))}")
        missing = set(schema.get("required", ())) - set(value)
        check(not missing, f"{where} has no {sorted(missing)}")
        for key, item in value.items():
            hold_against(known[key], item, f"{where}.{key}")
