"""What we tell: messages, their deliveries over each channel, wallet passes, and the local sandbox.

messages/     what is owed, to whom, about what, until when
deliveries/   each message on its way over one channel: claimed, sent, settled
channels/     one file a vendor
passes/       what a wallet pass says
sandbox/      stands in for the vendors
models/       the rows
"""
