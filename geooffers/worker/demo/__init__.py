"""`make demo`: a city, a shopper and a till, over real HTTP and the real processes; told line by line."""
