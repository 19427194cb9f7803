"""What lies under a dialog goes on: of its changes only the cells beside the dialog are sent."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from textual.app import App
from textual.geometry import Region
from textual.screen import Screen

_refresh_shown = Screen._compositor_refresh


def mend() -> None:
    """Have every screen that a dialog covers repaint by the rules of this module.

    Textual 8.2.8 marks a covered screen to be painted once more whenever it was painted: sixty
    times a second from the first change on, the dialog's own cells with it. Screens under others
    are painted since Textual's issue #3055 (pull requests #3062 and #6307); none was found that
    speaks of the cost.
    """
    Screen._compositor_refresh = _refresh  # type: ignore[method-assign,assignment]


def _refresh(screen: Screen[object]) -> None:
    app = screen.app
    if app.is_inline or screen is app.screen:
        _refresh_shown(screen)
        return
    if screen in app._background_screens:
        _refresh_covered(app, screen)


def _refresh_covered(app: App[object], screen: Screen[object]) -> None:
    stack = app.screen_stack
    above = stack[stack.index(screen) + 1 :]
    beside = list(_beside(screen._compositor._dirty_regions, above))
    screen._compositor._dirty_regions.clear()
    screen._dirty_widgets.clear()
    if beside:
        for one in above[:-1]:
            one._set_dirty(*beside)
        app.screen.refresh(*beside)


def _beside(regions: Iterable[Region], above: list[Screen[object]]) -> Iterator[Region]:
    """What of these regions can be seen beside the dialogs above."""
    if any(screen.styles.background.a == 1 for screen in above):
        return
    covers = [cover for screen in above for cover in _covers(screen)]
    for region in regions:
        parts = [region]
        for cover in covers:
            parts = [left for part in parts for left in without(part, cover)]
        yield from parts


def _covers(screen: Screen[object]) -> Iterator[Region]:
    """Where the widgets of a dialog are painted; toasts come and go by themselves."""
    for widget, (region, clip) in screen._compositor.visible_widgets.items():
        if widget is not screen and not widget.has_class("-textual-system"):
            yield region.intersection(clip)


def without(region: Region, cover: Region) -> list[Region]:
    """The parts of a region that another one leaves."""
    if not region.overlaps(cover):
        return [region]
    hidden = region.intersection(cover)
    parts = [
        Region.from_corners(region.x, region.y, region.right, hidden.y),
        Region.from_corners(region.x, hidden.y, hidden.x, hidden.bottom),
        Region.from_corners(hidden.right, hidden.y, region.right, hidden.bottom),
        Region.from_corners(region.x, hidden.bottom, region.right, region.bottom),
    ]
    return [part for part in parts if part]
