"""Finds what no single key of a profile shows to be wrong."""

from __future__ import annotations

from engine import profile_check, seed_loop
from engine.language import _
from engine.profiles import Profile, Prompt

_PARTS = ["system", "examples", "instruction"]


def of(profile: Profile) -> list[str]:
    """A line for each contradiction, beginning with its key."""
    mistakes = _in_prompt(profile.prompt)
    shown = profile.prompt.few_shot_template or profile.prompt.template
    if profile.few_shot.examples and "{examples}" not in shown:
        key = "few_shot_template" if profile.prompt.few_shot_template else "template"
        mistakes.append(
            _("prompt.{key}: has no {{examples}} part, which few-shot needs").format(key=key)
        )
    few_shot, training = profile.few_shot, profile.training
    if (few_shot.choose == "ids") != bool(few_shot.ids):
        mistakes.append(_('few_shot.ids: goes with few_shot.choose = "ids", and that with ids'))
    if training.patience and profile.evaluation.choose_by == "last":
        mistakes.append(_('training.patience: needs evaluation.choose_by = "validation" or "test"'))
    if training.seed_bug_compatible and training.batch_size % seed_loop.ACCUMULATION:
        mistakes.append(
            _(
                "training.batch_size: found {found}, expected a multiple of {multiple}, the "
                "seed's accumulation, with training.seed_bug_compatible"
            ).format(found=training.batch_size, multiple=seed_loop.ACCUMULATION)
        )
    return mistakes


def _in_prompt(prompt: Prompt) -> list[str]:
    forms = {
        "template": (prompt.template, _PARTS, "instruction"),
        "example": (prompt.example, ["instruction", "output", "number"], "output"),
        "to_classical": (prompt.to_classical, ["text"], "text"),
        "to_modern": (prompt.to_modern, ["text"], "text"),
    }
    if prompt.few_shot_template:
        forms["few_shot_template"] = (prompt.few_shot_template, _PARTS, "instruction")
    mistakes = [
        _("prompt.{key}: {mistake}").format(key=key, mistake=mistake)
        for key, (text, parts, needed) in forms.items()
        for mistake in profile_check.part_mistakes(text, parts, needed)
    ]
    if prompt.system and "{system}" not in prompt.template + prompt.few_shot_template:
        mistakes.append(_("prompt.system: is given, but prompt.template has no {system} part"))
    return mistakes
