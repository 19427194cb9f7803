"""Tells that a run has ended: in words, to a terminal, and by the user's own command.

The command must run whether or not anybody watches, and also when the worker was killed. So the
launcher starts a small process beside the worker, `engine.start.notice RUN_FOLDER`, which waits for
the worker's lock to become free: nothing can end a worker without freeing that.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from engine.language.figures import number
from engine.language.plain_text import one_line
from engine.language.said import Said, Words
from engine.machine import lock, regular_files, user_settings
from engine.machine.processes import python, search_path
from engine.machine.user_settings import Notify
from engine.run import words as wording
from engine.run.folder import Run
from engine.run.summary import Status, Summary

_ENDS = {
    Status.FINISHED: Said("finished"),
    Status.STOPPED: Said("was stopped"),
    Status.FAILED: Said("failed"),
    Status.INTERRUPTED: Said("broke off"),
}
_PATIENCE = 300.0
"""Seconds that the user's command may take."""


def sentence(run: Run, summary: Summary) -> Said:
    """How a run ended, in one line."""
    end: Words = wording.status_word(summary.status)
    if summary.status in _ENDS:
        end = _ENDS[summary.status]
    if summary.status is Status.FINISHED and summary.score is not None:
        perplexity = number(summary.score.perplexity) + run.settings.mark
        return Said(
            "Yiwen: run {run} {end}, test perplexity {perplexity}",
            run=one_line(run.id),
            end=end,
            perplexity=perplexity,
        )
    if summary.status is Status.FAILED and summary.message:
        return Said(
            "Yiwen: run {run} {end}: {message}",
            run=one_line(run.id),
            end=end,
            message=one_line(summary.message)[:200],
        )
    return Said("Yiwen: run {run} {end}", run=one_line(run.id), end=end)


def terminal_codes(text: Words, wanted: Notify) -> str:
    """What makes a terminal call its user: the bell, and a notice that tmux must pass on."""
    codes = "\a" if wanted.bell else ""
    if wanted.osc9:
        notice = f"\x1b]9;{one_line(text)}\x1b\\"
        if os.environ.get("TMUX"):
            notice = "\x1bPtmux;" + notice.replace("\x1b", "\x1b\x1b") + "\x1b\\"
        codes += notice
    return codes


def attend(run: Run) -> None:
    """Start the process that waits for a run's end, if there is a command to run then.

    The run's lock must be held already. Never raises: a notice is not worth a run.
    """
    if not user_settings.load_or_default(lambda _: None).notify.command:
        return
    try:
        with regular_files.appended(run.folder / "notice.log") as log:
            python.spawn("engine.start.notice", str(run.folder), stdout=log, stderr=log)
    except OSError:
        return


def _command(complain: Callable[[Words], object]) -> str | Sequence[str]:
    """The user's own command; none where others could have written it."""
    wanted = user_settings.load_or_default(complain).notify
    file = user_settings.path()
    if not wanted.command or search_path.is_own(os.path.realpath(file)):
        return wanted.command
    said = Said("{file}: others can change it, so notify.command is not run; chmod go-w mends it")
    complain(said.filled(file=file))
    return ""


def run_command(command: str | Sequence[str], run: Run, summary: Summary) -> int:
    """Run the user's command; returns its exit status. Raises OSError or ValueError.

    By no shell: what a run says of itself is in the environment, or an argument of its own.
    """
    score, made = summary.score, run.settings
    values = {
        "YIWEN_RUN": run.id,
        "YIWEN_FOLDER": str(run.folder),
        "YIWEN_PROFILE": made.profile.name,
        "YIWEN_STRATEGY": made.strategy,
        "YIWEN_STATUS": summary.status.value,
        "YIWEN_PERPLEXITY": f"{score.perplexity:.4f}" if score is not None else "",
        "YIWEN_MESSAGE": str(sentence(run, summary)),
    }
    values = {name: value.replace("\0", "") for name, value in values.items()}
    environment = {**os.environ, **values}
    environment.pop("PYTHONSAFEPATH", None)  # that was for this process
    words = [_filled_in(word, values) for word in words_of(command)]
    # Not in the run's folder, where programs would find what others have put there.
    done = subprocess.run(words, env=environment, cwd=_home(), timeout=_PATIENCE)
    return done.returncode


def _home() -> str:
    home = os.path.expanduser("~")
    return home if os.path.isdir(home) else "/"


def words_of(command: str | Sequence[str]) -> list[str]:
    """A program and its arguments. Raises ValueError for a line that only a shell understands."""
    if not isinstance(command, str):
        return list(command)
    parts = shlex.shlex(command, posix=True, punctuation_chars=True)
    parts.whitespace_split = True
    for part in parts:
        if part and set(part) <= set("();<>|&"):
            raise ValueError(
                Said(
                    "notify.command: '{part}' is for a shell, and none runs it; write "
                    'command = ["sh", "-c", "…"]',
                    part=part,
                )
            )
    return shlex.split(command)


def _filled_in(word: str, values: Mapping[str, str]) -> str:
    """What an argument names that is `$YIWEN_…` and nothing else.

    Within a longer one nothing is put in: that may be a program, as after `sh -c`.
    """
    found = re.fullmatch(r"\$(?:(YIWEN_[A-Z]+)|\{(YIWEN_[A-Z]+)\})", word)
    return values.get(found[1] or found[2], word) if found else word


def main() -> int:
    """Wait until the run has no worker, then run the command."""
    run = Run(Path(sys.argv[1]).resolve())
    lock.wait_until_free(run.folder)
    command = _command(print)  # read now: it may have been changed meanwhile
    if not command or not run.folder.is_dir():
        return 0
    try:
        status = run_command(command, run, run.summary())
    except (OSError, ValueError) as error:
        print(error)
        return 1
    except subprocess.TimeoutExpired:
        print(
            Said(
                "notify.command took more than {patience:.0f} s and was ended: {command}",
                patience=_PATIENCE,
                command=command,
            )
        )
        return 1
    if status:
        print(
            Said(
                "notify.command ended with status {status}: {command}",
                status=status,
                command=command,
            )
        )
    return status


if __name__ == "__main__":
    sys.exit(main())
