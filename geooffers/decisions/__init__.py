"""Which offer a moment brings, whether a message is owed for it, and why the others were not chosen.

eligibility.py    may this shopper have this offer? *
ranking.py        which of those is the best? *
choosing.py       all moments of a report together: one offer at one of them, and the outcome of every candidate *
facts.py          what the three above ask for, read in a constant number of queries
deciding.py       choose, issue, write down
interrupting.py   one visible message a shopper in ten minutes

* pure: no Django, no I/O.
"""
