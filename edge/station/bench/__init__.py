"""The parts of a station one by one, for the self-test and for a technician at the bench."""
