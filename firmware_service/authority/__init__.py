"""The site's authority: gives a certificate to a device that shows a token, renews it, and takes it back."""
