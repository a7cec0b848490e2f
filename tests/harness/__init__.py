"""What the client tests stand on: the real binary, real clients, and packages made on the spot."""
