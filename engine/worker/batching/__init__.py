"""Encoded pairs laid in rows, and cut into passes that memory holds."""
