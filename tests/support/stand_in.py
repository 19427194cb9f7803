"""A stand-in for the Python that runs the worker: a script that behaves like one, without torch."""

from __future__ import annotations

import sys
from pathlib import Path

_PYTHON = sys.executable
"""Taken before a test puts the script in its place."""
_SCRIPT = """#!{python} -IS
import json, os, pathlib, signal, sys, time
assert sys.argv[-4] == "engine.worker", sys.argv
assert sys.argv[-2] == "--lock"
folder = pathlib.Path(sys.argv[-3])

signal.alarm(60)  # no stand-in outlives the tests, whatever fails

def emit(kind, **more):
    line = json.dumps({{"kind": kind, "at": time.time(), **more}}) + "\\n"
    with open(folder / "events.jsonl", "ab", buffering=0) as file:
        file.write(line.encode())

def stop(*_):
    emit("stopped")
    os._exit(0)

signal.signal(signal.SIGTERM, {on_term})
null = os.stat("/dev/null").st_rdev
told = {{
    "pid": os.getpid(),
    "session": os.getsid(0),
    "cwd": os.getcwd(),
    "stdin_is_null": os.fstat(0).st_rdev == null,
    "environment": dict(os.environ),
}}
(folder / "told.part").write_text(json.dumps(told))
(folder / "told.part").rename(folder / "told.json")
print("said to stdout", flush=True)
print("said to stderr", file=sys.stderr, flush=True)
{work}
"""

WAITS = "signal.pause()"
"""Work without end."""
FINISHES = """
score = {"perplexity": 12.5, "perplexity_corpus": 9.5, "samples": 84, "tokens": 2000}
emit("started", device="cpu")
emit("evaluated", part="test", score=score, directions={"to_modern": score})
emit("finished", score=score, file="evaluations/test.jsonl")
"""
FAILS = 'emit("failed", type="MemoryError", message="out of memory", hint="lower it")'


def write_worker(path: Path, work: str = WAITS, *, deaf: bool = False) -> str:
    """The script as an executable; `deaf` to SIGTERM, if asked for."""
    on_term = "signal.SIG_IGN" if deaf else "stop"
    text = _SCRIPT.format(python=_PYTHON, on_term=on_term, work=work)
    path.write_text(text, "utf-8")
    path.chmod(0o755)
    return str(path)
