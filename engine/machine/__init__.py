"""This machine, as every other part sees it: files that others wrote, read within bounds."""
