"""Peers: real phones and test tools that the tests call, and are called by."""
