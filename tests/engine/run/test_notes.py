"""notes.toml: what people write about a run, kept whole and harmless."""

from __future__ import annotations

from pathlib import Path

import pytest
from commands import as_json, run_command
from samples import ENDED, make_run

from engine.language.errors import RunError
from engine.run import notes
from engine.run.notes import Notes
from engine.table.catalog import Catalog

HOSTILE = "[/nope] \x1b[31mred\x07 \u202eevil\n'''\"\"\" = [table]"


def test_notes_come_back_as_they_were_written(root: Path) -> None:
    run = make_run(root)
    written = notes.change(run.folder, lambda _: Notes("第一次", ("final", "文言"), "two\nlines"))
    assert notes.read(run.folder) == written == Notes("第一次", ("final", "文言"), "two\nlines")


@pytest.mark.parametrize("where", ["name", "tag", "note"])
def test_hostile_text_is_made_harmless_and_the_file_stays_readable(root: Path, where: str) -> None:
    run = make_run(root)
    given = Notes(HOSTILE, (HOSTILE,), HOSTILE) if where == "note" else Notes(HOSTILE, (HOSTILE,))
    notes.change(run.folder, lambda _: given)
    back = notes.read(run.folder)
    assert not back.trouble
    for text in (back.name, *back.tags, back.note):
        assert not any(sign in text for sign in ("\x1b", "\x07", "\u202e"))
    assert "[/nope] red" in back.name
    assert "\n" not in back.name
    assert all(" " not in tag and "," not in tag for tag in back.tags)


def test_a_file_that_cannot_be_read_is_told_and_never_written_over(root: Path) -> None:
    run = make_run(root, *ENDED)
    path = run.folder / "notes.toml"
    path.write_text('name = "unfinished\n')
    assert str(path) in notes.read(run.folder).trouble
    with pytest.raises(RunError, match="mend it by hand"):
        notes.change(run.folder, lambda _: Notes("x"))
    assert path.read_text() == 'name = "unfinished\n'
    (row,) = Catalog(root).rows()
    assert "cannot be read" in row.notes.trouble


def test_keys_of_later_versions_are_kept(root: Path) -> None:
    run = make_run(root)
    (run.folder / "notes.toml").write_text('name = "a"\nstars = 5\n')
    notes.change(run.folder, lambda _: Notes("b"))
    assert "stars = 5" in (run.folder / "notes.toml").read_text()


def test_the_command_names_tags_and_takes_away(
    capsys: pytest.CaptureFixture[str], root: Path
) -> None:
    make_run(root, run_id="20260101-120000-a")
    status, out, _ = run_command(
        capsys, "note", "latest", "--name", "second try", "--tag", "final,good", "--tag", "#x"
    )
    assert (status, out) == (0, "20260101-120000-a  second try #final #good #x\n")
    assert as_json(capsys, "note", "latest", "--untag", "x", "--note", "why") == {
        "run": "20260101-120000-a",
        "name": "second try",
        "tags": ["final", "good"],
        "note": "why",
    }
    status, out, _ = run_command(capsys, "show", "latest")
    assert "second try #final #good" in out


def test_a_note_changes_the_row_of_an_ended_run(root: Path) -> None:
    run = make_run(root, *ENDED)
    catalog = Catalog(root)
    assert catalog.rows()[0].notes.name == ""
    notes.change(run.folder, lambda _: Notes("named"))
    assert catalog.rows()[0].notes.name == "named"
