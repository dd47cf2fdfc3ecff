"""What every process needs of the machine it runs on."""
