"""The hardening of every HTTP door: how many come in, how long they may take, whose turn it is."""
