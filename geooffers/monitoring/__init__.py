"""What the service says of itself, for Prometheus: counts and ages, and no person's whereabouts or name.

figures.py    the metrics, read from the database when somebody asks
answering.py  GET /metrics, for who has the token
"""
