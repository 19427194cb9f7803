"""The queue of runs: whose turn it is, where there is room, who starts them."""
