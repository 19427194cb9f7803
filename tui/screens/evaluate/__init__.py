"""All that only the Evaluate screen needs."""
