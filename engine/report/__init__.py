"""Runs described for people: a folder with a page, learning curves and samples."""
