"""All that only the Runs screen needs."""
