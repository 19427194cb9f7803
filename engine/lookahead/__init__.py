"""What is known about a run before it starts: what it will do, need and take."""
