"""What a report must say of how a run was trained, whether it is the default or not."""

from __future__ import annotations

from collections.abc import Iterator

from engine.language.figures import rate
from engine.language.texts import _
from engine.profile.schema import Profile, Training
from engine.table.catalog import Row
from engine.table.score_table import chosen_by


def of_run(row: Row) -> list[tuple[str, str]]:
    """Name and value, as plain text; of a run that did not train, what decides its scores."""
    settings = row.settings
    trains = settings.job == "train"
    named = [*_data(row), *_model(settings.profile)]
    if trains:
        named += [*_adapter(settings.profile), *_training(row, settings.profile.training)]
    return [*named, *_scoring(row)]


def _data(row: Row) -> Iterator[tuple[str, str]]:
    names = {
        "train": _("training pairs"), "validation": _("validation pairs"), "test": _("test pairs")
    }  # fmt: skip
    for part, name in names.items():
        if file := row.settings.data.get(part):
            pairs = f"{file.pairs:,}"
            if row.settings.is_set_aside(part):
                pairs = _("{pairs}, set aside from the training file").format(pairs=pairs)
            yield name, pairs


def _model(profile: Profile) -> Iterator[tuple[str, str]]:
    quantization = profile.quantization
    yield _("base model"), profile.model.path
    yield _("precision"), profile.model.dtype
    said: str = quantization.method
    if quantization.method in ("nf4", "fp4"):
        double = _("double") if quantization.double else _("not double")
        in_type = _("computed in {dtype}").format(dtype=quantization.compute_dtype)
        said = f"{quantization.method}, {double}, {in_type}"
    yield _("quantisation"), said
    yield _("attention"), profile.model.attention


def _adapter(profile: Profile) -> Iterator[tuple[str, str]]:
    lora = profile.lora
    modules = lora.target_modules
    yield _("LoRA rank"), str(lora.rank)
    yield _("LoRA alpha"), f"{lora.alpha:g}"
    yield _("LoRA dropout"), f"{lora.dropout:g}"
    yield _("target modules"), modules if isinstance(modules, str) else ", ".join(modules)


def _training(row: Row, training: Training) -> Iterator[tuple[str, str]]:
    summary = row.summary
    yield _("learning rate"), rate(training.learning_rate)
    yield _("schedule"), training.scheduler
    yield _("warm-up"), f"{training.warmup:g}"
    yield _("effective batch size"), str(training.batch_size)
    yield _("epochs"), f"{training.epochs:g}"
    yield _("optimizer steps"), f"{summary.step:,}/{summary.steps:,}"
    yield _("optimizer"), training.optimizer
    yield _("weight decay"), f"{training.weight_decay:g}"
    yield _("largest gradient norm"), f"{training.max_grad_norm:g}"
    longest = _("prompt {prompt:,}, output {output:,}").format(
        prompt=training.max_prompt_tokens, output=training.max_output_tokens
    )
    yield _("maximum length (tokens)"), longest
    yield _("seed"), str(training.seed)
    yield _("checkpoint"), f"{summary.best_checkpoint or '–'} ({chosen_by(row)})"


def _scoring(row: Row) -> Iterator[tuple[str, str]]:
    profile = row.settings.profile
    yield _("maximum length in scoring (tokens)"), f"{profile.evaluation.max_tokens:,}"
    yield _("examples in the prompt"), str(row.settings.examples_shown)
    yield _("prompt"), profile.prompt.template
