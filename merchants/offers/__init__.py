"""What a merchant promises, for how many, when and where."""
