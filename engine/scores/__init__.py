"""What is said of results beside perplexity, and how surely two runs differ."""
