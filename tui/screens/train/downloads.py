"""Models that are fetched for a setup which lacks them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.message import Message

from engine.language.plain_text import one_line
from engine.language.texts import _
from tui.screens.train.setup import Setup
from tui.widgets.parts import Part, ScreenOfParts

if TYPE_CHECKING:
    from engine.models.download import Download


@dataclass
class Arrived(Message):
    """A download has ended, well or not."""

    download: Download


class Downloads(Part):
    """They go on behind the dialog that shows them, and end with the workbench."""

    def __init__(self, screen: ScreenOfParts, setup: Setup) -> None:
        super().__init__(screen)
        self._setup = setup
        self._begun: dict[tuple[str, str], Download] = {}
        """By model and revision; those that have ended too."""

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Where the setup shows, and lacks its model."""
        outlook = self._setup.outlook
        return self._setup.is_shown and outlook is not None and outlook.lacking is not None

    def action_download(self) -> None:
        """Download the model, or show how far that is."""
        outlook = self._setup.outlook
        if outlook is None or outlook.lacking is None:
            return
        from engine.models.download import Download
        from tui.screens.train.download_dialog import DownloadDialog

        lacking = outlook.lacking
        download = self._begun.get(lacking)
        if download is None or download.is_over:
            try:
                download = Download(*lacking, lambda one: self.screen.post_message(Arrived(one)))
            except OSError as error:
                self.yiwen.fail(error)
                return
            self._begun[lacking] = download
        self.yiwen.push_screen(DownloadDialog(download))

    def take(self, download: Download) -> None:
        """Say what became of it, and look at the card anew."""
        if download.trouble:
            self.yiwen.fail(download.trouble)
        elif download.latest.folder:
            said = _("{model} is here.").format(model=one_line(download.model))
            self.screen.notify(said, markup=False, timeout=6)
        self._setup.look_ahead(quietly=True)

    def stop(self) -> None:
        """End them; what has arrived is kept."""
        for download in self._begun.values():
            download.stop()
