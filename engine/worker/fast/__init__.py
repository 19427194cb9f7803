"""The fast engine: the plain one's losses and translations, computed by our own code."""
