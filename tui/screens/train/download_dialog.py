"""A model on its way to this machine: how much is here, how fast, how long it takes yet."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from engine.language.plain_text import one_line
from engine.language.said import Joined
from engine.language.texts import _
from engine.models.download import Download
from engine.models.pace import Pace
from tui.widgets.plain_static import PlainStatic

_LOOK = 0.5
_BAR = 40


class DownloadDialog(ModalScreen[None]):
    """Shows a download that goes on without it; closes when that ends."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("x", "stop", "Stop", id="download.stop",
                tooltip="End the download; what has arrived is kept"),
        Binding("escape,q,D", "dismiss(None)", "Go on behind", id="download.close",
                tooltip="Close; the download goes on as long as the workbench is open"),
    ]  # fmt: skip
    DEFAULT_CSS = """
    DownloadDialog PlainStatic { width: 1fr; height: auto; }
    DownloadDialog .hint { margin-top: 1; height: auto; }
    """

    def __init__(self, download: Download) -> None:
        super().__init__()
        self._download = download
        self._pace = Pace()

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog") as dialog:
            title = _("Download {model}").format(model=one_line(self._download.model))
            dialog.border_title = Content(title)
            yield PlainStatic(id="how-far")
            yield Static(
                _("x stop, what has arrived is kept   esc let it go on behind"),
                classes="hint",
                markup=False,
            )

    def on_mount(self) -> None:
        """Look now and then."""
        self._look()
        self.set_interval(_LOOK, self._look)

    def action_stop(self) -> None:
        """End the download."""
        self._download.stop()
        self.notify(_("Stopped; D goes on from here."), timeout=4)
        self.dismiss(None)

    def _look(self) -> None:
        if self._download.is_over:
            if self.app.screen is self:
                self.dismiss(None)
            return
        self.query_one("#how-far", PlainStatic).say(self._said())

    def _said(self) -> Content:
        latest = self._download.latest
        if not latest.total:
            return Content(_("Asking the hub …"))
        filled = _BAR * min(latest.done, latest.total) // latest.total
        bar = Content.assemble(("━" * filled, "$primary"), ("━" * (_BAR - filled), "dim"))
        words = str(Joined(" · ", self._pace.words(latest.done, latest.total)))
        return Content("\n").join(
            [bar, Content(words), Content.styled(one_line(latest.name), "dim")]
        )
