"""The keys of the Train screen; the screen says which of them make sense when."""

from __future__ import annotations

from textual.binding import Binding, BindingType

KEYS: list[BindingType] = [
    Binding("s", "start", "Start", id="train.start",
            tooltip="Start the run that is set up"),
    Binding("p", "choose('profile')", "Profile", id="train.profile", show=False,
            tooltip="Choose the base model and its settings"),
    Binding("g", "choose('strategy')", "Strategy", id="train.strategy", show=False,
            tooltip="Choose zero-shot, few-shot or QLoRA"),
    Binding("d", "choose('train')", "Training file", id="train.train", show=False,
            tooltip="Choose the pairs to train on, or to draw examples from"),
    Binding("v", "choose('validation')", "Validation file", id="train.validation", show=False,
            tooltip="Choose the pairs that pick the best checkpoint"),
    Binding("t", "choose('test')", "Test file", id="train.test", show=False,
            tooltip="Choose the pairs that perplexity is reported on"),
    Binding("o", "choose('settings')", "Settings", id="train.settings", show=False,
            tooltip="Change settings for this run: epochs, learning rate, batch size, …"),
    Binding("x", "stop", "Stop", id="train.stop",
            tooltip="Let the run finish its step, save and stop; again: kill it"),
    Binding("r", "resume", "Resume", id="train.resume",
            tooltip="Let a run that was cut short go on from its last checkpoint"),
    Binding("n", "new", "New", id="train.new",
            tooltip="Set up another run; this one goes on"),
    Binding("l", "log", "Log", id="train.log",
            tooltip="Read the end of the worker's log"),
    Binding("m", "notes", "Samples", id="train.notes", show=False,
            tooltip="Samples and warnings in the chart's place, and back"),
    Binding("w", "watch_newest", "Watch", id="train.watch", show=False,
            tooltip="Go to the newest run that is active, else to the newest"),
]  # fmt: skip
