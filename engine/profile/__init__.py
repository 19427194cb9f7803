"""Profiles: a base model and how to prompt, load, train and judge it."""
