"""The journal: every event of this station, flushed to its card, until the hub has it."""
