"""What the hub asks of a machine: a configuration to apply and keep, or a command; and the link that carries both."""
