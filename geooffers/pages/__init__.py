"""The few web pages that are not the admin: the phone in the browser and the scanner at the till."""
