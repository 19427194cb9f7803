"""Pairs, and files of pairs: read, checked, told apart, described, split, repaired."""
