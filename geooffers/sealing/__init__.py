"""What is stored is sealed under a key with an id, so that a dump opens nothing and keys can change."""
