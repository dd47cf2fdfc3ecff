"""The daemon: intake, tasks, journal, uplink and the composition root."""
