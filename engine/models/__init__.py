"""Model folders: where they lie, how they come here, what they weigh; adapters merged in."""
