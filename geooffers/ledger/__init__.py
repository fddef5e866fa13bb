"""The ledger: double entry. What moved between which accounts, how much, when and why; never changed afterwards."""
