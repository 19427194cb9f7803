"""One module per screen, imported when its screen is first shown."""
