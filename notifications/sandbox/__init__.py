"""A local stand-in for Firebase and both wallets, over HTTP on loopback: for the demo and for the tests."""
