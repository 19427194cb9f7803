"""The keys of the Translate screen: none is a letter, for letters are typed."""

from __future__ import annotations

from textual.binding import Binding, BindingType

KEYS: list[BindingType] = [
    Binding("f5", "choose_model", "Model", id="translate.model", show=False, priority=True,
            tooltip="Choose what translates: a base model, a run, a checkpoint, or several"),
    Binding("f6", "turn", "Direction", id="translate.direction", show=False, priority=True,
            tooltip="Automatic, into modern, into Classical Chinese"),
    Binding("f7", "show_prompt", "Prompt", id="translate.prompt", show=False, priority=True,
            tooltip="Show the exact prompt that the model is given"),
    Binding("f8", "copy", "Copy", id="translate.copy", show=False, priority=True,
            tooltip="Send the last answer to the clipboard of your own machine"),
    Binding("f9", "app.help", "Help", id="translate.help",
            tooltip="List these keys; in the field a question mark is only typed"),
    Binding("ctrl+t", "reference", "Reference", id="translate.reference", priority=True,
            tooltip="Paste a reference: each model says how probable it finds it (perplexity)"),
    Binding("ctrl+n", "alternatives", "Others", id="translate.alternatives", show=False,
            priority=True, tooltip="Sample other answers to the last text"),
    Binding("ctrl+o", "accept", "Accept", id="translate.accept", show=False,
            priority=True, tooltip="Accept one of the last answers, edited or not"),
    Binding("ctrl+r", "history", "History", id="translate.history", priority=True,
            tooltip="Find what was translated before, in former sessions too"),
    Binding("ctrl+s", "write", "Write", id="translate.write", show=False, priority=True,
            tooltip="Add the accepted translations to a data file, to train on"),
    Binding("escape", "cancel", "Cancel", id="translate.cancel", key_display="esc",
            tooltip="Stop the answer; while loading, or pressed twice, end the model too"),
    Binding("escape", "step_out", "Commands", id="translate.out", key_display="esc",
            tooltip="Leave the field: j k g G / : q and 1 to 4 mean what they do elsewhere; "
                    "any other letter goes on with the text"),
    Binding("enter", "send", "Send", id="translate.send", show=False, priority=True,
            tooltip="Translate what is typed"),
    Binding("ctrl+j", "new_line", "New line", id="translate.newline", show=False,
            priority=True, tooltip="Begin a new line in the text"),
    Binding("ctrl+l", "clear", "Clear", id="translate.clear", show=False, priority=True,
            tooltip="Clear the conversation; pressed again, bring it back"),
    Binding("up", "recall(-1)", "Older text", id="translate.older", show=False,
            tooltip="In an empty field: the text sent before"),
    Binding("down", "recall(1)", "Newer text", id="translate.newer", show=False,
            tooltip="The text sent after it"),
    Binding("pageup", "page(-1)", "Read up", id="translate.pageup", show=False,
            priority=True, tooltip="Read further up, also while an answer comes"),
    Binding("pagedown", "page(1)", "Read down", id="translate.pagedown", show=False,
            priority=True, tooltip="Read further down; at the end, go along with the answer"),
]  # fmt: skip
