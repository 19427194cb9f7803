"""Runs that differ in their seeds alone stand together, those of a file by what they score."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import msgspec
import pytest
from samples import make_run, score, tiny

from engine.profile.schema import Profile
from engine.run import events
from engine.run.events import Judged
from engine.run.judgement import Judgement, Measure
from engine.run.settings import DataFile
from engine.table import standing
from engine.table.catalog import Row

TEST = DataFile("/x/test.json", "a" * 64, 84)


def profile(seed: int = 0, **sections: dict[str, Any]) -> Profile:
    """The embedded model's, with such a seed of training and other settings."""
    known = tiny()
    made = {"training": {"seed": seed}, **sections}
    changed = {
        name: msgspec.structs.replace(getattr(known, name), **values)
        for name, values in made.items()
    }
    return msgspec.structs.replace(known, **changed)


def row(root: Path, name: str, perplexity: float | None = 8.0, **settings: Any) -> Row:
    """A run with every number that the table has, or with none."""
    written: list[events.Event] = [events.Started(at=1.0)]
    if perplexity is not None:
        judgement = Judgement(samples=84, bleu=Measure(perplexity), chrf=Measure(2 * perplexity))
        written += [
            events.Evaluated(part="validation", score=score(perplexity + 1)),
            events.Evaluated(
                part="test",
                score=score(perplexity, perplexity - 1),
                directions={"to_modern": score(5.0), "to_classical": score(6.0)},
            ),
            Judged(part="test", judgement=judgement),
        ]
    settings = {"data": {"test": TEST}, "profile": profile(), **settings}
    run = make_run(root, *written, events.Finished(), run_id=name, **settings)
    return Row(run, run.settings, run.summary())


def two_seeds(root: Path, **settings: Any) -> list[Row]:
    return [
        row(root, "one", 8.0, profile=profile(1), **settings),
        row(root, "two", 10.0, profile=profile(2), **settings),
    ]


def ids(entries: list[standing.Entry]) -> list[str]:
    return [" ".join(one.run.id for one in entry.rows) for entry in entries]


def test_a_single_run_is_not_seeded_and_two_are(root: Path) -> None:
    (both,) = standing.seeded(two_seeds(root))
    assert both.is_seeded
    assert both.strategy == "qlora × 2 seeds"
    (alone,) = standing.seeded([row(root, "alone")])
    assert not alone.is_seeded


def test_of_several_seeds_mean_and_deviation_are_shown_each_in_its_digits(root: Path) -> None:
    (entry,) = standing.seeded(two_seeds(root))
    shown = ["9.00 ± 1.41", "4.50×", "8.00 ± 1.41", "5.00 ± 0.00", "6.00 ± 0.00", "10.00 ± 1.41"]
    assert entry.cells(2.0) == [*shown, "9.00 ± 1.41", "18.00 ± 2.83"]
    assert entry.cells(2.0, 1) == [*shown, "9.0 ± 1.4", "18.0 ± 2.8"]
    assert entry.cells(math.nan)[1] == "–"


def test_a_score_that_was_peeked_at_keeps_its_mark(root: Path) -> None:
    peeking = {"choose_by": "test"}
    rows = [row(root, str(n), profile=profile(n, evaluation=peeking)) for n in (1, 2)]
    (entry,) = standing.seeded(rows)
    assert entry.cells(8.0)[0] == "8.00 ± 0.00*"


def test_runs_without_a_score_or_of_the_same_seed_stand_alone(root: Path) -> None:
    first, second = two_seeds(root)
    unscored = row(root, "unscored", None, profile=profile(3))
    assert ids(standing.seeded([first, second, unscored])) == ["one", "two", "unscored"]
    again = row(root, "again", 9.0, profile=profile(1))
    assert ids(standing.seeded([first, again])) == ["one", "again"]


def test_validation_pairs_that_a_seed_drew_part_no_runs_and_other_files_do(root: Path) -> None:
    def of(name: str, seed: int, part: str, digest: str) -> Row:
        files = {"test": TEST, part: DataFile("/x/y.json", digest * 64, 9)}
        return row(root, name, 8.0 + seed, profile=profile(seed), data=files)

    drawn = [of("a", 1, "validation", "1"), of("b", 2, "validation", "2")]
    assert ids(standing.seeded(drawn)) == ["a b"]
    trained = [of("c", 1, "train", "1"), of("d", 2, "train", "2")]
    assert ids(standing.seeded(trained)) == ["c", "d"]


def test_the_order_in_which_files_are_named_parts_no_runs(root: Path) -> None:
    train = DataFile("/x/train.json", "b" * 64, 9)
    one = row(root, "one", data={"train": train, "test": TEST}, profile=profile(1))
    other = row(root, "two", data={"test": TEST, "train": train}, profile=profile(2))
    assert ids(standing.seeded([one, other])) == ["one two"]


def test_the_file_of_most_runs_stands_first_its_best_run_before_the_others(root: Path) -> None:
    other = DataFile("/x/other.json", "c" * 64, 9)
    lora = {"lora": {"rank": 4}}
    rows = [
        row(root, "lone", 1.0, data={"test": other}),
        row(root, "none", None),
        row(root, "worse", 9.0),
        row(root, "better", 7.0, profile=profile(**lora)),
    ]
    first, second = standing.standings(rows)
    assert [one.run.id for one in first.rows] == ["better", "worse", "none"]
    assert (first.file, first.best) == (TEST, 7.0)
    assert (second.file, second.best) == (other, 1.0)


@pytest.mark.parametrize(
    ("seeds", "said"), [([(1, 0), (2, 0)], "seed 1"), ([(1, 5), (2, 6)], "seed 1/5")]
)
def test_a_run_is_named_by_the_seeds_that_differ(
    root: Path, seeds: list[tuple[int, int]], said: str
) -> None:
    rows = [
        row(root, str(at), profile=profile(one, data={"validation_seed": two}))
        for at, (one, two) in enumerate(seeds)
    ]
    assert standing.seed_in_words(rows[0], rows) == said


@pytest.mark.parametrize(
    ("values", "said"),
    [([8.0], "8.00"), ([8.0, 10.0], "9.00 ± 1.41"), ([8.0, math.nan], "–"), ([math.inf], "–")],
)
def test_a_value_that_is_missing_leaves_no_mean(values: list[float], said: str) -> None:
    assert standing.spread(values) == said
