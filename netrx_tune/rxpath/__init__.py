"""The receive path: its stages in order, and the books that charge each loss to one of them."""
