"""A command with commands of its own, which knows what a slip of the pen may have meant."""

from __future__ import annotations

import click


class Group(click.Group):
    """A group of commands; a name that it has not is answered with those near it."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command that was typed.

        Raises:
            click.UsageError: there is none of that name.
        """
        if self.get_command(ctx, args[0]) is None and not args[0].startswith("-"):
            from netrx_tune.rules.near import near  # noqa: PLC0415 - only for a slip

            hint = near(args[0], self.list_commands(ctx))
            raise click.UsageError(f"No such command {args[0]!r}{hint}.", ctx)
        return super().resolve_command(ctx, args)
