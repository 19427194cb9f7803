"""One run: its folder, its settings, its events and what they add up to."""
