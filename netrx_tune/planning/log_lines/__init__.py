"""Lines that kernels and programs write to their logs about the receive path, by who writes them.

`small_buffers`: a program did not get the buffer that it asked for. `own_queues`: what waits in a
program's own queues, or for its accept(). `kernel`: what the kernel itself writes; `devices`: what
it and its drivers write about cards, neighbours and CPUs.
"""
