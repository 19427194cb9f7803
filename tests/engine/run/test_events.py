"""Events: every kind survives the file, and no torn, strange or endless line stops a reader."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from samples import judged, score, step

from engine.language import texts
from engine.language.said import Said, Words
from engine.run import definition, events
from engine.run.device import Device
from engine.run.events import Event, EventLog, Unknown, Worded
from engine.run.judgement import Judgement, Measure
from engine.run.tail import Tail

LOG = Path("events.jsonl")

EVERY_KIND: list[Event] = [
    events.Started(steps=9, resumed_from=3, device="cpu", pid=7, host="here", pairs=5, left_out=1),
    events.Phase(name="loading", done=1, of=2),
    step(4),
    events.Evaluated(
        part="test",
        score=score(),
        directions={"to_modern": score(3.0)},
        definition={"metric": "mean"},
        seconds=1.5,
    ),
    judged(step=4, file="evaluations/test.jsonl", seconds=0.5),
    events.Sample(step=4, id="a", instruction="問\n", output="答\u2028", reference="null"),
    events.Saved(step=4, checkpoint="step-000004", best=True),
    events.Skipped(step=4, loss=math.inf, grad_norm=-math.inf, items=["a"], count=1),
    events.Warned(message="null", hint=""),
    events.Probed(
        seconds_load=1.0,
        seconds_step=0.5,
        tokens_step=9,
        memory=1,
        memory_scoring=2,
        scored_tokens_per_second=7.0,
    ),
    events.Finished(steps=9, loss=1.25, score=score(), checkpoint="step-000009", file="x.jsonl"),
    events.Stopped(step=4, checkpoint="step-000004"),
    events.Failed(type="ValueError", message='"{}\x00', hint="嗯"),
]


def reject_constant(name: str) -> None:
    raise AssertionError(f"{name} is no JSON")


def written(line: bytes) -> Any:
    """A line as a strict reader of JSON takes it."""
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    return json.loads(line, parse_constant=reject_constant)


def test_the_list_above_holds_every_kind() -> None:
    kinds = {*Event.__subclasses__(), *Worded.__subclasses__()}
    assert {type(event) for event in EVERY_KIND} == kinds - {Worded, Unknown}


@pytest.mark.parametrize("event", EVERY_KIND, ids=lambda event: type(event).__name__)
def test_an_event_comes_back_from_its_line_as_it_was(event: Event) -> None:
    line = events.encode(event)
    assert written(line)["kind"] == type(event).__name__.lower()
    assert events.decode(line) == event


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_a_number_that_json_lacks_comes_back_from_a_line_that_is_json(number: float) -> None:
    line = events.encode(step(4, loss=number, grad_norm=number))
    assert written(line)["loss"] == str(number)
    found = events.decode(line)
    assert isinstance(found, events.Step)
    assert str(found.loss) == str(found.grad_norm) == str(number)
    assert found.lr == step(4).lr


def test_a_nan_deep_in_a_score_comes_back() -> None:
    event = events.Evaluated(part="test", score=score(), directions={"to_modern": score(math.nan)})
    line = events.encode(event)
    assert written(line)["directions"]["to_modern"]["perplexity"] == "nan"
    found = events.decode(line)
    assert isinstance(found, events.Evaluated)
    assert math.isnan(found.directions["to_modern"].perplexity)
    assert found.score == score()


def test_a_finished_without_score_or_loss_comes_back() -> None:
    found = events.decode(events.encode(events.Finished()))
    assert isinstance(found, events.Finished)
    assert found.score is None
    assert math.isnan(found.loss)


def test_a_judgement_of_what_json_lacks_comes_back() -> None:
    part = Judgement(samples=1, perplexity=Measure(math.inf, math.nan, math.inf))
    line = events.encode(events.Judged(part="test", judgement=part))
    assert written(line)["judgement"]["perplexity"]["value"] == "inf"
    found = events.decode(line)
    assert isinstance(found, events.Judged)
    assert str(found.judgement.perplexity) == str(part.perplexity)
    assert (found.judgement.bleu, found.judgement.median, found.judgement.faults) == (
        None,
        None,
        {},
    )


@pytest.mark.parametrize(
    ("line", "is_broken"),
    [
        (b'{"kind":"danced","at":1.0}', False),
        (b'{"kind":"step"}', True),
        (b"[1]", True),
        (b"}{", True),
        (b"\xff\xfe", True),
    ],
)
def test_a_line_of_an_unknown_kind_or_form_is_kept(line: bytes, is_broken: bool) -> None:
    text = line.decode(errors="replace")
    found = events.decode(line)
    assert found == Unknown(at=0.0, line=text)
    assert isinstance(found, Unknown)
    assert found.is_broken is is_broken


def test_a_field_from_the_future_is_passed_over() -> None:
    line = events.encode(events.Phase(name="x", at=1.0)).replace(b"{", b'{"mood":[1],', 1)
    assert events.decode(line) == events.Phase(name="x", at=1.0)


def test_the_engine_of_a_run_that_called_it_a_path_is_read() -> None:
    started = events.decode(b'{"kind":"started","path":"plain (no GPU)","at":1.0}')
    assert started == events.Started(engine="plain (no GPU)", at=1.0)
    said = events.Evaluated(
        part="test", score=score(), definition={"metric": "m", "engine": "fast"}
    )
    old = events.encode(said).replace(b'"engine"', b'"path"')
    assert old != events.encode(said)
    assert events.decode(old) == said


def test_a_sample_that_speaks_of_a_path_stays_as_it_is() -> None:
    sample = events.Sample(step=1, id="a", instruction='{"path": 1}', output="", reference="")
    assert events.decode(events.encode(sample)) == sample


def test_a_tail_reads_each_event_once() -> None:
    log, tail = EventLog(LOG), Tail(LOG)
    log.append(step(1))
    assert tail.read() == [step(1)]
    assert tail.read() == []
    log.append(step(2))
    log.append(step(3))
    assert tail.read() == [step(2), step(3)]


def test_a_file_that_is_not_there_yet_has_no_events() -> None:
    tail = Tail(LOG)
    assert tail.read() == []
    EventLog(LOG).append(step(1))
    assert tail.read() == [step(1)]


def test_a_torn_last_line_is_read_once_it_is_whole() -> None:
    line = events.encode(step(2))
    LOG.write_bytes(events.encode(step(1)) + line[:20])
    tail = Tail(LOG)
    assert tail.read() == [step(1)]
    with LOG.open("ab") as file:
        file.write(line[20:])
    assert tail.read() == [step(2)]


def test_a_new_writer_ends_the_line_that_a_killed_one_tore() -> None:
    LOG.write_bytes(events.encode(step(1)) + events.encode(step(2))[:20])
    EventLog(LOG).append(step(3))
    assert [type(event) for event in Tail(LOG).read()] == [events.Step, Unknown, events.Step]


def test_a_new_writer_adds_nothing_to_a_whole_file() -> None:
    EventLog(LOG).append(step(1))
    EventLog(LOG)
    assert LOG.read_bytes() == events.encode(step(1))


def test_a_tail_with_a_limit_reads_everything_in_the_end() -> None:
    log, tail = EventLog(LOG), Tail(LOG)
    for number in range(1, 51):
        log.append(step(number))
    found: list[Event] = []
    while some := tail.read(limit=400):
        assert len(some) <= 4
        found += some
    assert found == [step(number) for number in range(1, 51)]


def test_a_line_longer_than_the_limit_does_not_stall_a_tail() -> None:
    log, tail = EventLog(LOG), Tail(LOG)
    sample = events.Sample(step=1, id="a", instruction="長" * 1000, output="")
    for event in (step(1), sample, step(2)):
        log.append(event)
    found = [event for _ in range(5) for event in tail.read(limit=300)]
    assert found == [step(1), sample, step(2)]


_WRITER = """
import sys
from pathlib import Path
from engine.run.events import EventLog, Phase
log = EventLog(Path(sys.argv[1]))
for number in range(400):
    log.append(Phase(name=sys.argv[2] * 500, done=number, at=0.0))
