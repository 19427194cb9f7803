"""Yiwen's engine: models, data, runs. It knows no screen, and importing it loads no torch."""

__version__ = "0.1.0"
