"""What strangers' bytes reach: each target is one way in, and the real code behind it to the end.

A target takes bytes and does with them what commands and screens do. It may raise UserError, whose
words are the answer; anything else that it raises is a fault.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import os
import shutil
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import frozen_runs
import msgspec
from frozen_runs import FINISHED, WARNED

from engine.cli.commands import build_parser
from engine.cli.output import harmless_streams
from engine.cli.show import describe_run
from engine.language import plain_text
from engine.language.errors import UserError
from engine.language.said import english, unpack
from engine.machine import reading, user_settings
from engine.machine.paths import BUILTIN_PROFILES
from engine.models import adapter_check, model_check, tokenizer, weight_files
from engine.profile import files as profile_files
from engine.report import curves, description, hyperparameters
from engine.run import waiting_list
from engine.run.folder import Run
from engine.run.history import read_history
from engine.table import columns, query, side_by_side
from engine.table.catalog import Catalog, Row
from engine.table.columns import COLUMNS
from engine.table.packing import pack
from engine.translate import protocol

MODEL = BUILTIN_PROFILES / "tiny"
Does = Callable[[bytes], object]


@dataclass(frozen=True)
class Target:
    """One way in."""

    does: Does
    seeds: tuple[bytes, ...]
    """What it usually gets."""


class Desk:
    """A folder with one of everything, of which each target overwrites one file."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.root = folder / "runs"
        for name in (FINISHED, WARNED):
            shutil.copytree(frozen_runs.FOLDER / name, self.root / name)
        self.run = self.root / FINISHED
        (self.root / ".queue").mkdir()
        self.model = folder / "model"
        shutil.copytree(MODEL, self.model, ignore=shutil.ignore_patterns("build", "*.safetensors"))
        (self.model / "model.safetensors").symlink_to(MODEL / "model.safetensors")
        self.adapter = self.run / "adapter"
        (self.adapter / "adapter_model.safetensors").write_bytes(_adapter_weights())
        os.environ.update(
            {f"XDG_{name}_HOME": str(folder / name) for name in ("CONFIG", "STATE", "CACHE")},
            YIWEN_RUNS=str(self.root), YIWEN_LANGUAGE="en", COLUMNS="80",
        )  # fmt: skip
        for place in (folder / "CONFIG" / "yiwen", folder / "STATE" / "yiwen"):
            place.mkdir(parents=True)
        os.chdir(folder)
        self._parser = build_parser()

    def command(self, *arguments: str) -> str:
        """What a command prints, done in this process."""
        chosen = self._parser.parse_args(arguments)
        module, function = chosen.does.split(":")
        command = getattr(importlib.import_module(f"engine.cli.{module}"), function)
        with printed() as said:
            command(chosen)
        return said.getvalue()


@contextlib.contextmanager
def printed() -> Iterator[io.StringIO]:
    """All that is printed meanwhile, held to what a terminal bears, and encoded as for one."""
    said = io.StringIO()
    with (
        contextlib.redirect_stdout(said),
        contextlib.redirect_stderr(said),
        harmless_streams(),
    ):
        yield said
    said.getvalue().encode()


def all_of(desk: Desk) -> dict[str, Target]:
    """The targets, by name."""
    found = {**_of_runs(desk), **_of_settings(desk), **_of_models(desk), **_of_words(desk)}
    return {name: Target(_in_words(one.does), one.seeds) for name, one in found.items()}


def _in_words(does: Does) -> Does:
    """An error that a user can mend is an answer, if it is one of some lines."""

    def answers(content: bytes) -> object:
        try:
            return does(content)
        except UserError as error:
            words = str(error)
            assert 0 < len(words) < 20_000, f"{len(words)} characters of an error"
            words.encode("utf-8", "surrogateescape")
            return words

    return answers


