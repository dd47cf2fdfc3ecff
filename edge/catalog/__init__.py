"""What the product is: immutable SQLite files, read-only at scan time."""
