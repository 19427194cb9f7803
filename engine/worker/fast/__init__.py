"""The fast path: the same losses and translations as the plain path, computed by our own code."""
