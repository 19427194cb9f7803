"""The private parts of Textual are there as they are used, and used in one module only."""

from __future__ import annotations

import re
from pathlib import Path

import tui
from tui import internals
from tui.app import YiwenApp

ALLOWED = ("internals.py", "covered.py")
PRIVATE = re.compile(r"(?:app|screen|owner|widget|driver|one|Screen)\._[a-z]\w*")


async def test_textual_still_has_what_is_used_of_it(app: YiwenApp) -> None:
    async with app.run_test(size=(80, 24)):
        screen = app.screen
        assert "s" in internals.bindings_of(screen).key_to_bindings
        assert [screen] in list(internals.stacks(app))
        assert len(internals.rows_of(screen)) == 24
        assert app._driver is not None
        internals.write(app, "")
        internals.skip_first_styling(screen)
        assert screen._css_update_count == app._css_update_count


def test_no_other_module_uses_private_parts_of_textual() -> None:
    root = Path(tui.__file__).parent
    for path in root.rglob("*.py"):
        if path.name not in ALLOWED:
            assert not PRIVATE.findall(path.read_text(encoding="utf-8")), path
