"""Web pages: `/phone` and `/privacy` (a phone in the browser, in the sandbox only), `/scan` (the till), logos, and the
admin's simulated visit."""
