"""Has a worker merge an adapter into its base model, and passes on how far that is."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import IO, Literal

import msgspec
from msgspec import Struct

from engine.language.errors import UserError
from engine.language.figures import size
from engine.language.said import Said
from engine.machine import reading, regular_files
from engine.machine.processes import kernel_kills, python
from engine.models import adapter_check, config_file, hub, model_check, quantised_already
from engine.profile.schema import Profile
from engine.run.events import Failed, Phase

Dtype = Literal["auto", "bfloat16", "float16", "float32"]


class Merge(Struct, frozen=True):
    """What the worker is asked for."""

    profile: Profile
    adapter: str
    """Folder in PEFT's format."""
    target: str
    """Folder of the merged model; it does not exist yet."""
    dtype: Dtype = "auto"
    """Of the merged weights; auto: the base model's."""


class Merged(Struct, tag_field="kind", tag="merged"):
    """What came out."""

    layers: int
    """Into which something was merged."""
    bytes: int
    dtype: str
    difference: float
    """Between the logits of the merged model and those of base and adapter: the root of the mean
    square, in standard deviations of the latter."""


_from_worker: msgspec.json.Decoder[Merged | Phase | Failed] = msgspec.json.Decoder(
    Merged | Phase | Failed
)


def merge(asked: Merge, progress: Callable[[Phase], None]) -> Merged:
    """Merge in a process of its own; that ends when this one does. Raises UserError."""
    target = Path(asked.target)
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise UserError(
            "{target}: exists already; name a new folder for the merged model", target=target
        )
    model = asked.profile.model
    folder = hub.require(model.path, model.revision)
    if found := quantised_already.described(config_file.read(folder)):
        raise UserError(
            "{folder}: the weights are quantised already, in {found}, and nothing can be "
            "merged into them; take the model as it was before",
            folder=folder,
            found=found,
        )
    model_check.check(model, asked.profile.quantization)
    adapter_check.check(Path(asked.adapter), folder)
    check_room(
        target, sum(path.stat().st_size for path in map(folder.joinpath, hub.weight_files(folder)))
    )
    kills = kernel_kills.count()
    with tempfile.TemporaryFile() as log, _spawn(log) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(msgspec.json.encode(asked) + b"\n")
            process.stdin.flush()  # left open: its end tells the worker that we have gone
            for line in process.stdout:
                try:
                    message = reading.json_line(line, _from_worker)
                except ValueError:
                    continue  # a library printed something
                if isinstance(message, Merged):
                    return message
                if isinstance(message, Failed):
                    raise UserError(message.whole())
                progress(message)
        except BrokenPipeError:
            pass  # its last words say why
        except BaseException:  # Ctrl-C above all
            process.kill()
            process.wait()
            regular_files.clear(part_of(target))
            raise
        process.wait()
        log.seek(0)
        said = log.read().decode(errors="replace").strip().splitlines()
    ended = Said(
        "the worker that merges ended: {words}", words=said[-1] if said else Said("no reason given")
    )
    regular_files.clear(part_of(target))
    raise UserError(kernel_kills.last_words(process.returncode, kills, ended))


def part_of(target: Path) -> Path:
    """Where a merged model grows until it is whole."""
    return target.with_name(f".{target.name}.part")


def check_room(target: Path, needed: int) -> None:
    """Raise UserError if a folder would not fit where it is to be."""
    place = next(folder for folder in (target, *target.absolute().parents) if folder.is_dir())
    free = shutil.disk_usage(place).free
    if free < needed * 1.02:
        raise UserError(
            "{target}: needs {needed}, and {free} are free; free some space, or name a "
            "folder on another disk",
            target=target,
            needed=size(needed),
            free=size(free),
        )


def _spawn(log: IO[bytes]) -> subprocess.Popen[bytes]:
    return python.spawn(
        "engine.worker",
        "merge",
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=log,
        session=False,
    )
