"""The device's life: from a blank card to a trusted station, and safely through every update.

Meets the station only through systemd, files, MQTT and each other's commands. A device goes through it in this order:

    card        on the technician's PC: what a blank card needs, written and read back
    identity    on the device: its two keys and certificates, bound to this very board
    authority   on the site's server: gives certificates to devices that show a token, and takes them back
    release     on the developer's machine: a slot's layers, their manifest, the signed repository
    update      on the device: fetch, verify, install beside, swap, try, keep or return; the guard outside of every slot
    checks      what can be wrong with a machine, one small check a file
    reboot      a reboot when the station asks for it

`places` says where everything lies on a device; ``udi-firmware agent`` puts the parts together.
"""
