"""What every screen does with a run: follow, start, stop, queue, list."""
