"""Who speaks with this controller: what each has sent, and who was refused at the broker's door."""
