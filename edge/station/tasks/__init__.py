"""What scans mean now, and what people do with them: pure state machines (architecture section 3, step 7).

A step takes the state, what was said to the station and the moment, and gives the next state with effects: events to
journal, lights to show, words to say. Nothing here reads a clock, a file or a lamp, and nothing waits. Start at
`machine`, which hands everything said to the module that understands it:

    state     what a task knows: operator, cases with what is pending, document, what was armed or asked
    said      what people, cards and readers say
    effects   what is to be done about it
    machine   one step
    times     what ends by itself: what was armed or asked, practice, a case that nobody touches
    people    badges: operator, handover, witness
    cases     wristbands, case cards, emergencies: opened, asked about, resumed, closed
    use       items at a patient: checked before they are opened, then used, or used despite a verdict
    sheet     a form full of stickers against what was checked
    acts      cards that wait for the next item (waste, return, explant ...)
    answers   cards that follow an item (a quantity, a reason, an override)
    papers    documents: opened, left for another one, resumed, closed
    lines     the lines of a document against what was done
    kits      loaner kits: which line a piece is of, and whether all adds up
    tray      a loaner kit is counted in and out
    settle    two people sign for a loaner kit
    goods     items under a document, or without one
    cold      what keeps cold goods from being received: a temperature, of the document's range
    readings  that temperature keyed, or a reason instead
    held      goods that wait to be released, and leave under no document until then
    shelf     what lies here as far as this station knows: for the hint that something expires earlier
    receive   what follows an item at a receipt: over, mixed, refused, held
    ship      what keeps a shipment from being verified, shipped or closed
    undo      taking back the last act
    practice  the training mode
    keeping   the state as it lasts on the card
"""