def _of_runs(desk: Desk) -> dict[str, Target]:
    """What lies in a folder of runs."""

    def look(*looks: tuple[str, ...]) -> None:
        for arguments in looks:
            with contextlib.suppress(UserError):
                desk.command(*arguments)

    def run_toml(content: bytes) -> None:
        with _in_place(desk.run / "run.toml", content):
            look(("show", FINISHED, "--json"))
            _shown(desk.run)

    def events(content: bytes) -> None:
        with _in_place(desk.run / "events.jsonl", content):
            read_history(desk.run / "events.jsonl")
            _shown(desk.run)

    def results(content: bytes) -> None:
        with _in_place(desk.run / "evaluations" / "test.jsonl", content):
            look(("items", FINISHED), ("items", FINISHED, "--json"))
            look(("items", FINISHED, "--versus", WARNED, "--markdown", "--sort", "change"))

    def queue(content: bytes) -> str:
        with _in_place(desk.root / ".queue" / "waiting.json", content):
            return str(waiting_list.read(desk.root))

    def notes(content: bytes) -> str:
        with _in_place(desk.run / "notes.toml", content):
            look(("runs", "--json", "tag:x"), ("note", FINISHED, "--name", "x"))
            return desk.command("note", FINISHED)

    def ledger(content: bytes) -> str:
        with _in_place(desk.root / "experiments" / "seed-tiny" / "experiment.toml", content):
            return desk.command("experiment")

    kept = desk.run / "events.jsonl"
    old = b'{"kind":"started","at":1.0,"steps":6,"device":"CPU, 2 threads","path":"plain"}\n'
    return {
        "run.toml": Target(run_toml, ((desk.run / "run.toml").read_bytes(),)),
        "events": Target(events, (kept.read_bytes(), *_lines_of_each_kind(), old)),
        "results": Target(results, ((desk.run / "evaluations" / "test.jsonl").read_bytes(),)),
        "queue": Target(queue, (b'[{"run":"a","memory":9,"added":1.5},{"run":"b"}]',)),
        "notes": Target(notes, (b'name = "a"\ntags = ["b", "c"]\nnote = """d\ne"""\n',)),
        "ledger": Target(ledger, (_LEDGER,)),
    }


_LEDGER = b"""format = 1
created = "2026-01-01T00:00:00+08:00"
[[stages]]
question = "a"
title = "b"
profile = "tiny"
strategy = "qlora"
run = "c"
[stages.settings]
"training.epochs" = "1"
"""


def _shown(folder: Path) -> None:
    """A run as a row of tables, in full, and as a report has it."""
    with contextlib.suppress(UserError):
        run = Run(folder)
        row = Row(run, run.settings, run.summary())
        json.dumps(row.as_dict(), allow_nan=False)
        columns.texts([row, msgspec.structs.replace(row, kept=pack(row.summary))], list(COLUMNS))
        columns.values([row], list(COLUMNS))
        side_by_side.scores([row])
        side_by_side.settings([row, row])
        with printed():
            print(describe_run(run, row.summary))
        list(description.facts(row))
        str(description.settings(row))
        list(description.prompt(row))
        hyperparameters.of_run(row)
        if curve := curves.read(run):
            curves.as_csv([curve])


def _lines_of_each_kind() -> list[bytes]:
    """A line of each kind of event that versions wrote."""
    found: dict[bytes, bytes] = {}
    for file in sorted(frozen_runs.FOLDER.glob("*/events.jsonl")):
        for line in file.read_bytes().splitlines(keepends=True):
            found.setdefault(line[:20], line)
    return list(found.values())


