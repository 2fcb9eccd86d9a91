#!/usr/bin/python3
"""Checks the rules that a compiler does not, and prints TAP.

  tests/tidy.py               every rule over the checkout
  tests/tidy.py --self-test   every rule over examples that it must, and must not, complain about

A rule takes a tree (path -> text of every file that git knows or would add) and yields findings
(path, line, what).
"""

import functools
import os
import pathlib
import re
import subprocess
import sys

TOP = pathlib.Path(__file__).resolve().parent.parent
PRODUCT = ("src", "include")
ALL_CODE = PRODUCT + ("tests", "perf")

# What each module may see of the others' public headers: all of a module, or the named ones.
ARROWS = {
    "base": {},
    "net": {"base"},
    "capture": {"base", "packet.h", "decode.h", "verdict.h"},
    "flow": {"net", "base"},
    "store": {"base", "event.h", "community_ids.h"},
    "pipeline": {"store", "flow", "capture", "net", "base"},
    "web": {"store", "base"},
    "app": {"web", "pipeline", "store", "flow", "capture", "net", "base"},
}

LITERALS = re.compile(
    r'//[^\n]*|/\*.*?\*/|R"(\w*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"|'
    r"(?<![0-9a-fA-F])'(?:\\.|[^'\\\n])+'", re.DOTALL)


def sources(tree, tops=ALL_CODE, ends=(".cc", ".h")):
    return [(path, text) for path, text in tree.items()
            if path.endswith(ends) and path.split("/")[0] in tops]


@functools.lru_cache(maxsize=None)
def code_lines(text):
    """The lines without comments and literals."""
    return LITERALS.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), text).split("\n")


def includes(text):
    for number, line in enumerate(text.split("\n"), 1):
        if match := re.match(r'\s*#\s*include\s*["<]([^">]+)[">]', line):
            yield number, match[1], '"' in line


def module_of(tree, path):
    """src/net/tcp.cc and a public header of module net are both "net"; None for other files."""
    if path.startswith("include/dfc/"):
        match = re.search(r"^// Module: (\w+)$", "\n".join(tree[path].split("\n")[:8]), re.M)
        return match[1] if match and match[1] in ARROWS else None
    parts = path.split("/")
    return (parts[1] if len(parts) > 2 else "app") if parts[0] == "src" else None


def ban(pattern, tops=PRODUCT, ends=(".cc", ".h"), raw=False, modules=(), files=""):
    """A rule: no line matches, except in some modules and files. Only a raw one reads comments."""
    def rule(tree):
        for path, text in tree.items() if tops is None else sources(tree, tops, ends):
            if module_of(tree, path) in modules or (files and path.startswith(files)):
                continue
            for number, line in enumerate(text.split("\n") if raw else code_lines(text), 1):
                if match := re.search(pattern, line):
                    yield path, number, match[0].strip()[:60] or "white space"
    return rule


def arrows(tree):
    for path, text in sources(tree, PRODUCT):
        module = module_of(tree, path)
        for number, name, _ in includes(text):
            other = module_of(tree, "include/" + name) if "include/" + name in tree else None
            if module and other and other != module:
                if not {other, name.removeprefix("dfc/")} & set(ARROWS.get(module, ())):
                    yield path, number, f"{module} may not see {name} of {other}"


def private_headers(tree):
    headers = [path for path, _ in sources(tree, ("src",), (".h",))]
    for path, text in sources(tree, PRODUCT):
        for number, name, quoted in includes(text):
            if quoted and f"{os.path.dirname(path)}/{name}" not in tree:
                bare = "/" + name.replace("../", "")
                if any(header.endswith(bare) for header in headers):
                    yield path, number, f'"{name}" is not of this folder'


def public_headers(tree):
    for path, _ in sources(tree, ("include",)):
        if not module_of(tree, path):
            yield path, 1, "no line `// Module: NAME` near the top"


def pragma_once(tree):
    for path, text in sources(tree, ends=(".h",)):
        # A precompiled header is a main file, in which g++ warns of the pragma.
        if "/pch/" not in path and not re.search(r"^#pragma once$", text, re.M):
            yield path, 1, "no #pragma once"


