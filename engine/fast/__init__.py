"""What both processes know of the fast engine: families, where it can compute, its memory."""