def _of_settings(desk: Desk) -> dict[str, Target]:
    """What people write."""

    def settings(content: bytes) -> None:
        with _in_place(user_settings.path(), content):
            desk.command("settings")
            user_settings.load()

    def profile(content: bytes) -> None:
        with _in_place(desk.folder / "mine.toml", content):
            profile_files.load("mine.toml")
            desk.command("profiles", "show", "mine.toml")

    def data(content: bytes) -> str:
        kinds = ("json", "jsonl", "tsv", "csv")
        name = f"d.{kinds[content[0] % 4]}" if content else "d.json"
        with _in_place(desk.folder / name, content[1:]):
            desk.command("data", "leaks", name, name)
            desk.command("data", "describe", name)
            desk.command("data", "repair", name)
            return desk.command("data", "check", name)

    def parallel(content: bytes) -> str:
        one, _sign, other = content.partition(b"\0")
        with _in_place(desk.folder / "s.txt", one), _in_place(desk.folder / "t.txt", other):
            return desk.command("data", "check", "s.txt,t.txt")

    def translations(content: bytes) -> str:
        with _in_place(desk.folder / "STATE" / "yiwen" / "translations.jsonl", content):
            desk.command("translations", "--json")
            return desk.command("translations")

    items = json.loads((MODEL / "data" / "test.json").read_text("utf-8"))[:2]
    record = json.dumps(items[0], ensure_ascii=False).encode()
    exchange = {
        "id": "a", "at": "2026-01-01T00:00:00+08:00", "text": "b", "instruction": "c",
        "direction": "to_modern", "answers": [{"model": "d", "output": "e"}], "accepted": "e",
    }  # fmt: skip
    explained = user_settings.EXPLAINED.read_bytes()
    return {
        "settings": Target(settings, (explained, b'[notify]\ncommand = ["a"]\n')),
        "profile": Target(profile, ((BUILTIN_PROFILES / "tiny.toml").read_bytes(),)),
        "data": Target(data, (
            b"\0" + json.dumps(items, ensure_ascii=False).encode(),
            b"\1" + record + b"\n" + record,
            "\2學而時習之\t學習並且溫習\n\"a\"\tb".encode(),
            "\3文言,白話\n學,\"學\n習\"\n".encode(),
            b"\0" + json.dumps([{"id": 10**20, "instruction": "a", "output": "b"}]).encode(),
            b"\0PAR1", b"\0\xff\xfe", b"\1" + record[:30],
        )),
        "parallel": Target(parallel, ("學\n而\0學習\n而且\n".encode(),)),
        "translations": Target(translations, (json.dumps(exchange).encode() + b"\n",)),
    }  # fmt: skip


def _of_models(desk: Desk) -> dict[str, Target]:
    """What lies in folders of models and adapters."""

    def safetensors(content: bytes) -> object:
        whole = struct.pack("<Q", len(content)) + content + b"\0" * 64
        with _in_place(desk.folder / "a.safetensors", whole) as file:
            return weight_files.of_file(file)

    def adapter_config(content: bytes) -> None:
        with _in_place(desk.adapter / "adapter_config.json", content):
            adapter_check.check(desk.adapter, desk.model)

    def trained_with(content: bytes) -> None:
        with _in_place(desk.adapter / "trained_with.json", content):
            desk.command("show", FINISHED)

    def in_the_model(name: str) -> Does:
        def does(content: bytes) -> None:
            with _in_place(desk.model / name, content):
                tokenizer.load.cache_clear()
                model_check.check(model, tiny.quantization)
                own = tokenizer.Tokenizer(desk.model)
                own.decode(own.encode("學而時習之"))
                own.highest_id(0, 10)

        return does

    tiny = profile_files.load("tiny")
    model = msgspec.structs.replace(tiny.model, path=str(desk.model))
    header = _header_of(MODEL / "model.safetensors")
    return {
        "safetensors": Target(safetensors, (_SMALL_HEADER, header[:2000])),
        "adapter config": Target(
            adapter_config, ((desk.adapter / "adapter_config.json").read_bytes(),)
        ),
        "trained with": Target(trained_with, ((desk.adapter / "trained_with.json").read_bytes(),)),
        **{
            name: Target(in_the_model(name), ((MODEL / name).read_bytes(),))
            for name in ("config.json", "tokenizer_config.json")
        },
        "tokenizer.json": Target(in_the_model("tokenizer.json"), (_SMALL_TOKENIZER,)),
    }


_SMALL_HEADER = (
    b'{"__metadata__":{"format":"pt"},"a":{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]}}'
)
_SMALL_TOKENIZER = json.dumps(
    {
        "version": "1.0",
        "added_tokens": [
            {"id": 0, "content": "<eos>", "single_word": False, "lstrip": False, "rstrip": False,
             "normalized": False, "special": True}
        ],
        "normalizer": None,
        "pre_tokenizer": None,
        "post_processor": None,
        "decoder": None,
        "model": {"type": "BPE", "vocab": {"<eos>": 0, "a": 1}, "merges": []},
    }
).encode()  # fmt: skip


def _header_of(file: Path) -> bytes:
    with file.open("rb") as opened:
        return opened.read(int.from_bytes(opened.read(8), "little"))


def _adapter_weights() -> bytes:
    header = json.dumps({
        "base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight":
            {"dtype": "F32", "shape": [1, 1], "data_offsets": [0, 4]},
    }).encode()  # fmt: skip
    return struct.pack("<Q", len(header)) + header + b"\0" * 4


