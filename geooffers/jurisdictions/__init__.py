"""What the law of a place asks for, as a table that tightens and never loosens. docs/jurisdictions.md tells of it.

A jurisdiction is an ISO 3166-2 code that somebody declared: a shopper of themselves, a merchant of a store, an operator
of a zone. Nothing here, or anywhere, derives one from a position.
"""
