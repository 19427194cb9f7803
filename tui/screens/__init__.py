"""One package per screen, imported when its screen is first shown."""
