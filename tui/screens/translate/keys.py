"""The keys of the Translate screen: none is a letter, for letters are typed."""

from __future__ import annotations

from textual.binding import Binding, BindingType

from engine.language.texts import _

KEYS: list[BindingType] = [
    Binding("f5", "choose_model", _("Model"), id="translate.model", show=False, priority=True,
            tooltip=_("Choose what translates: a base model, a run, a checkpoint, or several")),
    Binding("f6", "turn", _("Direction"), id="translate.direction", show=False, priority=True,
            tooltip=_("Automatic, into modern, into Classical Chinese")),
    Binding("f7", "show_prompt", _("Prompt"), id="translate.prompt", show=False, priority=True,
            tooltip=_("Show the exact prompt that the model is given")),
    Binding("f8", "copy", _("Copy"), id="translate.copy", show=False, priority=True,
            tooltip=_("Send the last answer to the clipboard of your own machine")),
    Binding("f9", "app.help", _("Help"), id="translate.help",
            tooltip=_("List these keys; in the field a question mark is only typed")),
    Binding("ctrl+t", "reference", _("Reference"), id="translate.reference", priority=True,
            tooltip=_("Paste a reference: each model says how probable it finds it (perplexity)")),
    Binding("ctrl+n", "alternatives", _("Others"), id="translate.alternatives", show=False,
            priority=True, tooltip=_("Sample other answers to the last text")),
    Binding("ctrl+o", "accept", _("Accept"), id="translate.accept", show=False,
            priority=True, tooltip=_("Accept one of the last answers, edited or not")),
    Binding("ctrl+r", "history", _("History"), id="translate.history", priority=True,
            tooltip=_("Find what was translated before, in former sessions too")),
    Binding("ctrl+s", "write", _("Write"), id="translate.write", show=False, priority=True,
            tooltip=_("Add the accepted translations to a data file, to train on")),
    Binding("escape", "cancel", _("Cancel"), id="translate.cancel", key_display="esc",
            tooltip=_("Stop the answer; while loading, or pressed twice, end the model too")),
    Binding("escape", "step_out", _("Commands"), id="translate.out", key_display="esc",
            tooltip=_("Leave the field: j k g G / : q and 1 to 4 mean what they do elsewhere; "
                    "any other letter goes on with the text")),
    Binding("enter", "send", _("Send"), id="translate.send", show=False, priority=True,
            tooltip=_("Translate what is typed")),
    Binding("ctrl+j", "new_line", _("New line"), id="translate.newline", show=False,
            priority=True, tooltip=_("Begin a new line in the text")),
    Binding("ctrl+l", "clear", _("Clear"), id="translate.clear", show=False, priority=True,
            tooltip=_("Clear the conversation; pressed again, bring it back")),
    Binding("up", "recall(-1)", _("Older text"), id="translate.older", show=False,
            tooltip=_("In an empty field: the text sent before")),
    Binding("down", "recall(1)", _("Newer text"), id="translate.newer", show=False,
            tooltip=_("The text sent after it")),
    Binding("pageup", "page(-1)", _("Read up"), id="translate.pageup", show=False,
            priority=True, tooltip=_("Read further up, also while an answer comes")),
    Binding("pagedown", "page(1)", _("Read down"), id="translate.pagedown", show=False,
            priority=True, tooltip=_("Read further down; at the end, go along with the answer")),
]  # fmt: skip
