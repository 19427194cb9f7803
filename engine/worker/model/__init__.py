"""A base model with its adapter, loaded, and computed by the plain or the fast engine."""
