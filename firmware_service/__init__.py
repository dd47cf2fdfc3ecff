"""The device's life: health of the machine and its reboots. Meets the station only through files and systemd."""
