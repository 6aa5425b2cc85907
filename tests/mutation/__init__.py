"""Mutation testing of our own sources: small changes that some test must notice."""
