"""Whole series of runs that can be repeated by name, and go on where they were cut short."""
