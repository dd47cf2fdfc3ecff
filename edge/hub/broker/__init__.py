"""The shipped configuration of a site's broker: who may say what, and the files that make mosquitto hold to it."""
