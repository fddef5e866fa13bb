"""What we owe a shopper.

owing.py        writes a message and its deliveries
cancelling.py   takes back deliveries that are not claimed yet
moving.py       gives them to the account at sign-in
"""
