"""The only package that touches the machine: what is read, from where, and when."""
