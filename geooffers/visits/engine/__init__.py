"""When a visit begins, settles, dwells and ends. Pure: no Django, no I/O."""