def file_length(tree):
    for path, text in sources(tree):
        most = 400 if path.split("/")[0] in PRODUCT else 700
        if text.count("\n") > most:
            yield path, text.count("\n"), f"longer than {most} lines"


def function_length(tree):
    """Functions start and end in column 0; methods inside a class body are not looked at."""
    start = re.compile(r"(?:template\s*<[^{;]*>\s*)?(?!(?:namespace|class|struct|union|enum|extern|"
                       r"using|typedef|template|static_assert|public|private|protected)\b)[\w~:\[]")
    for path, text in sources(tree):
        lines = [re.sub(r"=\s*\{\}", "", line) for line in code_lines(text)]
        at = 0
        while at < len(lines):
            first, head = at, lines[at]
            at += 1
            if not start.match(head):
                continue
            while not re.search("[{;]", head) and at < len(lines):
                head, at = head + "\n" + lines[at], at + 1
            before, mark, _ = re.split("([{;])", head + ";", 1)
            if mark == ";" or "(" not in before or before.rstrip().endswith("="):
                continue
            if head.count("{") != head.count("}"):
                while at < len(lines) and not lines[at].startswith("}"):
                    at += 1
                at += 1
            if at - first > 70:
                yield path, first + 1, f"a function of {at - first} lines, at most 70"


def built(tree):
    for path, _ in sources(tree, ("src",), (".cc",)):
        parts = path.split("/")
        for at in range(len(parts)):
            listing = tree.get("/".join(parts[:at] + ["meson.build"]), "")
            if f"'{'/'.join(parts[at:])}'" in listing:
                break
        else:
            yield path, 1, "no meson.build names it"


def included(tree):
    used = set()
    for path, text in sources(tree):
        for _, name, _ in includes(text):
            own = f"{os.path.dirname(path)}/{name}"
            used.add(own if own in tree else name)
    for path, text in tree.items():
        if path.endswith("meson.build"):
            used.update(re.findall(r"pch/\w+\.h", text))
    for path, _ in sources(tree, PRODUCT, (".h",)):
        parts = path.split("/")
        if not used & {"/".join(parts[at:]) for at in range(len(parts))}:
            yield path, 1, "no file includes it"


LOCKS = (r"\bshared_ptr\b|\bstd::(\w*mutex|lock_guard|(unique|scoped|shared)_lock)\b|"
         r"\bcondition_variable\w*|\bpthread_(mutex|cond|rwlock)\w*|\babsl::Mutex\w*")
THREADS = r"\bstd::j?thread\b(?!::)|\bstd::async\b|\bpthread_create\b"
# A line set in by three spaces or more is a drawing or an example.
DEAD_CODE = (r"^\s*//+ {0,2}(?! )(?:[^`]*(?:\w\(|\s=\s|->|::)[^`]*[;{]|"
             r"\W*(?:if|for|while|switch) \(.*[;{]|\W*else \{|"
             r"return(?: \S+)?;|break;|continue;)\s*$")
MARKUP = (r"\{@html|\b(inner|outer)HTML\b|\binsertAdjacentHTML\b|\bdocument\.write|\beval\(|"
          r"\bnew Function\(|\bcreateContextualFragment\b")
LONG_BODY = "  a();\n" * 69
EVENT = {"include/dfc/event.h": "// Module: flow\n"}

