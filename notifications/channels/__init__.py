"""The ways to somebody, one file a vendor.

protocol.py        what the sender asks of every channel
fcm.py             push, by Firebase Cloud Messaging
google_wallet.py   saved passes, by Google Wallet's REST API
configured.py      which of them the settings ask for
retry_after.py     the header of that name
"""
