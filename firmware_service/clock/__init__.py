"""The time of a machine that may have no clock: asked of the site, set, and written down for the next start."""
