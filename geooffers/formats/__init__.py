"""How the admin writes days and times, by language (Django's FORMAT_MODULE_PATH)."""
