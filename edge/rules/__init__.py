"""What to say about a presentation: `judge` gives a `Verdict`. Regional rules are data files."""
