"""What we tell devices: the outbox, its sender, the transports, and the local sandbox."""
