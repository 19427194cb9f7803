"""What a report must say of how a run was trained, whether it is the default or not."""

from __future__ import annotations

from collections.abc import Iterator

from engine.language.figures import rate
from engine.language.said import Said, Words, listed
from engine.profile import quantization_methods
from engine.profile.schema import Profile, Training
from engine.table.catalog import Row
from engine.table.score_table import chosen_by


def of_run(row: Row) -> list[tuple[Said, Words]]:
    """Name and value; of a run that did not train, what decides its scores."""
    settings = row.settings
    trains = settings.job == "train"
    named = [*_data(row), *_model(settings.profile)]
    if trains:
        named += [*_adapter(settings.profile), *_training(row, settings.profile.training)]
    named += _scoring(row)
    return named


def _data(row: Row) -> Iterator[tuple[Said, Words]]:
    names = {
        "train": Said("training pairs"),
        "validation": Said("validation pairs"),
        "test": Said("test pairs"),
    }
    for part, name in names.items():
        if file := row.settings.data.get(part):
            pairs: Words = f"{file.pairs:,}"
            if row.settings.is_set_aside(part):
                pairs = Said("{pairs}, set aside from the training file", pairs=pairs)
            yield name, pairs


def _model(profile: Profile) -> Iterator[tuple[Said, Words]]:
    quantization = profile.quantization
    yield Said("base model"), profile.model.path
    yield Said("precision"), profile.model.dtype
    said: Words = quantization.method
    if quantization_methods.get(quantization).is_four_bit:
        double = Said("double") if quantization.double else Said("not double")
        in_type = Said("computed in {dtype}", dtype=quantization.compute_dtype)
        said = listed([quantization.method, double, in_type])
    yield Said("quantisation"), said
    yield Said("attention"), profile.model.attention


def _adapter(profile: Profile) -> Iterator[tuple[Said, Words]]:
    lora = profile.lora
    modules = lora.target_modules
    yield Said("LoRA rank"), str(lora.rank)
    yield Said("LoRA alpha"), f"{lora.alpha:g}"
    yield Said("LoRA dropout"), f"{lora.dropout:g}"
    yield Said("target modules"), modules if isinstance(modules, str) else ", ".join(modules)


def _training(row: Row, training: Training) -> Iterator[tuple[Said, Words]]:
    summary = row.summary
    yield Said("learning rate"), rate(training.learning_rate)
    yield Said("schedule"), training.scheduler
    yield Said("warm-up"), f"{training.warmup:g}"
    yield Said("effective batch size"), str(training.batch_size)
    yield Said("epochs"), f"{training.epochs:g}"
    yield Said("optimizer steps"), f"{summary.step:,}/{summary.steps:,}"
    yield Said("optimizer"), training.optimizer
    yield Said("weight decay"), f"{training.weight_decay:g}"
    yield Said("largest gradient norm"), f"{training.max_grad_norm:g}"
    longest = Said(
        "prompt {prompt:,}, output {output:,}",
        prompt=training.max_prompt_tokens,
        output=training.max_output_tokens,
    )
    yield Said("maximum length (tokens)"), longest
    yield Said("seed"), str(training.seed)
    chosen = Said("{step} ({by})", step=summary.best_checkpoint or "–", by=chosen_by(row))
    yield Said("checkpoint"), chosen


def _scoring(row: Row) -> Iterator[tuple[Said, Words]]:
    profile = row.settings.profile
    yield Said("maximum length in scoring (tokens)"), f"{profile.evaluation.max_tokens:,}"
    yield Said("examples in the prompt"), str(row.settings.examples_shown)
    yield Said("prompt"), profile.prompt.template