def _of_words(desk: Desk) -> dict[str, Target]:
    """What is typed, printed, or said between processes."""
    rows = Catalog(desk.root).rows()

    def asked(content: bytes) -> int:
        return len(query.parse(content.decode("utf-8", "surrogateescape")).matching(rows))

    def arguments(content: bytes) -> None:
        words = [word.decode("utf-8", "surrogateescape") for word in content.split(b"\0")]
        if words and words[0] in _LOOKS:
            with printed(), contextlib.suppress(SystemExit):
                desk.command(*[word for word in words if word not in _NOT])

    def said(content: bytes) -> None:
        for decoder in (protocol.to_worker, protocol.from_worker):
            message: Any = None
            with contextlib.suppress(ValueError):
                message = reading.json_line(content, decoder)
            if isinstance(message, protocol.Trouble):
                str(unpack(message.message)).encode("utf-8", "surrogatepass")
                english(unpack(message.hint))

    def shown(content: bytes) -> None:
        text = content.decode("utf-8", "surrogateescape")
        for made in (plain_text.plain(text), plain_text.harmless(text), plain_text.one_line(text)):
            assert not any(map(_is_obeyed, made)), made
            made.encode()
        assert plain_text.width(plain_text.cut(text, 20)) <= 20
        json.loads(plain_text.escaped(json.dumps(text, ensure_ascii=False)))

    done = b'{"kind":"done","request":1,"reason":"stop","tokens":2,"seconds":0.5}'
    trouble = b'{"kind":"trouble","message":{"text":"a {b:,}","places":{"b":5}},"hint":"c"}'
    return {
        "query": Target(asked, (
            b"strategy:qlora ppl<20 tag:final !status:failed text",
            b'lora.rank>8 time<2h name:"a b",c created:2026 loss!=1e3', b'!"a,b" test:x job=train',
        )),
        "arguments": Target(arguments, tuple(
            "\0".join(words).encode() for words in (
                ("runs", "ppl<9", "--columns", "id,loss", "--sort", "ppl", "--limit", "3"),
                ("show", "latest", "--json"), ("items", "latest", "--find", "a", "--faults"),
                ("diff", "latest", "latest"), ("compare", "latest", "latest"),
                ("note", "latest"), ("data", "check", "d.json", "--no-answers"),
                ("profiles", "show", "tiny", "--set", "training.epochs=1"),
                ("prompt", "tiny", "--instruction", "學", "--output", "a", "--examples", "1"),
                ("settings", "--json"), ("queue",), ("translations", "a", "--limit", "1"),
            )
        )),
        "protocol": Target(said, (done, trouble, b'{"kind":"tokens","request":1,"ids":[1,2]}',
            b'{"kind":"score","request":1,"ids":[1],"scored":[0]}',
            b'{"kind":"phase","name":"a","done":1,"of":2}',
        )),
        "text": Target(shown, (
            b"a\x1b[31mb\x1b]0;t\x07c\xc2\x9bd", "學\u202e而\u061c\u2066時\r\n\t習".encode(),
        )),
    }  # fmt: skip


_LOOKS = {
    "runs", "show", "items", "diff", "compare", "note", "data", "profiles", "prompt", "settings",
    "queue", "translations",
}  # fmt: skip
_NOT = {"add", "copy", "split", "import", "-o", "--output", "--write", "--export"}
"""Words that make something."""


def _is_obeyed(char: str) -> bool:
    """Would a terminal do something at this character, other than show it?"""
    import unicodedata

    if char in "\n\t":
        return False
    kind = unicodedata.category(char)
    turns = unicodedata.bidirectional(char) in (
        "LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI",
    )  # fmt: skip
    return kind in ("Cc", "Zl", "Zp", "Cs") or turns or char in "\u061c\u200e\u200f"


@contextlib.contextmanager
def _in_place(file: Path, content: bytes) -> Iterator[Path]:
    """A file that holds this meanwhile."""
    before = file.read_bytes() if file.exists() else None
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    try:
        yield file
    finally:
        if before is None:
            file.unlink(missing_ok=True)
        else:
            file.write_bytes(before)
