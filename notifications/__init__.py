"""What we tell: messages, their deliveries over each channel, wallet passes, and the local sandbox."""
