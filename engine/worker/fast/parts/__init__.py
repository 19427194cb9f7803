"""What a fast model is laid out as: architecture, weights, adapters, spans of tokens."""
