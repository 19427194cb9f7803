"""Curves as numbers and as characters."""
