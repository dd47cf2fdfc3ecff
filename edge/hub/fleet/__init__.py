"""The machines behind the stations: how they are, what configuration they shall have, what they are asked to do.

    asking     what is wanted, in the store
    machines   what machines say, in the store
    desk       the one that speaks with their agents at the broker
    receiving  takes the archives that they send, in pieces
    pieces     puts them together. Pure
    archives   the folder that they go to
    overview   how each machine stands, for people
    page       as pages; words holds their words
    cli        ``udi-hub fleet``

Agents answer in topics of their own, ``udi/<station>.fw/...``; the hub never connects to a machine.
"""
