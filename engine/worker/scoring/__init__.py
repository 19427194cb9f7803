"""What every job may ask of a model: a score, translations."""
