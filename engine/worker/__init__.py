"""The process that owns the accelerator: the only code that imports torch; only ever spawned."""
