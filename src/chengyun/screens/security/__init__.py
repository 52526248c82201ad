"""What every answer of the program carries, and how often the doors that strangers may use can be knocked at."""
