"""From a client's own values to fixes."""
