"""On the way: a delivery is claimed (which commits), sent outside any transaction, then settled under its lease.

A crash between sending and settling sends again. A push's tag makes the second one invisible on the phone; a pass is
told what is true when it is sent, so the second says the same or something newer.
"""
