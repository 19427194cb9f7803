"""Processes of ours: how they are started, and from where they may import."""
