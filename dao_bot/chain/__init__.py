"""Talking to nodes: requests, batched reads, simulation, gas, sending."""
