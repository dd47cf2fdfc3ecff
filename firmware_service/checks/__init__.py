"""What can be wrong with a machine: one small check a file, the same for the retained health and the self-test."""
