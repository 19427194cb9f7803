"""Yiwen's workbench: screens over the engine. It knows no torch, and starts no model itself."""

import os

# Read once, when textual is imported: over SSH a moving underline costs more than a screen of text.
os.environ.setdefault("TEXTUAL_ANIMATIONS", "none")
