"""A model's own tokenizer, read from its tokenizer.json: the ids that worker and screens share."""

from __future__ import annotations

from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import tokenizers

from engine.language.errors import UserError, reason_of
from engine.machine import reading
from engine.models import hub


class Tokenizer:
    """Text to ids and back, as transformers does it with `add_special_tokens=False`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        try:
            most = hub.largest("tokenizer.json")
            content = reading.read_bytes(folder / "tokenizer.json", most)
            self._backend = tokenizers.Tokenizer.from_buffer(content)
        except Exception as error:  # it raises no narrower kind
            raise UserError(
                "{path}: cannot be read: {error}",
                path=folder / "tokenizer.json",
                error=reason_of(error),
            ) from None
        _keep_no_words(self._backend.model)
        self._backend.no_truncation()
        self._backend.no_padding()
        config = _read_json(folder / "tokenizer_config.json")
        older = _read_json(folder / "special_tokens_map.json")  # where some models still say it
        config = {**older, **{key: value for key, value in config.items() if value is not None}}
        self.bos_token = _token_text(config.get("bos_token"))
        self.eos_token = _token_text(config.get("eos_token"))
        if self.eos_token is None:
            raise UserError(
                "{path}: has no eos_token, which ends every answer",
                path=folder / "tokenizer_config.json",
            )
        self.bos_id = self.token_id(self.bos_token) if self.bos_token else None
        self.eos_id = self.token_id(self.eos_token)
        pad = _token_text(config.get("pad_token"))
        self.pad_id = self.token_id(pad) if pad else self.eos_id

    def encode(self, text: str) -> list[int]:
        """Ids of a text; nothing is added, but special tokens written in the text are found."""
        return list(self._backend.encode(text, add_special_tokens=False).ids)

    def encode_all(self, texts: list[str]) -> list[list[int]]:
        """Ids of many texts at once."""
        encodings = self._backend.encode_batch_fast(texts, add_special_tokens=False)
        return [list(encoding.ids) for encoding in encodings]

    def decode(self, ids: list[int], *, skip_special: bool = True) -> str:
        """Text of ids."""
        return str(self._backend.decode(ids, skip_special_tokens=skip_special))

    def token(self, token_id: int) -> str:
        """The token of an id as the vocabulary spells it."""
        return self._backend.id_to_token(token_id) or f"<{token_id}>"

    def token_id(self, token: str) -> int:
        """The id of a token. Raises UserError if the vocabulary lacks it."""
        found = self._backend.token_to_id(token)
        if found is None:
            raise UserError(
                "{path}: has no token '{token}'", path=self.folder / "tokenizer.json", token=token
            )
        return int(found)

    def highest_id(self, start: int, end: int) -> int:
        """The highest id from `start` on that text can turn into; -1 if there is none.

        Looks up to `end`, or as far as the vocabulary has tokens. Special tokens that nothing here
        uses do not count: some models have them for pictures, without an embedding.
        """
        used = {self.bos_id, self.eos_id, self.pad_id}
        for number in reversed(range(start, max(end, self._backend.get_vocab_size()))):
            if self._backend.id_to_token(number) is None:
                continue
            if number in used or number not in self.special_ids:
                return number
        return -1

    @cached_property
    def special_tokens(self) -> frozenset[str]:
        """Texts of the special tokens."""
        return frozenset(self.token(token_id) for token_id in self.special_ids)

    @cached_property
    def special_ids(self) -> frozenset[int]:
        """Ids of special tokens: what `decode` leaves out."""
        added = self._backend.get_added_tokens_decoder()
        return frozenset(index for index, token in added.items() if token.special)


@lru_cache(maxsize=2)  # large vocabularies take much memory; who goes through profiles keeps few
def load(model_path: str, revision: str = "main") -> Tokenizer:
    """The tokenizer of a model folder or of a hub model that has been downloaded.

    Raises UserError when there is none.
    """
    folder = hub.require(model_path, revision)
    if not (folder / "tokenizer.json").is_file():
        raise UserError(
            "{folder}: has no tokenizer.json; model.path must name a model folder", folder=folder
        )
    return Tokenizer(folder)


def _read_json(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    try:
        return reading.json_file(path, dict[str, Any])
    except ValueError as error:
        raise UserError("{path}: broken JSON: {error}", path=path, error=error) from None


def _keep_no_words(model: Any) -> None:
    """Words seen are kept by default: megabytes, and no faster for sentences without spaces."""
    resize = getattr(model, "_resize_cache", None)  # not public yet
    if resize is not None:
        resize(0)


def _token_text(value: Any) -> str | None:
    """A special token in tokenizer_config.json: a text, or an object with its text in `content`."""
    text = value.get("content") if isinstance(value, dict) else value
    return text if isinstance(text, str) else None
