"""The fault lab: loses real packets in network namespaces of its own and knows how many."""
