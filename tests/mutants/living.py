"""The modules whose tests must notice every small change, and the changes that none can notice.

They are those that numbers and runs depend on: a change that lives in one of them is a score, a
curve or a queue that may be wrong while every test passes.
"""

from __future__ import annotations

OWN_TESTS: dict[str, tuple[str, ...]] = {
    "engine/run/plan.py": ("tests/engine/run/test_plan.py",),
    "engine/table/packing.py": ("tests/engine/table/test_packing.py",),
    "engine/scores/translation_quality.py": ("tests/engine/scores/test_translation_quality.py",),
}
"""By module the tests that are its own: no others are run, so that a fault is seen where it is."""

LIVING: dict[str, dict[str, str]] = {}
"""By module, by what `make mutants` calls a change: why it changes nothing that one could see."""