# Rule, its title, trees that it must complain about, and one that it must not.
RULES = [
    (arrows, "modules include only what their arrows allow",
     [{**EVENT, "src/net/a.cc": '#include "dfc/event.h"\n'},
      {**EVENT, "include/dfc/b.h": "// Module: net\n#include <dfc/event.h>\n"},
      {"include/dfc/a.h": "// Module: flow\n", "src/store/a.h": '#include "dfc/a.h"\n'}],
     {**EVENT, "src/store/a.h": '#include "dfc/event.h"\n#include <map>\n',
      "src/app/a.cc": '#include "dfc/event.h"\n', "src/flow/a.cc": '#include "dfc/event.h"\n'}),
    (private_headers, "private headers stay in their folder",
     [{"src/net/a.h": "", "src/flow/b.cc": f'#include "{name}"\n'}
      for name in ("a.h", "net/a.h", "../net/a.h")] +
     [{"src/net/a.h": "", "include/dfc/b.h": '#include "a.h"\n'}],
     {"src/net/a.h": "", "src/net/b.cc": '#include "a.h"\n#include "fmt/a.h"\n#include <a.h>\n'}),
    (public_headers, "public headers name their module",
     [{"include/dfc/a.h": "// What it is.\n"}, {"include/dfc/a.h": "// Module: attic\n"}],
     {"include/dfc/a.h": "// What it is.\n// Module: net\n"}),
    (pragma_once, "headers have #pragma once",
     [{"src/net/a.h": "// #pragma once\n"}], {"src/net/a.h": "#pragma once\n", "src/net/a.cc": ""}),
    (file_length, "files are short",
     [{"src/a.cc": "\n" * 401}, {"tests/a.cc": "\n" * 701}],
     {"src/a.cc": "\n" * 400, "tests/a.cc": "\n" * 700}),
    (ban(r".{101,}", ALL_CODE, raw=True), "lines are short",
     [{"src/a.cc": "// " + "x" * 98}], {"src/a.cc": "// " + "\u00b5" * 97 + "\n"}),
    (function_length, "functions are short",
     [{"src/a.cc": head + LONG_BODY + "}\n"} for head in (
         "int F(A a = {}) {\n", "TEST(A, B) {\n",
         "template <typename T>\nA::A(T a,\n  T b)\n  : b_{b} {\n")],
     {"src/a.cc": "int F() {\n" + LONG_BODY[7:] + "}\nint G(A a = {});\n"
                  "class A {\n" + LONG_BODY + "};\nnamespace {\n" + LONG_BODY + "}\n"
                  "int k[F(2)] = {\n" + LONG_BODY + "};\n"}),
    (ban(r"\b(TODO|FIXME|XXX|HACK)\b", ALL_CODE, raw=True), "no unfinished work",
     [{"src/a.cc": f"// {word}: x\n"} for word in ("TODO", "FIXME", "XXX", "HACK")],
     {"src/a.cc": "int todo;\n"}),
    (ban(r"\busing\s+namespace\b", PRODUCT + ("perf",)), "no using namespace",
     [{"src/a.cc": "using namespace std;\n"}],
     {"tests/a.cc": "using namespace dfc;\n", "src/a.cc": "using std::swap;  // namespace\n"}),
    (ban(LOCKS), "no shared ownership and no locks",
     [{"src/a.h": f"  {name} a;\n"} for name in (
         "std::shared_ptr<A>", "std::mutex", "std::lock_guard<M>", "std::condition_variable")],
     {"src/a.h": 'std::unique_ptr<A> a;  // Not a shared_ptr.\nauto b = "std::mutex";\n'}),
    (ban(r"\breinterpret_cast\b", modules=("base", "net", "capture", "store")),
     "reinterpret_cast only at the borders to C and the wire",
     [{"src/flow/a.cc": "auto a = reinterpret_cast<B*>(c);\n"}],
     {"src/net/a.cc": "auto a = reinterpret_cast<B*>(c);\n"}),
    (ban(r"(?i)\bINSERT\s+IGNORE\b", ("src", "sql"), (".cc", ".h", ".sql"), raw=True),
     "no insert that hides errors",
     [{"sql/a.sql": "insert ignore into a\n"}, {"src/a.cc": '"INSERT IGNORE"\n'}],
     {"sql/a.sql": "insert into a\n"}),
    (ban(DEAD_CODE, ALL_CODE, raw=True), "no commented-out code",
     [{"src/a.cc": f"  // {code}\n"} for code in (
         "Close();", "a = b;", "if (a) {", "return;", "std::string a;", "} else {", "a->b;")],
     {"src/a.cc": "Close();  // Twice;\n// Waits, at most 3 s;\n// for one (a = b) only.\n"
                  "//   waiter: Wait();\n"}),
    (ban(THREADS, files="src/pipeline/threads."), "one file makes threads",
     [{"src/app/a.cc": "std::thread t(F);\n"}, {"src/app/a.cc": "pthread_create(&t, 0, F, 0);\n"}],
     {"src/pipeline/threads.cc": "std::jthread t(F);\n",
      "src/app/a.cc": "n = std::thread::hardware_concurrency();\nstd::this_thread::yield();\n"}),
    (ban(r"\bvolatile\b"), "no volatile",
     [{"src/a.cc": "volatile int a;\n"}], {"src/a.cc": "// volatile\n"}),
    (built, "every source is built",
     [{"src/net/a.cc": "", "src/net/meson.build": "files('aa.cc')"}],
     {"src/net/a.cc": "", "src/net/meson.build": "files('a.cc')",
      "src/b.cc": "", "meson.build": "files('src/b.cc')"}),
    (included, "every header is used",
     [{"src/net/a.h": "", "src/flow/b.cc": '#include "aa.h"\n'}],
     {"src/net/a.h": "", "src/net/a.cc": '#include "a.h"\n',
      "include/dfc/b.h": "", "tests/b.cc": '#include "dfc/b.h"\n',
      "src/pch/c.h": "", "meson.build": "'../pch/c.h'"}),
    (ban(r"\t|\s$", ALL_CODE, raw=True), "no tabs and no space at the end",
     [{"src/a.cc": "a; \n"}, {"src/a.cc": "\ta;\n"}], {"src/a.cc": "  a;\n\n"}),
    (ban(MARKUP, ("web",), (".svelte", ".ts"), raw=True), "the page makes no markup of text",
     [{"web/src/a.svelte": f"  {code}\n"} for code in (
         "{@html a}", "a.innerHTML = b", "a.insertAdjacentHTML('x', b)", "eval(a)")],
     {"web/src/a.ts": "a.textContent = b; // retrieval(a)\n", "web/dist/app.js": "a.innerHTML=b"}),
    (ban(r"(?<![\w.)}\]*-])/(home|root|work)/\S*", tops=None, raw=True),
     "no path of somebody's machine",
     [{"README.md": f"see '/{top}/x'\n"} for top in ("home", "root", "work")],
     {"README.md": f"example.org/{'home'}/x $top/{'work'}/x\n"}),
]


