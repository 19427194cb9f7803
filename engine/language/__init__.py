"""What people read: texts in their language, errors, plain text, wrapped lines, sheets."""
