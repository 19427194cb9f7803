"""The grammar of the commands that make a run, and of those that steer one at work."""

from __future__ import annotations

from engine.cli.before_start_arguments import add_files, add_training
from engine.cli.shared_arguments import Add, Shared
from engine.language.texts import _


def add_train(add: Add, shared: Shared) -> None:
    """train."""
    train = add(
        "train", "run:train", _("train an adapter"),
        shared.json, shared.root, shared.settings, shared.detach, shared.gpu,
    )  # fmt: skip
    train.add_argument("profile", metavar="PROFILE")
    add_training(train)
    add_files(train)


def add_scoring(add: Add, shared: Shared) -> None:
    """evaluate, predict."""
    taken = (
        shared.json, shared.root, shared.settings, shared.detach, shared.checkpoint,
        shared.strategy, shared.examples, shared.choose, shared.draw, shared.gpu,
    )  # fmt: skip
    words = _("perplexity of a base model or a run on a test file")
    evaluate = add("evaluate", "run:evaluate", words, *taken)
    evaluate.add_argument("target", metavar="PROFILE|RUN")
    evaluate.add_argument(
        "--test", metavar="FILE", default="", help=_("instead of data.{part}").format(part="test")
    )
    evaluate.add_argument("--train", metavar="FILE", default="", help=_("where examples are drawn"))
    evaluate.add_argument(
        "--no-outputs", action="store_true", help=_("only score; do not translate the file too")
    )
    words = _("translate a whole file, in the course's format")
    predict = add("predict", "run:predict", words, *taken)
    predict.add_argument("target", metavar="RUN|PROFILE")
    predict.add_argument("file", metavar="FILE")
    predict.add_argument("-o", "--output", metavar="JSON", default="prediction.json")


def add_steering(add: Add, shared: Shared) -> None:
    """watch, resume, stop, delete."""
    json, root = shared.json, shared.root
    watch = add("watch", "run:watch", _("follow a run until it ends"), json, root)
    watch.add_argument("run", metavar="RUN", nargs="?", default="latest")
    words = _("go on with a run that was cut short")
    resume = add("resume", "run:resume", words, json, root, shared.detach, shared.gpu)
    resume.add_argument("run", metavar="RUN")
    resume.add_argument(
        "--take-over",
        action="store_true",
        help=_("its worker was on a machine that cannot be seen from here, and is gone"),
    )
    stop = add("stop", "run:stop", _("let a run finish its step, save and stop"), root)
    stop.add_argument("run", metavar="RUN")
    stop.add_argument("--force", action="store_true", help=_("kill it; loses what was not saved"))
    delete = add("delete", "run:delete", _("delete a run's folder for good"), root)
    delete.add_argument("run", metavar="RUN")
    delete.add_argument("--yes", action="store_true", help=_("do not ask"))