"""


def test_lines_of_two_processes_stay_whole() -> None:
    writers = [
        subprocess.Popen([sys.executable, "-c", _WRITER, str(LOG.resolve()), name]) for name in "ab"
    ]
    assert [writer.wait() for writer in writers] == [0, 0]
    found = Tail(LOG).read()
    for name in "ab":
        mine = [e for e in found if isinstance(e, events.Phase) and e.name == name * 500]
        assert [event.done for event in mine] == list(range(400))
    assert len(found) == 800


_FILLS_DISK = """
import resource, signal, sys
from pathlib import Path
from engine.run.events import EventLog, Phase
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
log = EventLog(Path(sys.argv[1]))
log.append(Phase(name="first", at=0.0))
size = Path(sys.argv[1]).stat().st_size
hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
resource.setrlimit(resource.RLIMIT_FSIZE, (size + 10, hard))
try:
    log.append(Phase(name="torn", at=0.0))
except OSError:
    resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    log.append(Phase(name="last", at=0.0))
"""


def test_an_event_after_one_that_a_full_disk_tore_is_whole() -> None:
    subprocess.run([sys.executable, "-c", _FILLS_DISK, str(LOG.resolve())], check=True)
    first, torn, last = Tail(LOG).read()
    assert first == events.Phase(name="first", at=0.0)
    assert isinstance(torn, Unknown)
    assert last == events.Phase(name="last", at=0.0)


def test_what_a_person_reads_is_read_in_any_language_and_found_in_english() -> None:
    warning = Said.counted("{count:,} pair", "{count:,} pairs", 1200)
    hint = Said("{name}: {words}", name="train", words=Said("the last step"))
    texts.speak("zh-TW")
    try:
        line = events.encode(events.Warned(**events.worded(message=warning, hint=hint)))
        assert b'"message":"1,200 pairs","hint":"train: the last step"' in line
        event = events.decode(line)
        assert isinstance(event, events.Warned)
        assert (str(event.words("message")), str(event.words("hint"))) == (
            "1,200 個句對",
            "train：最後一步",
        )
    finally:
        texts.speak("en")
    assert (str(event.words("message")), str(event.words("hint"))) == (
        "1,200 pairs",
        "train: the last step",
    )


def test_a_definition_is_read_in_any_language_and_compared_in_english() -> None:
    said: dict[str, Words] = {"base": Said("unquantised"), "logits": "float32"}
    event = events.Evaluated(
        part="test", score=events.Score(2.0, 2.0, 1, 1), **definition.as_keys(said)
    )
    read = events.decode(events.encode(event))
    assert isinstance(read, events.Evaluated)
    assert read.definition == {"base": "unquantised", "logits": "float32"}
    assert read.defined() == said


def test_where_a_worker_computes_is_a_fact_also_in_old_lines() -> None:
    assert events.Started(device="CPU, 2 threads").place == Device("cpu", threads=2)
    assert events.Started(device="NVIDIA H100 80GB HBM3").place == Device(
        "gpu", "NVIDIA H100 80GB HBM3"
    )
    assert events.Started().place is None
    line = events.encode(events.Started(device="x", computes_on=Device("cpu", threads=8)))
    new = events.decode(line)
    assert isinstance(new, events.Started)
    assert new.place == Device("cpu", threads=8)
