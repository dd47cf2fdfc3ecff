"""What a code says: any carrier string to a `Udi` or a `NotUdi`. No I/O, no clock, no configuration."""
