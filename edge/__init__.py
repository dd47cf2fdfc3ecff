"""What a hospital or depot runs at its edge: the station, the camera process, the hub."""
