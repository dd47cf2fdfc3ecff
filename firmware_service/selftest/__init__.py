"""The self-test that a technician goes through at a new station.

reading     what a scanner did to a test code. Pure
steps       what is to be done at this station, in order. Pure
machine     the steps with their answers. Pure
bench       the station's parts, through ``udi-station bench``
lead        asks, listens, lights
result      kept, read again, as text
cli         ``udi-firmware selftest``
"""
