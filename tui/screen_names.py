"""The four screens: the name that code finds each by, and what a person calls it."""

from __future__ import annotations

from engine.language.texts import marked

SCREENS = {
    "train": marked("Train"),
    "evaluate": marked("Evaluate"),
    "translate": marked("Translate"),
    "runs": marked("Runs"),
}
