"""From facts to what to do: the diagnosis of a window, and what each tunable is."""
