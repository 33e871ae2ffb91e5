"""Simulated devices that speak the real protocols, each with faults that can be switched."""
