"""Releases: a slot's files in layers, a manifest that says where they may run, and the signed repository of both."""
