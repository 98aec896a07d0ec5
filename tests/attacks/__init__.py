"""Attacks that must fail: what somebody who sees everything that is released, and knows the people, could find out.

Each attack is a function that yields findings, see ``table``; every module of this package is asked for its attacks.
``make attack`` runs them all, ``make test`` runs them with fewer programmes.
"""
