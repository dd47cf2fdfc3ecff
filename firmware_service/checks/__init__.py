"""What can be wrong with a machine: one small check a file, each a pure ``judge`` and a ``look_at`` that reads for it.

`firmware_service.checks.finding` is what they all say, `firmware_service.checks.look` what they all may look at, and
`firmware_service.checks.every` the list of them.
"""
