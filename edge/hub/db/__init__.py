"""Care of the hub's store: its check, its chains, its gaps, and what comes into it from files."""
