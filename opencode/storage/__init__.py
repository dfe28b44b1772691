"""What is kept: the only SQLite."""
