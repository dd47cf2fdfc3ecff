"""One archive for whoever has to find out what is wrong, with nothing in it that a stranger may not see.

scrub       takes out keys, passwords, tokens and patients. Pure
gather      what goes in, from files and commands
sending     to the hub, in pieces
cli         ``udi-firmware diagnostics``
"""
