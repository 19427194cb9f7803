"""Model folders: where they lie, how they come here, their shape, their tokenizer."""
