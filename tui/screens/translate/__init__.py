"""All that only the Translate screen needs."""
