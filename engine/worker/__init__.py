"""The process that owns the accelerator: the only code that imports torch. Spawned, never imported."""
