"""The table of runs as people use it: found, sorted, annotated, compared, written to files."""
