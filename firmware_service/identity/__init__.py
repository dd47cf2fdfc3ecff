"""Who this device is: two keys made here, bound to this board, and the certificates of the site's authority."""
