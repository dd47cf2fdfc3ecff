"""Documents at the hub: taken from ERP, WMS or SPD, told to the stations, given back with full UDI."""
