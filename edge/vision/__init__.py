"""Frame to reads, and the camera process around it.

One frame, from the outside in:

- `process` has the camera: `capture` keeps the newest frame only, `telling` decides what the station hears, `picture`
  cuts a JPEG out of a frame when the station asks for one.
- `eye` takes frame after frame. `gate` says whether anything changed, `background` whether something lies on the table,
  `presence` when to ask a person for it, `light` when the lamp is wanted. `lying` keeps what lies there, `follow` where
  it went.
- `scene` tries to read what stands still: the frame by itself, then `average`s of two to four.
- `ladder` is one search on one picture: `locate` finds places like a symbol, `kinds` and `bars` tell linear codes from
  the rest, `rungs`, `linear` and `dots` make views of a place, one by one, until `symbols` reads it. `cover` paints
  over what was read, `reads` keeps it, `confirm` and `decodability` say which linear read counts. The order of the
  rungs is `ladder.toml`, measured.
- `pixels` is all that is done to grey values; `regions` are places and views.

For technicians: `cli`, `technician`, `calibrate`, `quality`, `plane`, `target`, `verdict`, `report`, `watch`; `decode`
for photographs.
"""
