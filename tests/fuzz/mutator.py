"""Makes strange texts of usual ones: a number, a word or a bracket is put in another's place."""

from __future__ import annotations

import random
import re

_TOKEN = re.compile(
    rb'-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|"(?:[^"\\\n]|\\.)*"|[A-Za-z_]+|[^\sA-Za-z_"0-9]|\n'
)
STRANGE = (
    b"null", b"true", b"-1", b"0", b"0.5", b"1e15", b"1e999", b"-1e308", b"1e-320", b"nan", b"inf",
    b"Infinity", b"0x10", b"1_000", b"9" * 19, b"9" * 20, b"9" * 400, b"9" * 5000,
    b"-9223372036854775809", b'"nan"', b'"-inf"', b"2026-01-01", b"2026-01-01T00:00:00Z",
    b'""', b'"\\ud800"', b'"\\u0000"', b'"\\u202e"', b'"\\u001b[31m"', b'"../x"', b'"/dev/zero"',
    b'"{a}"', b'"{a:99}"', b'"%s"', b'"~"', b'"' + b"a" * 3000 + b'"', b"\'\'\'", b'"""', b"--",
    b"[]", b"{}", b'[""]', b"[null]", b'{"a":1}', b"[[[1]]]", b"[" * 70, b"[" * 2000,
    b'{"a":' * 70, b"[" * 70 + b"]" * 70, b"\xff", b"\x00", b"\xc2\x9b", "\u061c學".encode(),
    b",", b":", b"=", b"\n", b"\t", b"!",
)  # fmt: skip
"""What is put there."""


def mutated(content: bytes, draw: random.Random) -> bytes:
    """The same with up to three tokens replaced, left out or said twice."""
    for _time in range(draw.randint(1, 3)):
        tokens = list(_TOKEN.finditer(content))
        if not tokens:
            return content + draw.choice(STRANGE)
        token = draw.choice(tokens)
        other = draw.choice(tokens).group()
        new = draw.choice((draw.choice(STRANGE), draw.choice(STRANGE), other, b"", token[0] * 2))
        content = content[: token.start()] + new + content[token.end() :]
    return content
