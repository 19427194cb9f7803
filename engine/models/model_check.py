"""The one place where a model folder is checked before it is believed.

What can be told from config.json, tokenizer.json and the headers of the weights: a few milliseconds
for any size. The worker, which reads the weights, sees to the rest as it loads them.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from engine.language.errors import UserError
from engine.language.said import Said, Words, labelled
from engine.machine import reading
from engine.models import (
    config_file,
    hub,
    needed_tensors,
    quantised_already,
    tokenizer,
    weight_files,
)
from engine.models.config_file import Config
from engine.models.needed_tensors import Shapes
from engine.models.weight_files import FLOATS, Tensor, shape_in_words
from engine.profile.schema import Model, Quantization

ADAPTER = "adapter_config.json"
_HEAD, _EMBEDDING = "lm_head.weight", "model.embed_tokens.weight"
_LOOKED_AT = 1 << 16
"""Bytes in each of three places by which head and embedding are told apart."""
_LOOKED_BEYOND = 1 << 12
"""Ids above the vocabulary that are tried, for a vocabulary with holes."""


def check(model: Model, quantization: Quantization, profile: str = "") -> list[Said]:
    """See that a profile's model is whole and of one piece. Raises UserError.

    Returns remarks, a sentence each. `profile` is the name of one that has this model.
    """
    folder = hub.require(model.path, model.revision, profile)
    config = config_file.read(folder)
    config_file.check(config, folder)
    if why := quantised_already.why_not(config, quantization):
        raise UserError(labelled(folder, why))
    tensors = weight_files.of_folder(folder)
    needed = needed_tensors.of_family(config)
    if needed is not None:
        wrong = next(_misfits(tensors, needed, config), None)
        if wrong is not None:
            raise UserError(labelled(folder, wrong))
    if why := _head_apart(tensors, config):
        raise UserError(labelled(folder, why))
    _check_vocabulary(folder, config, model)
    return list(_remarks(folder))


def _remarks(folder: Path) -> Iterator[Said]:
    if (folder / ADAPTER).exists():
        yield Said(
            "{folder}: an adapter lies beside the model; it is not applied (evaluate or translate "
            "the run that trained it)",
            folder=folder,
        )


def _misfits(tensors: dict[str, Tensor], needed: Shapes, config: Config) -> Iterator[Said]:
    """What is wrong with the tensors of a known family, the worst first."""
    family = config["model_type"]
    lacking = [name for name in needed if name not in tensors]
    if lacking:
        yield Said(
            "{tensors} missing, which a {family} model with this config.json needs; get the model "
            "again, config.json and weights from one place",
            tensors=weight_files.some(lacking),
            family=family,
        )
    quantised = "quantization_config" in config
    for name, shape in needed.items():
        found = tensors[name]
        if quantised and found.dtype not in FLOATS:
            continue  # packed: bitsandbytes knows its true shape
        if found.dtype not in FLOATS:
            yield Said(
                "{name} is stored as {dtype}, and config.json names no quantization; take the "
                "model in float32, float16 or bfloat16",
                name=name,
                dtype=found.dtype,
            )
        elif found.shape != shape:
            yield Said(
                "{name} is {found}, and config.json makes it {needed}; take config.json and "
                "weights from one place",
                name=name,
                found=shape_in_words(found.shape),
                needed=shape_in_words(shape),
            )
    left = [name for name in tensors if name not in needed and not _is_spare(name, needed, config)]
    if left:
        yield Said(
            "{tensors} left over: a {family} model with this config.json has no such parts; take "
            "config.json and weights from one place",
            tensors=weight_files.some(left),
            family=family,
        )


def _is_spare(name: str, needed: Shapes, config: Config) -> bool:
    """May a tensor be there that is not needed?"""
    if name.endswith(".rotary_emb.inv_freq"):
        return True  # older versions of transformers kept it
    if name == _HEAD:
        return needed_tensors.is_tied(config)  # equal to the embedding, which is seen to
    if "quantization_config" not in config:
        return False
    owner = name
    while owner := owner.rpartition(".")[0]:  # q_proj.weight.quant_state.bitsandbytes__nf4
        if owner in needed or f"{owner}.weight" in needed:
            return True
    return False


def _head_apart(tensors: dict[str, Tensor], config: Config) -> Words:
    """Does a tied model bring a head that is another matrix than its embedding?"""
    head, embedding = tensors.get(_HEAD), tensors.get(_EMBEDDING)
    if not needed_tensors.is_tied(config) or head is None or embedding is None:
        return ""
    if (head.dtype, head.shape) == (embedding.dtype, embedding.shape) and _alike(head, embedding):
        return ""
    return Said(
        "lm_head.weight differs from model.embed_tokens.weight, and config.json says that they are "
        "one (tie_word_embeddings); set it to false there if the head belongs to the model"
    )


def _alike(one: Tensor, other: Tensor) -> bool:
    """Compares both ends and the middle: all of a large matrix would take long."""
    length = one.end - one.start
    with (
        reading.open_regular(one.file, reading.ANY) as first,
        reading.open_regular(other.file, reading.ANY) as second,
    ):
        for place in (0, length // 2, max(0, length - _LOOKED_AT)):
            first.seek(one.start + place)
            second.seek(other.start + place)
            count = min(_LOOKED_AT, length - place)
            if first.read(count) != second.read(count):
                return False
    return True


def _check_vocabulary(folder: Path, config: Config, model: Model) -> None:
    """The tokenizer must make no id that the embedding lacks. Raises UserError."""
    size = config.get("vocab_size")
    if not isinstance(size, int):
        return
    highest = tokenizer.load(model.path, model.revision).highest_id(size, size + _LOOKED_BEYOND)
    if highest >= size:
        raise UserError(
            "{folder}: the tokenizer has ids up to {highest:,}, and the model only those below "
            "{size:,}; take tokenizer and model from one place",
            folder=folder,
            highest=highest,
            size=size,
        )
