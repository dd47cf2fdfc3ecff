"""What a fault needs of this machine."""


class MissingError(Exception):
    """This fault cannot be tried here; the text says what is missing."""
