"""Findings in the forms that people and programs read: text, JSON, pages, snapshots, exports."""