def read_tree():
    """Every file that git tracks or would add; without git, every file outside of build folders."""
    command = ["git", "-c", "safe.directory=*", "ls-files", "-coz", "--exclude-standard"]
    git = subprocess.run(command, cwd=TOP, capture_output=True, check=False)
    names = {os.fsdecode(name) for name in git.stdout.split(b"\0") if name}
    if git.returncode != 0:
        names = {str(path.relative_to(TOP)) for path in TOP.rglob("*")}
    tree = {}
    for name in sorted(names):
        path = TOP / name
        if path.is_file() and not path.is_symlink() and not name.startswith(("build", ".git/")):
            data = path.read_bytes()
            if b"\0" not in data:
                tree[name] = data.decode(errors="replace")
    return tree


def main():
    self_test = sys.argv[1:] == ["--self-test"]
    tree = {} if self_test else read_tree()
    if not self_test and not sources(tree):
        print("Bail out! no sources found")
        return 1
    print(f"1..{len(RULES)}")
    bad = 0
    for number, (rule, title, wrong_trees, right_tree) in enumerate(RULES, 1):
        if self_test:
            problems = [f"overlooks {wrong}" for wrong in wrong_trees if not list(rule(wrong))]
            problems += [f"complains about {found}" for found in rule(right_tree)]
        else:
            problems = ["{}:{}: {}".format(*found) for found in rule(tree)]
        bad += bool(problems)
        print(f"{'not ' if problems else ''}ok {number} - {'self-test: ' * self_test}{title}")
        for problem in problems:
            print(f"# {problem}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
