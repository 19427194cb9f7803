"""A hub or a mirror: which files a model has there, their bytes, and what goes wrong, in words.

Everything is plain HTTP through huggingface_hub's session (proxies, certificates, token), so that
a download can be resumed at the byte where it broke off; the library's own starts a file anew.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from engine.language.errors import UserError
from engine.language.plain_text import one_line
from engine.language.said import Said, labelled
from engine.models import hub
from engine.models.resumable import ConnectionLost, ModelFile

DEFAULT_ENDPOINT = "https://huggingface.co"
_PROXIES = ("ALL_PROXY", "all_proxy", "HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy")
_PATIENCE = 30.0
"""Seconds without a byte after which a connection counts as lost."""


@dataclass
class HubSource:
    """One model at one revision."""

    model_id: str
    revision: str
    endpoint: str
    sends_token: bool
    """A token is for the hub that gave it, not for any mirror."""
    commit: str = ""
    files: dict[str, ModelFile] = field(default_factory=dict)

    @classmethod
    def open(cls, model_id: str, revision: str, mirror: str = "") -> HubSource:
        """Ask for the list of files. Raises UserError."""
        own = (os.environ.get("HF_ENDPOINT") or DEFAULT_ENDPOINT).rstrip("/")
        endpoint = mirror.rstrip("/") or own
        source = cls(model_id, revision, endpoint, sends_token=endpoint == own)
        try:
            source._list()
        except ConnectionLost as error:
            raise UserError(
                "{endpoint} cannot be reached: {error}; check the network, or name a mirror "
                "with --from URL, or a folder that holds the model with --from DIR",
                endpoint=endpoint,
                error=error,
            ) from None
        return source

    def __str__(self) -> str:
        return str(Said("{model_id} at {endpoint}", model_id=self.model_id, endpoint=self.endpoint))

    def _list(self) -> None:
        from huggingface_hub import HfApi

        with self._errors_in_words():
            found = HfApi(endpoint=self.endpoint, token=None if self.sends_token else False)
            info = found.model_info(
                self.model_id, revision=self.revision, files_metadata=True, timeout=_PATIENCE
            )
        self.commit = self._commit_of(info.sha)
        for sibling in info.siblings or []:
            lfs = sibling.lfs
            self.files[sibling.rfilename] = ModelFile(
                sibling.rfilename,
                -1 if sibling.size is None else sibling.size,
                key=_checksum(lfs.sha256 if lfs else sibling.blob_id),
                sha256=_checksum(lfs.sha256) if lfs else "",
            )

    def _commit_of(self, said: object) -> str:
        """The commit that the server names; it becomes a folder's name. Raises UserError."""
        commit = said or self.revision
        if not isinstance(commit, str) or not hub.is_revision(commit):
            raise UserError(
                "{endpoint} names a commit that is none: {commit}; choose another mirror",
                endpoint=self.endpoint,
                commit=one_line(repr(commit))[:80],
            )
        return commit

    def read(self, file: ModelFile, start: int) -> tuple[int, Iterator[bytes]]:
        """The bytes of a file, from `start` or, where the server cannot, from the beginning.

        Raises ConnectionLost, also while they are read, or UserError.
        """
        chunks = self._read(file, start)
        return int(next(chunks)), chunks

    def _read(self, file: ModelFile, start: int) -> Iterator[Any]:
        from huggingface_hub import hf_hub_url
        from huggingface_hub.utils import build_hf_headers, get_session, hf_raise_for_status

        url = hf_hub_url(self.model_id, file.name, revision=self.commit, endpoint=self.endpoint)
        headers = build_hf_headers(token=None if self.sends_token else False)
        headers["Accept-Encoding"] = "identity"  # the bytes on disk are those that are counted
        if start:
            headers["Range"] = f"bytes={start}-"
        with (
            self._errors_in_words(),
            get_session().stream("GET", url, headers=headers, timeout=_PATIENCE) as response,
        ):
            if response.status_code >= 500:
                raise ConnectionLost(_server_answered(response.status_code))
            hf_raise_for_status(response)
            yield start if response.status_code == 206 else 0
            yield from response.iter_bytes()

    @contextmanager
    def _errors_in_words(self) -> Iterator[None]:
        from huggingface_hub import errors

        transport: Any = errors.HfHubHTTPError.__bases__[0]  # httpx's or its successor's HTTPError
        try:
            yield
        except errors.HfHubHTTPError as error:
            raise self._refusal(error) from None
        except errors.HFValidationError:
            raise UserError(
                "'{model_id}' is no hub id; expected owner/name", model_id=self.model_id
            ) from None
        except errors.OfflineModeIsEnabled:
            raise UserError(
                "HF_HUB_OFFLINE is set, so nothing is asked of the network: unset it, or name "
                "a folder that holds the model with --from DIR"
            ) from None
        except transport as error:
            raise ConnectionLost(one_line(str(error)) or type(error).__name__) from None
        except (UserError, ConnectionLost, OSError):
            raise
        except Exception as error:  # of the library below, which has no kind of its own for these
            raise UserError(self._misguided(error)) from None

    def _misguided(self, error: Exception) -> Said:
        """What the way there, an address or a proxy, is wrong in."""
        proxies = " ".join(key for key in _PROXIES if os.environ.get(key))
        said = Said(
            "{endpoint} cannot be asked: {error}",
            endpoint=self.endpoint,
            error=one_line(str(error)),
        )
        if not proxies:
            return said
        # Their names alone: an address of a proxy may hold a password.
        return Said("{said} (set by {proxies}: mend or unset it)", said=said, proxies=proxies)

    def _refusal(self, error: Any) -> Exception:
        """What a server's refusal means, and what to do."""
        from huggingface_hub import errors, get_token

        status = error.response.status_code
        message = one_line(error.response.headers.get("X-Error-Message", ""))
        page = f"{self.endpoint}/{self.model_id}"
        has_token = self.sends_token and bool(get_token())
        if isinstance(error, errors.GatedRepoError):
            first = Said(
                "{model_id} is gated: accept its licence at {page}",
                model_id=self.model_id,
                page=page,
            )
            if not self.sends_token:
                return UserError(
                    "{first}, and set HF_ENDPOINT={endpoint} instead of --from, which sends "
                    "your token there",
                    first=first,
                    endpoint=self.endpoint,
                )
            if has_token:
                return UserError(
                    "{first} with the account whose token is used here, then repeat", first=first
                )
            return UserError(
                "{first}, then log in with `hf auth login` or set HF_TOKEN", first=first
            )
        if status == 401 and message.startswith("Invalid credentials"):
            return UserError(
                "{endpoint} does not accept the token it was sent: log in anew with `hf auth "
                "login`, or set HF_TOKEN to a valid one (or to none)",
                endpoint=self.endpoint,
            )
        if isinstance(error, errors.RevisionNotFoundError):
            return UserError(
                "{model_id} has no revision '{revision}' at {endpoint}",
                model_id=self.model_id,
                revision=self.revision,
                endpoint=self.endpoint,
            )
        if isinstance(error, errors.RepositoryNotFoundError) or status == 404:
            private = "" if has_token else Said("; if it is private, log in with `hf auth login`")
            return UserError(
                "there is no model {model_id} at {endpoint}{private}",
                model_id=self.model_id,
                endpoint=self.endpoint,
                private=private,
            )
        if status in (408, 429) or status >= 500:
            return ConnectionLost(_server_answered(status))
        if not message:
            return UserError(labelled(page, _server_answered(status)))
        return UserError(
            "{page}: the server answered {status} {message}",
            page=page,
            status=status,
            message=message,
        )


def _checksum(said: object) -> str:
    """What a server says of a file's content; it becomes a file's name. Empty if it is no sum."""
    is_sum = isinstance(said, str) and re.fullmatch(r"[0-9a-f]{40}|[0-9a-f]{64}", said)
    return str(said) if is_sum else ""


def _server_answered(status: int) -> Said:
    return Said("the server answered {status}", status=status)
