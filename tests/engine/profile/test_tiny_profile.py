"""profiles/tiny.toml is the reference of all keys: complete, commented, and true."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest
import tomli
from samples import TINY, tiny

from engine.profile import schema

SECTIONS = [
    field.type
    for field in msgspec.structs.fields(schema.Profile)
    if isinstance(field.type, type) and issubclass(field.type, schema.Section)
]


def section_name(section: type[schema.Section]) -> str:
    (name,) = (f.name for f in msgspec.structs.fields(schema.Profile) if f.type is section)
    return name


def commented_keys() -> dict[str, tuple[object, str]]:
    """Every key of the file, dotted, with its value and its comment: behind it, or above it."""
    found: dict[str, tuple[object, str]] = {}
    section, above = "", ""
    for line in TINY.read_text("utf-8").splitlines():
        if line.startswith("["):
            section, above = line.strip("[]") + ".", ""
        elif line.startswith("#"):
            above += line
        elif " = " in line:
            key = line.split(" = ")[0]
            behind = re.search(r'(?:^|["\]\w])\s+#(.*)$', line)
            found[section + key] = tomli.loads(line)[key], behind.group(1) if behind else above
            above = ""
    return found


@pytest.mark.parametrize("section", SECTIONS, ids=section_name)
def test_every_field_of_the_section_stands_in_the_file(section: type[schema.Section]) -> None:
    name = section_name(section)
    fields = {f"{name}.{field.name}" for field in msgspec.structs.fields(section)}
    assert fields == {key for key in commented_keys() if key.startswith(name + ".")}


@pytest.mark.parametrize("key", commented_keys())
def test_every_key_says_what_it_is_when_left_out(key: str) -> None:
    value, comment = commented_keys()[key]
    section, _, name = key.rpartition(".")
    struct = msgspec.structs.fields(schema.Profile)
    if section:
        (struct,) = (msgspec.structs.fields(s) for s in SECTIONS if section_name(s) == section)
    (field,) = (field for field in struct if field.name == name)
    assert comment.strip()
    if field.required:
        return
    default = list(field.default) if isinstance(field.default, tuple) else field.default
    stated = re.search(r'default ("[^"]*"|\[\]|true|false|[\d.e-]*\d)', comment)
    if stated:
        assert tomli.loads(f"it = {stated.group(1)}")["it"] == default
    else:
        assert "this is the default" in comment
        assert value == default


def test_the_file_is_a_good_profile_with_all_its_files() -> None:
    assert Path(tiny().model.path, "model.safetensors").is_file()
    assert all(Path(path).is_file() for path in msgspec.structs.astuple(tiny().data)[:3])
