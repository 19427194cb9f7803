"""Which language the interface speaks: the user's setting, else the locale's."""

from __future__ import annotations

import os

from engine.language import texts
from engine.machine.paths import settings_file


def settle() -> None:
    """Speak as the user has set it. A program calls this before it says anything."""
    texts.speak(os.environ.get("YIWEN_LANGUAGE") or _setting())


def _setting() -> str:
    if not os.path.exists(settings_file()):  # Path.exists fails in a folder that is another's
        return "auto"
    from engine.machine import user_settings  # here, for it loads slowly

    return user_settings.load_or_default(lambda complaint: None).language
