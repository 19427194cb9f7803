"""The modules whose tests must notice every small change, and the changes that none can notice.

They are those that numbers and runs depend on: a change that lives in one of them is a score, a
curve or a queue that may be wrong while every test passes.
"""

from __future__ import annotations

OWN_TESTS: dict[str, tuple[str, ...]] = {
    "engine/run/plan.py": ("tests/engine/run/test_plan.py",),
    "engine/run/summary.py": ("tests/engine/run/test_summary.py",),
    "engine/run/history.py": ("tests/engine/run/test_history.py",),
    "engine/run/time_left.py": ("tests/engine/run/test_time_left.py",),
    "engine/run/overlap.py": ("tests/engine/run/test_overlap.py",),
    "engine/queue/placement.py": ("tests/engine/queue/test_placement.py",),
    "engine/prompts/builder.py": ("tests/engine/prompts/test_builder.py",),
    "engine/prompts/few_shot.py": ("tests/engine/prompts/test_few_shot.py",),
    "engine/prompts/strategies.py": ("tests/engine/prompts/test_strategies.py",),
    "engine/start/memory_estimate.py": ("tests/engine/start/test_memory_estimate.py",),
    "engine/table/packing.py": ("tests/engine/table/test_packing.py",),
    "engine/table/order.py": ("tests/engine/table/test_order.py",),
    "engine/table/query.py": ("tests/engine/table/test_query.py",),
    "engine/table/field_tests.py": ("tests/engine/table/test_query.py",),
    "engine/table/standing.py": ("tests/engine/table/test_standing.py",),
    "engine/worker/batching/passes.py": ("tests/engine/worker/batching/test_passes.py",),
    "engine/scores/perplexity.py": ("tests/engine/scores/test_perplexity.py",),
    "engine/scores/resampling.py": ("tests/engine/scores/test_resampling.py",),
    "engine/scores/translation_quality.py": ("tests/engine/scores/test_translation_quality.py",),
    "engine/scores/judge.py": ("tests/engine/scores/test_judge.py",),
    "engine/scores/every_pair.py": ("tests/engine/scores/test_every_pair.py",),
    "engine/scores/comparability.py": ("tests/engine/scores/test_comparability.py",),
    "engine/scores/comparison.py": ("tests/engine/scores/test_comparison.py",),
}
"""By module the tests that are its own: no others are run, so that a fault is seen where it is."""

LIVING: dict[str, dict[str, str]] = {
    "engine/run/time_left.py": {
        "PhasePace.__init__: (0, math.nan) → (1, math.nan)": "what a phase sets as it begins",
        "TimeLeft.seconds: left > 0 → left >= 0": "no clock stands still for a whole reading",
        "TimeLeft._begin: (0, math.nan) → (1, math.nan)": "no step yet: its time tells",
        "TimeLeft._begin: self._items = 0 → self._items = 1": (
            "what samples are translated after, the score of the test file, sets it"
        ),
        "TimeLeft._begin: (0, 0.0) → (1, 0.0)": "batches that took no time",
        "TimeLeft._begin: (0, 0.0) → (0, 1.0)": "of no samples the time is not asked",
    },
    "engine/prompts/builder.py": {
        ": _AT_ONCE = 1000 → _AT_ONCE = 1001": "how many are encoded in a call changes no token",
    },
    "engine/prompts/few_shot.py": {
        "Examples._nearest: 4 * wanted → 5 * wanted": (
            "how many are looked at before all are: the nearest that fit are found either way"
        ),
    },
    "engine/table/standing.py": {
        "Entry.strategy: self.rows[0] → self.rows[1]": "runs of one entry have one strategy",
        "Entry.cells: self.rows[0] → self.rows[1]": "and one mark, which is of their settings",
    },
    "engine/scores/resampling.py": {
        "measure: next(iter(scores.values())).count if scores else 0 → "
        "next(iter(scores.values())).count if scores else 1": "of no scores none are drawn either",
    },
    "engine/scores/comparison.py": {
        "Line.better: low > 0 → low >= 0": "an interval that begins at zero leaves a doubt before",
        "_translation_lines: texts[0] → texts[1]": (
            "items are paired by their references, so that both sides have the same ones"
        ),
        "_split: strict=True → strict=False": "both sides are paired one by one before",
        "_ruling: total > 0 → total >= 0": "of no difference no item makes a half",
    },
}
"""By module, by what `make mutants` calls a change: why it changes nothing that one could see."""
