"""The coupon in Apple's and Google's wallet. Plain Python: a frozen PassContent goes in, bytes and bodies come out.

docs/wallet-passes.md tells which field of a pass comes from where; change that page too.
"""
