"""What numbers mean, and how surely two runs differ: perplexity, BLEU, intervals, items."""
