"""Frame to reads, and the camera process around it."""
