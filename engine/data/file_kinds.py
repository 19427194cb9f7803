"""The kinds of data file by the ends of their names: which are read, and which are written."""

from __future__ import annotations

READ = (".json", ".jsonl", ".tsv", ".csv")
"""`formats` has a reader for each."""
WRITTEN = (".json", ".jsonl")
"""`records` has a writer for each."""
