"""Updates on the device: a slot is complete or is not there, runs on trial, and stays only if it is well."""
