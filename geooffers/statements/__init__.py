"""Statements that are composed once and not for each call. For a row that is found by an index, Django's composing of a
query costs several times what asking the database does, so what every entry asks goes this way.

compiled.py    queries and updates of the ORM, compiled once for each kind of database
inserts.py     new rows, of which those that are there already are left alone

Nothing in here knows a table: the ORM's own fields convert what goes in and what comes out.
"""
