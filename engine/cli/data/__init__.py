"""The commands of `yiwen data`: describe, check, split, leaks, import, repair."""
