"""All that only the Train screen needs."""
