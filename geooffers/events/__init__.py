"""What happened, for followers: each event once, and no effect before its cause. docs/events.md says how.

`append` writes an event in the transaction in which it happened. An event carries ids and a time: never a coordinate,
never a text. A follower looks the rest up.

happened.py    the kinds, and the value that is appended; plain Python
appending.py   into the table, in one statement however many
horizon.py     the number below which nothing can appear any more
following.py   each follower's offset: every event once, in order
counting.py    the first follower: how many of each kind in each hour
pruning.py     what is older than its limit goes
"""

from geooffers.events.appending import append, in_one_statement
from geooffers.events.happened import EventKind, Happened

__all__ = ["EventKind", "Happened", "append", "in_one_statement"]
