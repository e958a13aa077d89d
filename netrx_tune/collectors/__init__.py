"""Parsers, pure functions: one module for each kernel file, netlink family or program's output.

What is not of its kind is a ParseError, which names file, place and the text found.
"""
