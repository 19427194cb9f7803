"""A hub of models on the loopback: lists and serves a folder, and fails where a test wants it to.

It speaks as much of huggingface.co as `yiwen pull` asks for: /api/models/…/revision/…, with sizes
and checksums, and /…/resolve/… with ranges.
"""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

COMMIT = "c0ffee" + "0" * 34
TOKEN = "hf_good"


@dataclass
class FakeHub:
    """What there is and how it misbehaves; and which requests came."""

    models: dict[str, Path]
    gated: bool = False
    """Files are only for those who come with the token."""
    breaks_at: list[int] = field(default_factory=list)
    """Close the connection after so many bytes of a weight file; one answer each."""
    holds: threading.Event = field(default_factory=threading.Event)
    """Set: where a connection is to be closed, it is kept open in silence until this is cleared."""
    ignores_ranges: bool = False
    damages: bool = False
    busy: int = 0
    """So many requests are answered 503."""
    requests: list[tuple[str, str]] = field(default_factory=list)
    """Path and Range of each request for a file."""
    tokens: set[str] = field(default_factory=set)
    """What was sent as authorization."""
    url: str = ""

    def bytes_of(self, model: str, name: str) -> bytes | None:
        file = self.models[model] / name
        return file.read_bytes() if file.is_file() else None

    @cached_property
    def siblings(self) -> dict[str, list[dict[str, object]]]:
        return {model: [_listed(path) for path in _files(at)] for model, at in self.models.items()}


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_file())


def _listed(path: Path) -> dict[str, object]:
    data = path.read_bytes()
    git = hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()
    found: dict[str, object] = {"rfilename": path.name, "size": len(data), "blobId": git}
    if path.suffix == ".safetensors":
        sha = hashlib.sha256(data).hexdigest()
        found["lfs"] = {"sha256": sha, "size": len(data), "pointerSize": 100}
    return found


@contextmanager
def serving(hub: FakeHub) -> Iterator[FakeHub]:
    """Serve until the test is done."""

    class Handler(_Handler):
        def __init__(self, *args: object) -> None:
            self.hub = hub
            super().__init__(*args)  # type: ignore[arg-type]

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    hub.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    hub: FakeHub
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        self.hub.tokens.add(token)
        if self.hub.busy:
            self.hub.busy -= 1
            return self._refuse(503)
        if token and token != TOKEN:
            return self._refuse(401, message="Invalid credentials in Authorization header")
        parts = self.path.split("?")[0].strip("/").split("/")
        if parts[:2] == ["api", "models"]:
            return self._list("/".join(parts[2:4]), "/".join(parts[5:]))
        return self._serve("/".join(parts[:2]), parts[-1], token)

    def _list(self, model: str, revision: str) -> None:
        if model not in self.hub.models:
            return self._refuse(401, "RepoNotFound")
        if revision not in ("main", "v1", COMMIT):
            return self._refuse(404, "RevisionNotFound")
        found = {"id": model, "sha": COMMIT, "siblings": self.hub.siblings[model]}
        return self._answer(200, json.dumps(found).encode(), {"Content-Type": "application/json"})

    def _serve(self, model: str, name: str, token: str) -> None:
        asked = self.headers.get("Range", "")
        self.hub.requests.append((name, asked))
        if self.hub.gated and token != TOKEN:
            return self._refuse(401, "GatedRepo")
        data = self.hub.bytes_of(model, name)
        if data is None:
            return self._refuse(404, "EntryNotFound")
        if self.hub.damages:
            data = data[:-1] + bytes([data[-1] ^ 1])
        if asked and not self.hub.ignores_ranges:
            start = int(asked.removeprefix("bytes=").removesuffix("-"))
            place = {"Content-Range": f"bytes {start}-{len(data) - 1}/{len(data)}"}
            return self._answer(206, data[start:], place, weights=name.endswith(".safetensors"))
        return self._answer(200, data, {}, weights=name.endswith(".safetensors"))

    def _answer(
        self, status: int, body: bytes, headers: dict[str, str], weights: bool = False
    ) -> None:
        self.send_response(status)
        for key, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(key, value)
        self.end_headers()
        if weights and self.hub.breaks_at:
            self.wfile.write(body[: self.hub.breaks_at.pop(0)])
            self.wfile.flush()
            while self.hub.holds.is_set():
                time.sleep(0.02)
            self.close_connection = True
            return
        self.wfile.write(body)

    def _refuse(self, status: int, code: str = "", message: str = "") -> None:
        self._answer(status, b"", {"X-Error-Code": code, "X-Error-Message": message})

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing."""
