"""The machine: camera, scanners, indicator, buttons. Knows nothing of UDI."""
