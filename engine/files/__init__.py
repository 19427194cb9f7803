"""Files that others may have put there: opened without following a link, or waiting for a pipe."""
