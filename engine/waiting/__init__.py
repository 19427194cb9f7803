"""The queue of runs: which wait, whose turn it is, who starts them."""
