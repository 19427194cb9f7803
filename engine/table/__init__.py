"""All runs as one table: rows, columns, found, sorted, laid side by side."""
