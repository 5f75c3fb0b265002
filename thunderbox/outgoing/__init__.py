"""Outgoing: requests to the servers of others, such as tools, webhooks and providers of numbers.

`client.Client` is the only way out; engines on other machines are the operator's own and have
their own (voice/engines/remote.py).
"""
